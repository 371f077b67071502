"""Reminding people by e-mail that their follow-up window is open. `outbox` sees to it that none goes twice."""

from collections.abc import Iterator
from datetime import datetime

from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import translation

from clinic.models import Location
from treatments.actions import outbox
from treatments.actions.outbox import Letter, one_line
from treatments.models import FollowUp, Reminder
from treatments.rules.reminding import may_send


def due_for_reminder(now: datetime, *, at_any_hour: bool = False) -> Iterator[FollowUp]:
    """Return the follow-ups to remind of, each location by its own day and only in its daytime.

    Each is read again just before it is returned: somebody may have booked, or withdrawn the permission, meanwhile.
    """
    for location in Location.objects.all():
        if at_any_hour or may_send(location.local(now).time()):
            due = (
                FollowUp.objects.with_facts(now)
                .to_remind(location, location.today(now))
                .exclude(pk__in=Reminder.objects.given_up().exclude(follow_up=None).values("follow_up"))
            )
            for key in list(due.values_list("pk", flat=True)):
                yield from due.filter(pk=key)


def remind(follow_up: FollowUp, *, now: datetime) -> Reminder | None:
    """Send one reminder and return it with how it went; None when another sender has it."""
    return outbox.send(letter(follow_up), now=now)


def claim(follow_up: FollowUp, *, now: datetime) -> Reminder | None:
    """Write the row that makes this sender of the reminder the only one."""
    return outbox.claim(letter(follow_up), now=now)


def letter(follow_up: FollowUp) -> Letter:
    """Return the letter, in the patient's language. Its subject names no treatment: others see subjects."""
    patient, location = follow_up.course.patient, follow_up.course.location

    def write(address: str) -> EmailMessage:
        context = {"patient": patient, "location": location, "follow_up": follow_up}
        with translation.override(patient.language):
            subject = one_line(render_to_string("treatments/mail/follow_up_subject.txt", context))
            body = render_to_string("treatments/mail/follow_up.txt", context)
        return EmailMessage(
            subject,
            body,
            to=[address],
            reply_to=[location.reply_to_email] if location.reply_to_email else None,
        )

    return Letter({"follow_up": follow_up}, patient, patient.email, write)
