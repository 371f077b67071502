"""What people do about messages that did not go well. Nothing is sent a second time unless somebody asks here."""

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from clinic.models import User
from treatments.actions import reports
from treatments.models import Appointment, Reminder, ReminderAct
from treatments.rules.reminding import Occasion

Act = ReminderAct.Act
State = Reminder.State
LATEST = timedelta(days=2)  # what is asked for later would not be sent any more; see `aftercare_letters`


@transaction.atomic
def act_on(reminder: Reminder, act: str, *, by: User, now: datetime) -> None:
    """Do one of `ReminderAct.Act` about a message.

    Raises `ValidationError` when it cannot be done: somebody else settled it, or what it says holds no more.
    """
    held = Reminder.objects.for_list().select_for_update(of=("self",)).get(pk=reminder.pk)
    if act == Act.BOUNCED:
        mark_returned(held, by, now)
    elif not held.is_unsettled(now):
        raise ValidationError(_("This message is settled by now."))
    elif act == Act.AGAIN:
        ask_again(held, now)
    elif act in ReminderAct.SETTLING:
        settle(held, act, now)
    elif act != Act.TAKEN:
        raise ValidationError(_("Nothing is known by that name."))
    held.owner = by
    held.save(update_fields=["state", "attempts", "error", "started_at", "settled_at", "owner"])
    ReminderAct.objects.create(reminder=held, act=act, made_at=now, made_by=by)


def settle(reminder: Reminder, act: str, now: datetime) -> None:
    """Let a message wait no more. A page of before it came back may still offer that it arrived."""
    if act not in settling(reminder):
        raise ValidationError(_("This message did not arrive."))
    reminder.settled_at = now


def settling(reminder: Reminder) -> list[Act]:
    """Return what settles a message: that it arrived may only be found out where nobody knows."""
    return [act for act in ReminderAct.SETTLING if act != Act.ARRIVED or reminder.state == State.UNKNOWN]


def mark_returned(reminder: Reminder, by: User, now: datetime) -> None:
    """Note that a person saw a message come back: nothing more goes to this address until somebody looks at it."""
    if reminder.state not in {State.SENT, State.UNKNOWN}:
        raise ValidationError(_("Only a message that went out comes back."))
    reports.come_back(reminder, "")
    said = _("Marked by %(name)s") % {"name": by.get_full_name() or by.email}
    reports.blame_address(reminder, said, now)


def ask_again(reminder: Reminder, now: datetime) -> None:
    """Let the worker send it once more. What it says must still hold."""
    obstacle = obstacle_to(reminder, now)
    if obstacle:
        raise ValidationError(obstacle)
    reminder.state, reminder.attempts, reminder.error, reminder.started_at = State.FAILED, 0, "", now


def obstacle_to(reminder: Reminder, now: datetime) -> str:
    """Say why a message of `for_list` is not sent again; empty when it may be."""
    patient = reminder.patient
    since = spoken_of(reminder)
    if since and now - since > LATEST:
        return _("It is too old by now. Call instead.")
    if reminder.alarming_answer:
        return ""  # it goes to the clinic
    if not patient.can_be_contacted:
        return _("The patient agreed to no messages.")
    if reminder.comes_back:
        return _("Messages to this address come back. Correct or confirm it first.")
    if reminder.follow_up and reminder.follow_up.closes_on < reminder.follow_up.course.location.today(now):
        return _("The window is closed by now. Call instead.")
    if reminder.appointment and not holds(reminder, reminder.appointment, now):
        return _("The appointment has changed since. Call instead.")
    return ""


def spoken_of(reminder: Reminder) -> datetime | None:
    """Return since when an aftercare link or a danger sign waits to be sent, None for other messages."""
    if reminder.aftercare_link:
        return reminder.aftercare_link.mail_wanted_at
    return reminder.alarming_answer.answered_at if reminder.alarming_answer else None


def holds(reminder: Reminder, appointment: Appointment, now: datetime) -> bool:
    """Say whether what a message told of an appointment is still so, and still ahead."""
    expected = Appointment.Status.CANCELLED if reminder.occasion == Occasion.CANCELLED else Appointment.Status.BOOKED
    is_same = appointment.status == expected and appointment.starts_at == reminder.about_at
    return is_same and appointment.starts_at > now
