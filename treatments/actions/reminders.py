"""Reminding people by e-mail that their follow-up window is open. Never twice, and never lost without a trace.

A reminder's row is written and committed before its message is handed over. Whoever writes the row sends; a sender
that dies leaves the row "sending", which later becomes "unknown": a person finds out, nothing is sent again.
"""

from collections.abc import Iterator
from datetime import datetime

from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from clinic.models import Location
from treatments.models import FollowUp, Reminder
from treatments.rules.reminding import may_send

State, Channel = Reminder.State, Reminder.Channel


def due_for_reminder(now: datetime, *, at_any_hour: bool = False) -> Iterator[FollowUp]:
    """Return the follow-ups to remind of, each location by its own day and only in its daytime.

    Each is read again just before it is returned: somebody may have booked, or withdrawn the permission, meanwhile.
    """
    for location in Location.objects.all():
        if at_any_hour or may_send(location.local(now).time()):
            due = FollowUp.objects.with_facts(now).to_remind(location, location.today(now))
            for key in list(due.values_list("pk", flat=True)):
                yield from due.filter(pk=key)


def remind(follow_up: FollowUp, *, now: datetime) -> str | None:
    """Send one reminder; return how it went ("sent", "failed"), None when another sender has it."""
    reminder = claim(follow_up, now=now)
    if reminder is None:
        return None
    try:
        message(follow_up, reminder).send()
    except Exception as error:  # whatever the mail server says is a reason, and the queue goes on
        _finish(reminder, State.FAILED, error=f"{type(error).__name__}: {error}")
        return State.FAILED.value
    _finish(reminder, State.SENT, at=now)
    return State.SENT.value


def claim(follow_up: FollowUp, *, now: datetime) -> Reminder | None:
    """Write the row that makes this sender the only one: a new one, or one that failed before."""
    patient = follow_up.course.patient
    try:
        with transaction.atomic():
            return Reminder.objects.create(
                follow_up=follow_up, patient=patient, channel=Channel.EMAIL, address=patient.email, started_at=now
            )
    except IntegrityError:
        failed = Reminder.objects.failed().of(follow_up, Channel.EMAIL)
        taken = failed.update(state=State.SENDING, started_at=now, address=patient.email, error="")
        return Reminder.objects.of(follow_up, Channel.EMAIL).get() if taken else None


def _finish(reminder: Reminder, state: Reminder.State, *, at: datetime | None = None, error: str = "") -> None:
    Reminder.objects.sending().of(reminder.follow_up, Channel.EMAIL).update(
        state=state, sent_at=at, error=error.replace("\0", "")[:500]
    )


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
    found = Reminder.objects.cut_off(now).select_related("patient", "follow_up")
    # Guarded: a sender that only was slow may have finished meanwhile.
    return [
        reminder
        for reminder in found
        if Reminder.objects.cut_off(now)
        .of(reminder.follow_up, reminder.channel)
        .update(state=State.UNKNOWN, error=reason)
    ]
