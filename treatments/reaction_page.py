"""One reaction as its page shows it: why it is work, what was done, and the one thing to do next."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import Prefetch
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.models import User
from treatments.models import InfectionStep, Ingredient, Injection, Lot, Session, SideEffect, StepTaken
from treatments.rules.late_infection import days_after
from treatments.rules.reaction import ReviewReason
from treatments.words import duration


class Act(StrEnum):
    """What the page's one primary button does."""

    REVIEW = "review"
    CONTACT = "contact"
    RESOLVE = "resolve"
    NOTHING = ""


def next_act(effect: SideEffect, reasons: Iterable[ReviewReason], user: User, now: datetime) -> Act:
    """Return the next act of this person, of those that wait."""
    if reasons and user.has_perm("treatments.review_side_effect"):
        return Act.REVIEW
    if effect.session.is_in_error or not user.has_perm("treatments.log_side_effect"):
        return Act.NOTHING
    if effect.is_contact_due(now):
        return Act.CONTACT
    return Act.RESOLVE if effect.resolved_at is None else Act.NOTHING


def why(effect: SideEffect, reasons: Iterable[ReviewReason], now: datetime) -> list[str]:
    """Return each reason for a review as a sentence."""
    found = {
        ReviewReason.KIND: _("This kind is always reviewed."),
        ReviewReason.SEVERE: _("It is severe, or of CTCAE grade 3 or more."),
        ReviewReason.SUSPECTED: _("It began in the weeks in which infections show."),
    }
    place = effect.session.course.location
    if effect.came_back_at:
        day = date_format(place.local(effect.came_back_at), "j M")
        found[ReviewReason.CAME_BACK] = _("It came back on %(day)s.") % {"day": day}
    if effect.next_review_on:
        day = date_format(effect.next_review_on, "j F")
        found[ReviewReason.DUE] = _("The last review named %(day)s for the next.") % {"day": day}
    late = duration(effect.clock.over(now))
    found[ReviewReason.PROLONGED] = (
        _("It lasted %(duration)s longer than expected.") % {"duration": late}
        if effect.resolved_at
        else _("It is %(duration)s over its expected time.") % {"duration": late}
    )
    return [found[reason] for reason in reasons]


@dataclass(frozen=True)
class WatchedSession:
    """A session in whose watch the reaction began, with the lots that were given at it."""

    session: Session
    days: int
    lots: list[Lot]


@dataclass(frozen=True)
class WatchedLot:
    """A lot given at sessions in whose watch the reaction began, the latest first."""

    lot: Lot
    given_at: list[WatchedSession]
    is_seen: bool  # whether the reader may open its page

    @property
    def days(self) -> int:
        return self.given_at[0].days


def watched_sessions(effect: SideEffect) -> list[WatchedSession]:
    """Return every session of the patient 7 to 203 days before the reaction, of any course, the latest first."""
    injections = Injection.objects.select_related("lot__product", "preparation").prefetch_related(
        Prefetch("preparation__ingredients", Ingredient.objects.select_related("lot__product").order_by("pk"))
    )
    sessions = (
        effect.watching_sessions()
        .with_number()
        .select_related("course__protocol")
        .prefetch_related(Prefetch("injections", injections))
        .order_by("-performed_at", "-pk")
    )
    return [
        WatchedSession(session, days_after(session.performed_at, effect.onset_at), lots_of(session))
        for session in sessions
    ]


def lots_of(session: Session) -> list[Lot]:
    """Return the lots given at a session, straight or in a preparation, each once; its injections are loaded."""
    found: dict[int, Lot] = {}
    for injection in session.injections.all():
        if injection.lot:
            found[injection.lot.pk] = injection.lot
        elif injection.preparation:
            found |= {row.lot.pk: row.lot for row in injection.preparation.ingredients.all()}
    return sorted(found.values(), key=str)


def watched_lots(user: User, watched: Iterable[WatchedSession]) -> list[WatchedLot]:
    """Return each lot once, with the sessions it was given at; the one given at most of them first."""
    given: dict[int, list[WatchedSession]] = {}
    lots: dict[int, Lot] = {}
    for each in watched:
        for lot in each.lots:
            lots[lot.pk] = lot
            given.setdefault(lot.pk, []).append(each)
    seen = set(Lot.objects.visible_to(user).filter(pk__in=lots).values_list("pk", flat=True)) if lots else set()
    found = [WatchedLot(lot, given[key], key in seen) for key, lot in lots.items()]
    return sorted(found, key=lambda row: (-len(row.given_at), str(row.lot)))


def suspicion(effect: SideEffect, watched: list[WatchedSession]) -> str:
    """Return why a late infection is suspected: "Nodule 34 days after session 6." """
    if not watched:
        return ""
    own = next((each for each in watched if each.session.pk == effect.session_id), watched[0])
    number = own.session.number
    where = _("session %(number)s") % {"number": number} if number else _("the follow-up treatment")
    return ngettext(
        "%(kind)s %(days)s day after %(session)s.", "%(kind)s %(days)s days after %(session)s.", own.days
    ) % {"kind": effect.kind.name, "days": own.days, "session": where}


@dataclass(frozen=True)
class Step:
    """One step of the clinic's list, and who did it when."""

    step: InfectionStep
    taken: StepTaken | None

    @property
    def is_done(self) -> bool:
        return self.taken is not None and self.taken.done_at is not None


def steps(effect: SideEffect) -> list[Step]:
    taken = {row.step_id: row for row in effect.steps_taken.select_related("done_by")}
    return [Step(step, taken.get(step.pk)) for step in InfectionStep.objects.proposed_for(effect)]


def hold_reason(effect: SideEffect) -> str:
    """Return the reason with which a lot is held for a suspected late infection; it names no patient."""
    said = suspicion(effect, watched_sessions(effect))
    return _("Suspected late infection: %(what)s") % {"what": said[:1].lower() + said[1:]} if said else ""
