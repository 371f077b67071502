"""A follow-up as a row of the call list shows it, on the page and in a file."""

import uuid
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from clinic.drawing import window_svg
from clinic.models import Location
from clinic.phones import show_phone
from patients.models import Patient
from treatments.models import ContactAttempt, FollowUp, Reminder
from treatments.rules.follow_up import State

CLOSING = timedelta(days=14)
MARGIN = 0.2  # of the window, drawn before it and after it


@dataclass(frozen=True)
class Call:
    """One row. `token` lets its one-tap button make one attempt however often it is tapped."""

    follow_up: FollowUp
    today: date
    token: uuid.UUID = field(default_factory=uuid.uuid4)

    @property
    def patient(self) -> Patient:
        return self.follow_up.course.patient

    @property
    def state(self) -> State:
        return self.follow_up.state(self.today)

    @property
    def can_be_called(self) -> bool:
        return self.state not in {State.ATTENDED, State.BOOKED, State.NOT_WANTED}

    @property
    def has_more(self) -> bool:
        """Say whether a call may still change how it stands: not once the patient came, has died or left."""
        return self.state is not State.ATTENDED and not self.follow_up.is_gone

    @property
    def more(self) -> list[ContactAttempt.Outcome]:
        """Return what a call may bring beside "No answer", which has its own button."""
        outcome = ContactAttempt.Outcome
        return [outcome.CALL_BACK, outcome.DECLINED, outcome.WRONG_NUMBER, outcome.DO_NOT_CONTACT]

    @property
    def standing(self) -> str:
        """Return why nobody calls this patient."""
        if self.patient.erasure_decided_at:
            return _("The patient is being erased: nobody calls.")
        if self.patient.is_restricted:
            return _("The record is restricted: nobody calls until that is lifted.")
        if self.follow_up.is_gone:
            return _("This patient has died or is no longer treated here.")
        return {
            State.ATTENDED: _("The patient came for this follow-up."),
            State.BOOKED: _("The patient is booked."),
            State.NOT_WANTED: _("The patient wants no calls."),
        }.get(self.state, "")

    @property
    def treated(self) -> str:
        """Return "Cellulite, 15 sessions"."""
        sessions = ngettext("%(count)s session", "%(count)s sessions", self.follow_up.done) % {
            "count": self.follow_up.done
        }
        return f"{self.follow_up.course.protocol.indication}, {sessions}"

    @property
    def is_closing(self) -> bool:
        return self.state is State.DUE and self.follow_up.closes_on - self.today <= CLOSING

    @property
    def is_pressing(self) -> bool:
        return self.is_closing or self.state is State.OVERDUE

    @property
    def group(self) -> str:
        """Return the heading the row stands under; only the due ones have one."""
        if self.state is not State.DUE:
            return ""
        return _("Closes in two weeks") if self.is_closing else _("Open now")

    @property
    def window_caption(self) -> str:
        opens, closes = (short(day, self.today) for day in (self.follow_up.opens_on, self.follow_up.closes_on))
        if self.today < self.follow_up.opens_on:
            return _("opens %(day)s") % {"day": opens}
        if self.today > self.follow_up.closes_on:
            return _("closed %(day)s") % {"day": closes}
        return _("closes %(day)s") % {"day": closes} if self.is_closing else _("to %(day)s") % {"day": closes}

    @property
    def window(self) -> SafeString:
        window = self.follow_up.window
        length = (window.closes - window.opens).days or 1
        scale = 1 + 2 * MARGIN
        return window_svg(
            start=MARGIN / scale,
            end=(1 + MARGIN) / scale,
            today=((self.today - window.opens).days / length + MARGIN) / scale,
            label=self.window_caption,
        )

    @property
    def ended(self) -> str:
        at = self.follow_up.last_session_at
        return short(timezone.localdate(at), self.today) if at else ""

    @property
    def attempt(self) -> str:
        """Return what the last try brought and when: "No answer, 19 Nov 17:10"."""
        if not self.follow_up.last_attempt_at or not self.follow_up.last_outcome:
            return _("Not called yet")
        at = timezone.localtime(self.follow_up.last_attempt_at)
        outcome = ContactAttempt.Outcome(self.follow_up.last_outcome).label
        return f"{outcome}, {short(at.date(), self.today)} {date_format(at, 'H:i')}"

    @property
    def next_try(self) -> str:
        day = self.follow_up.next_try_on
        if not day or not self.can_be_called:
            return ""
        return _("next try today") if day == self.today else _("next try %(day)s") % {"day": short(day, self.today)}

    @property
    def address_trouble(self) -> str:
        """Say that messages do not reach the patient, so that somebody calls."""
        if not self.follow_up.comes_back:
            return ""
        is_mail = self.patient.preferred_channel == Patient.Channel.EMAIL
        return _("E-mail address bounces: call") if is_mail else _("Number takes no messages: call")

    @property
    def reminder(self) -> str:
        """Return how the latest message stands: "Message sent 10 Nov"."""
        if not self.follow_up.reminder_state:
            return ""
        sentence = REMINDERS[Reminder.State(self.follow_up.reminder_state)]
        return sentence % {"day": short(timezone.localdate(self.follow_up.reminded_at), self.today)}


REMINDERS = {
    Reminder.State.SENDING: gettext_lazy("Message goes out"),
    Reminder.State.SENT: gettext_lazy("Message sent %(day)s"),
    Reminder.State.FAILED: gettext_lazy("Message failed %(day)s"),
    Reminder.State.UNKNOWN: gettext_lazy("Message of %(day)s: unknown whether it went out"),
    Reminder.State.BOUNCED: gettext_lazy("Message of %(day)s came back"),
}


def short(day: date, today: date) -> str:
    return date_format(day, "j M" if day.year == today.year else "j M Y")


def csv_head() -> list[str]:
    return [
        _("Patient"),
        _("Record number"),
        _("Phone"),
        _("Indication"),
        _("Sessions"),
        _("Last session"),
        _("Window opens"),
        _("Window closes"),
        _("Last attempt"),
        _("Outcome"),
        _("Next try"),
        _("Location"),
        _("Messages"),
    ]


def csv_row(follow_up: FollowUp) -> list[object]:
    """Return the row for a file; days as ISO 8601."""
    course, patient = follow_up.course, follow_up.course.patient
    outcome = ContactAttempt.Outcome(follow_up.last_outcome).label if follow_up.last_outcome else ""
    return [
        patient.full_name,
        patient.record_number,
        show_phone(patient.phone) if patient.phone else "",
        course.protocol.indication,
        follow_up.done,
        iso_day(follow_up.last_session_at, course.location),
        follow_up.opens_on.isoformat(),
        follow_up.closes_on.isoformat(),
        iso_day(follow_up.last_attempt_at, course.location),
        outcome,
        follow_up.next_try_on.isoformat() if follow_up.next_try_on else "",
        course.location,
        _("come back") if follow_up.comes_back else "",
    ]


def iso_day(moment: datetime | None, location: Location) -> str:
    """Return the day at the location: a file is written after the request has left its time zone."""
    return location.today(moment).isoformat() if moment else ""
