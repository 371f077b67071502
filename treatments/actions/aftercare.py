"""Giving a patient the link to a session's aftercare page, and keeping what comes back through it."""

import copy
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from clinic.background import ring
from treatments import tasks
from treatments.actions.side_effects import SEVERITIES, change, resolve, withdraw_review
from treatments.danger_signs import SAID
from treatments.models import (
    AftercareAnswer,
    AftercareChange,
    AftercareLink,
    Session,
    SideEffect,
    SideEffectKind,
    TreatmentArea,
)
from treatments.rules.red_flags import RedFlag, kind_codes

if TYPE_CHECKING:
    from clinic.models import User

Said = AftercareChange.Said
Severity = SideEffect.Severity


@transaction.atomic
def give(session: Session, *, by: "User", now: datetime) -> AftercareLink:
    """Return the session's link, made now where there is none. Where the location wants it, it is sent as well."""
    if not session.is_signed or session.is_in_error:
        raise ValidationError(_("A session has an aftercare link once it is signed."), code="unsigned")
    link, is_new = AftercareLink.objects.get_or_create(
        session=session, revoked_at=None, defaults={"given_at": now, "given_by": by}
    )
    if is_new and session.course.location.mails_aftercare and may_be_mailed(session):
        want_mail(link, now=now)
    return link


def may_be_mailed(session: Session) -> bool:
    """Say whether the patient agreed to messages, prefers e-mail and has an address that takes them."""
    patient = session.course.patient.surviving
    wants = patient.can_be_contacted and patient.preferred_channel == patient.Channel.EMAIL and bool(patient.email)
    return wants and not patient.comes_back_by(patient.Channel.EMAIL)


def want_mail(link: AftercareLink, *, now: datetime) -> AftercareLink:
    """Have the link sent by e-mail, once. Raises `ValidationError` without an address or the patient's permission."""
    patient = link.patient
    if not patient.can_be_contacted:
        raise ValidationError(_("The patient did not agree to messages. Print the slip instead."), code="permission")
    if not patient.email:
        raise ValidationError(_("The patient's record has no e-mail address."), code="address")
    if patient.comes_back_by(patient.Channel.EMAIL):
        raise ValidationError(_("E-mails to this address come back. Correct or confirm it first."), code="returned")
    AftercareLink.objects.given().filter(pk=link.pk, mail_wanted_at=None).update(mail_wanted_at=now)
    link.refresh_from_db(fields=["mail_wanted_at"])
    ring(tasks.send_aftercare)
    return link


def revoke(link: AftercareLink, *, by: "User", now: datetime) -> None:
    """Let the link lead nowhere from now on; what came through it stays."""
    AftercareLink.objects.given().filter(pk=link.pk).update(revoked_at=now, revoked_by=by)
    link.refresh_from_db(fields=["revoked_at", "revoked_by"])


@transaction.atomic
def replace(session: Session, *, by: "User", now: datetime) -> AftercareLink:
    """Withdraw the session's link and give another: for a slip that was lost, or one locked by wrong birth dates."""
    for link in session.aftercare_links.filter(revoked_at=None):
        revoke(link, by=by, now=now)
    return give(session, by=by, now=now)


@transaction.atomic
def try_birth_date(link: AftercareLink, given: date | None, *, now: datetime) -> bool:
    """Say whether this is the patient's birth date, and count it. While the link rests, nothing is right."""
    stored = AftercareLink.objects.hold(link)
    if stored.rests(now):
        return False
    if given != stored.patient.birth_date:
        stored.count_wrong_try(now)
        return False
    stored.count_right_one(now)
    return True


@dataclass(frozen=True)
class Reported:
    """What a patient reports. Each of the kinds is reported in each of the areas, or in none."""

    says_well: bool = False
    kinds: list[SideEffectKind] = field(default_factory=list)
    areas: list[TreatmentArea] = field(default_factory=list)
    severity: str = Severity.MODERATE
    onset_at: datetime | None = None
    red_flags: list[RedFlag] = field(default_factory=list)
    said: Mapping[SideEffect, str] = field(default_factory=dict)  # of what was known and open
    note: str = ""
    language: str = "en"

    @property
    def all_well(self) -> bool:
        """Say whether all is well: it was said, or what was known is gone, and nothing else is reported."""
        is_over = set(self.said.values()) <= {Said.GONE}
        return (self.says_well or bool(self.said)) and is_over and not self.kinds and not self.red_flags


@transaction.atomic
def answer(link: AftercareLink, reported: Reported, *, token: uuid.UUID, now: datetime) -> AftercareAnswer:
    """Keep an answer and what follows from it: new reactions, and what it says of those that were known.

    One form sent twice, or a thousand times, is one answer. A danger sign tells the clinic at once.
    """
    link = AftercareLink.objects.hold(link)  # whoever sends the same form meanwhile waits here, and finds the answer
    made = AftercareAnswer.objects.to_sent(token)
    if made:
        return made
    kept = AftercareAnswer.objects.create(
        link=link,
        answered_at=now,
        language=reported.language,
        all_well=reported.all_well,
        red_flags=list(reported.red_flags),
        is_alarming=bool(reported.red_flags),
        note=reported.note,
        form_token=token,
    )
    held = {effect.pk: effect for effect in SideEffect.objects.of_course(link.session.course).standing().held()}
    said = {held[effect.pk]: word for effect, word in reported.said.items() if effect.pk in held}
    for effect in _reactions(link.session, reported, now):
        known = _known(effect, held.values())
        if known is None:
            effect.aftercare_answer = kept
            effect.because(_reason()).save()
        else:
            said.setdefault(known, Said.SAME)
            _press(known, effect.severity, again=known.is_of_urgent_kind)
    for effect, word in said.items():
        AftercareChange.objects.create(answer=kept, side_effect=effect, said=word)
        _follow(effect, word, now)
    if kept.is_alarming:
        ring(tasks.send_aftercare)
    return kept


def _reason() -> str:
    return _("Through the aftercare link")


def _reactions(session: Session, reported: Reported, now: datetime) -> list[SideEffect]:
    """Return what is reported, unsaved: the danger signs first, each kind once an area."""
    onset = max(reported.onset_at or now, session.performed_at)
    facts = {
        "session": session,
        "onset_at": min(onset, now),
        "reported_by": SideEffect.Reporter.PATIENT,
        "note": reported.note,
    }
    alarming = _urgent_kinds(reported.red_flags)
    ticked = "\n".join([*(str(SAID[flag]) for flag in reported.red_flags), reported.note]).strip()
    area = reported.areas[0] if len(reported.areas) == 1 else None
    grave = facts | {"severity": Severity.SEVERE, "area": area, "note": ticked}
    found = [SideEffect(kind=kind, **grave) for kind in alarming]
    places: list[TreatmentArea | None] = [*reported.areas] or [None]
    return found + [
        SideEffect(kind=kind, area=place, severity=reported.severity, **facts)
        for kind in reported.kinds
        for place in places
        if kind not in alarming
    ]


def _urgent_kinds(flags: Iterable[RedFlag]) -> list[SideEffectKind]:
    """Return the kinds of danger signs. If the catalogue lacks them, any urgent one is better than none."""
    codes = kind_codes(flags)
    if not codes:
        return []
    urgent = SideEffectKind.objects.filter(is_urgent=True)
    found = {kind.code: kind for kind in urgent.filter(code__in=codes)}
    return [found[code] for code in codes if code in found] or list(urgent[:1])


def _known(effect: SideEffect, held: Iterable[SideEffect]) -> SideEffect | None:
    """Return the same reaction, known and still open: reporting it again makes no second one.

    A danger sign is of no certain place, so one of its kind is the same wherever it is.
    """
    same = (each for each in held if each.kind_id == effect.kind_id and each.resolved_at is None)
    return next((each for each in same if effect.kind.is_urgent or each.area_id == effect.area_id), None)


def _press(effect: SideEffect, severity: str, *, again: bool) -> None:
    """Let a known reaction be as severe as it is reported now, if that is more.

    A review answers for nothing graver; with `again` it answers no more in any case.
    """
    before = copy.copy(effect)
    effect.severity = max(effect.severity, severity, key=SEVERITIES.index)
    if effect.reviewed_at and again:
        withdraw_review(effect, _("Reported again by the patient: to be reviewed again"))
    elif effect.severity == before.severity:
        return
    else:
        effect.because(_reason())
    change(effect, before=before, version=effect.version)


def _follow(effect: SideEffect, word: str, now: datetime) -> None:
    """Let what is gone end, and what is worse be one step more severe. What staff ended meanwhile stays ended."""
    if effect.resolved_at is not None:
        return
    if word == Said.GONE:
        resolve(effect.because(_reason()), at=max(now, effect.onset_at), version=effect.version)
    elif word == Said.WORSE:
        place = min(SEVERITIES.index(effect.severity) + 1, len(SEVERITIES) - 1)
        _press(effect, SEVERITIES[place], again=True)
