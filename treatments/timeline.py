"""A patient's history, newest first: what was done, what was seen, who was called."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.models import Patient
from treatments.areas import areas_in_words
from treatments.badges import reaction_badge
from treatments.models import Appointment, ContactAttempt, Session, SideEffect

STEP = 20


class Kind(StrEnum):
    SESSIONS = "sessions"
    REACTIONS = "reactions"
    VISITS = "visits"
    CONTACT = "contact"


LABELS = {
    Kind.SESSIONS: gettext_lazy("Sessions"),
    Kind.REACTIONS: gettext_lazy("Reactions"),
    Kind.VISITS: gettext_lazy("Visits"),
    Kind.CONTACT: gettext_lazy("Contact"),
}


@dataclass(frozen=True)
class Entry:
    """One thing that happened. `tone` is a state class of the style sheet, `badge` a word with it."""

    at: datetime
    kind: Kind
    icon: str
    title: str
    text: str = ""
    url: str = ""
    tone: str = ""
    badge: str = ""


@dataclass(frozen=True)
class Timeline:
    """The newest entries before a moment; `earlier` is the moment to ask for more from, None at the end."""

    entries: list[Entry]
    earlier: datetime | None


def timeline(patient: Patient, now: datetime, *, kind: Kind | None = None, before: datetime | None = None) -> Timeline:
    """Return up to `STEP` entries before a moment (now, if None), newest first, in one query a kind."""
    end = before or now + timedelta(seconds=1)
    sources = {
        Kind.SESSIONS: _sessions,
        Kind.REACTIONS: _reactions,
        Kind.VISITS: _visits,
        Kind.CONTACT: _contact,
    }
    entries: list[Entry] = []
    for each, source in sources.items():
        if kind in {None, each}:
            entries.extend(source(patient, now, end))
    entries.sort(key=lambda entry: entry.at, reverse=True)
    if len(entries) <= STEP:
        return Timeline(entries, None)
    # The cut is between two moments, never inside one: a session and the reactions seen at it are of the same.
    cut = entries[STEP].at
    shown = [entry for entry in entries[:STEP] if entry.at > cut] or [entry for entry in entries if entry.at == cut]
    return Timeline(shown, shown[-1].at)


def _sessions(patient: Patient, now: datetime, end: datetime) -> Iterable[Entry]:
    sessions = Session.objects.of_patient(patient).before(end).for_timeline()[: STEP + 1]
    for session in sessions:
        facts = [areas_in_words(session.areas.all(), short=True), str(session.get_technique_display())]
        if session.pain is not None:
            facts.append(_("pain %(pain)s") % {"pain": session.pain})
        if session.is_in_error:
            title = _("Session entered in error, %(what)s") % {"what": session.course.protocol}
        elif session.number is None:
            title = _("Follow-up treatment, %(what)s") % {"what": session.course.protocol}
        else:
            title = _("Session %(number)s, %(what)s") % {"number": session.number, "what": session.course.protocol}
        yield Entry(
            session.performed_at,
            Kind.SESSIONS,
            "syringe",
            title,
            ", ".join(facts) + ".",
            session.get_absolute_url(),
            *_standing(session),
        )


def _standing(session: Session) -> tuple[str, str]:
    """Return the tone and the word of a session."""
    if session.is_in_error:
        return "is-urgent", _("In error")
    if session.signed_by:
        return "is-in-time", _("Signed, %(name)s") % {"name": session.signed_by.get_short_name()}
    return "is-running", _("To sign")


def _reactions(patient: Patient, now: datetime, end: datetime) -> Iterable[Entry]:
    for effect in SideEffect.objects.of_patient(patient).before(end).for_list()[: STEP + 1]:
        badge = reaction_badge(effect, now)
        yield Entry(
            effect.onset_at,
            Kind.REACTIONS,
            "activity",
            effect.title,
            _("%(severity)s. Reported by the %(reporter)s.")
            % {"severity": effect.get_severity_display(), "reporter": effect.get_reported_by_display().lower()},
            effect.get_absolute_url(),
            badge.tone,
            badge.word,
        )


def _visits(patient: Patient, now: datetime, end: datetime) -> Iterable[Entry]:
    for appointment in (
        Appointment.objects.of_patient(patient).before(min(end, now)).select_related("practitioner")[: STEP + 1]
    ):
        fallen = not appointment.is_standing
        yield Entry(
            appointment.starts_at,
            Kind.VISITS,
            "calendar-x" if fallen else "calendar-check",
            _("%(kind)s with %(name)s")
            % {
                "kind": appointment.get_kind_display(),
                "name": appointment.practitioner.get_short_name(),
            },
            appointment.status_reason,
            appointment.get_absolute_url(),
            "is-resolved" if fallen else "",
            appointment.get_status_display(),
        )


def _contact(patient: Patient, now: datetime, end: datetime) -> Iterable[Entry]:
    for attempt in ContactAttempt.objects.of_patient(patient).before(end).select_related("made_by")[: STEP + 1]:
        yield Entry(
            attempt.made_at,
            Kind.CONTACT,
            "phone",
            _("Called about the follow-up: %(outcome)s") % {"outcome": attempt.get_outcome_display().lower()},
            ". ".join(filter(None, [attempt.made_by.get_short_name(), attempt.note])),
        )
