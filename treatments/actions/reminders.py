"""Reminding people by e-mail that their follow-up window is open. Never twice, and never lost without a trace.

A reminder's row is written and committed before its message is handed over. Whoever writes the row sends; a sender
that dies leaves the row "sending", which later becomes "unknown": a person finds out, nothing is sent again. The same
holds for every error after which nobody knows how far the message came. What was surely refused is tried again.
"""

import smtplib
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.mail import BadHeaderError, EmailMessage, get_connection
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import F
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from clinic.models import Location
from treatments.models import FollowUp, Reminder
from treatments.rules.reminding import may_send

State, Channel = Reminder.State, Reminder.Channel

# What says while a message is handed over that the server did not take it. A lost connection is none of these: it may
# have been lost after the server took the message and before it could say so.
REFUSALS = (
    smtplib.SMTPRecipientsRefused,
    smtplib.SMTPSenderRefused,
    smtplib.SMTPHeloError,
    smtplib.SMTPNotSupportedError,
    smtplib.SMTPDataError,
    ValidationError,
    BadHeaderError,
    UnicodeError,
)


def due_for_reminder(now: datetime, *, at_any_hour: bool = False) -> Iterator[FollowUp]:
    """Return the follow-ups to remind of, each location by its own day and only in its daytime.

    Each is read again just before it is returned: somebody may have booked, or withdrawn the permission, meanwhile.
    """
    for location in Location.objects.all():
        if at_any_hour or may_send(location.local(now).time()):
            due = (
                FollowUp.objects.with_facts(now)
                .to_remind(location, location.today(now))
                .exclude(pk__in=Reminder.objects.given_up().values("follow_up"))
            )
            for key in list(due.values_list("pk", flat=True)):
                yield from due.filter(pk=key)


def remind(follow_up: FollowUp, *, now: datetime) -> Reminder | None:
    """Send one reminder and return it with how it went; None when another sender has it."""
    reminder = claim(follow_up, now=now)
    if reminder is None:
        return None
    state, error = _hand_over(follow_up, reminder)
    return _finish(reminder, state, at=now if state is State.SENT else None, error=error)


def _hand_over(follow_up: FollowUp, reminder: Reminder) -> tuple[Reminder.State, str]:
    """Return how far the message came, and what the server said; the queue goes on whatever that is."""
    try:
        letter = message(follow_up, reminder)
        letter.connection = get_connection()
        letter.connection.open()
    except Exception as error:  # before there is a connection, nothing can have gone out
        return State.FAILED, _said(error)
    try:
        letter.send()
    except REFUSALS as error:
        return State.FAILED, _said(error)
    except Exception as error:
        return State.UNKNOWN, _said(error)
    finally:
        with suppress(OSError):  # a goodbye that goes wrong changes nothing about the message
            letter.connection.close()
    return State.SENT, ""


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".replace("\0", "")[:500]


def claim(follow_up: FollowUp, *, now: datetime) -> Reminder | None:
    """Write the row that makes this sender the only one: a new one, or one that failed before."""
    patient = follow_up.course.patient
    try:
        with transaction.atomic():
            return Reminder.objects.create(
                follow_up=follow_up, patient=patient, channel=Channel.EMAIL, address=patient.email, started_at=now
            )
    except IntegrityError:
        failed = Reminder.objects.to_try_again().of(follow_up, Channel.EMAIL)
        taken = failed.update(
            state=State.SENDING, started_at=now, address=patient.email, error="", attempts=F("attempts") + 1
        )
        return Reminder.objects.of(follow_up, Channel.EMAIL).get() if taken else None


def _finish(reminder: Reminder, state: Reminder.State, *, at: datetime | None, error: str) -> Reminder:
    Reminder.objects.sending().filter(pk=reminder.pk).update(state=state, sent_at=at, error=error)
    reminder.refresh_from_db(fields=["state", "sent_at", "error"])
    return reminder


def message(follow_up: FollowUp, reminder: Reminder) -> EmailMessage:
    """Return the message, in the patient's language. Its subject names no treatment: others see subjects.

    Raises `ValidationError` for what is not one address.
    """
    patient, location = follow_up.course.patient, follow_up.course.location
    validate_email(reminder.address)  # an import may have brought two in one field
    context = {"patient": patient, "location": location, "follow_up": follow_up}
    with translation.override(patient.language):
        subject = _one_line(render_to_string("treatments/mail/follow_up_subject.txt", context))
        body = render_to_string("treatments/mail/follow_up.txt", context)
    return EmailMessage(
        subject,
        body,
        to=[reminder.address],
        reply_to=[location.reply_to_email] if location.reply_to_email else None,
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())


def give_up_on_cut_off(now: datetime) -> list[Reminder]:
    """Mark what was being sent when its sender died as unknown, and return it for a person to look at."""
    reason = _("The sender stopped while sending. Ask the patient before anything is sent again.")
    given_up = []
    for reminder in Reminder.objects.cut_off(now).select_related("patient"):
        # Guarded: a sender that only was slow may have finished meanwhile.
        if Reminder.objects.cut_off(now).filter(pk=reminder.pk).update(state=State.UNKNOWN, error=reason):
            reminder.state, reminder.error = State.UNKNOWN, reason
            given_up.append(reminder)
    return given_up
