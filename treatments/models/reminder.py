from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from patients.models import Patient
from treatments.models.aftercare import AftercareAnswer, AftercareLink
from treatments.models.follow_up import FollowUp

# A message is handed over in seconds; one that is still "sending" after this was cut off, and nobody knows how far.
LEASE = timedelta(minutes=10)
MOST_ATTEMPTS = 3  # what was refused so often is refused for a reason that a person must look at


class ReminderQuerySet(models.QuerySet["Reminder"]):
    def cut_off(self, now: datetime) -> "ReminderQuerySet":
        """Return what was being sent when the sender died: it may or may not have gone out."""
        return self.sending().filter(started_at__lt=now - LEASE)

    def sending(self) -> "ReminderQuerySet":
        return self.filter(state=Reminder.State.SENDING)

    def failed(self) -> "ReminderQuerySet":
        return self.filter(state=Reminder.State.FAILED)

    def to_try_again(self) -> "ReminderQuerySet":
        return self.failed().filter(attempts__lt=MOST_ATTEMPTS)

    def given_up(self) -> "ReminderQuerySet":
        return self.failed().filter(attempts__gte=MOST_ATTEMPTS)

    def of(self, subject: Mapping[str, models.Model], channel: str) -> "ReminderQuerySet":
        """Return the one row of an occasion and channel, if it is among these. `subject` is {field: row}."""
        return self.filter(channel=channel, **subject)


class Reminder(models.Model):
    """One message for one occasion by one channel. Written before it is sent, so it never goes twice.

    The occasion is the row it is about: each field of `SUBJECTS` is another kind of occasion, and one of them is set.
    """

    class State(models.TextChoices):
        SENDING = "sending", _("Sending")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")
        UNKNOWN = "unknown", _("Unknown: a person must find out")

    class Channel(models.TextChoices):
        EMAIL = "email", _("E-mail")

    SUBJECTS = ("follow_up", "aftercare_link", "alarming_answer")

    follow_up = models.ForeignKey(
        FollowUp,
        verbose_name=_("follow-up"),
        on_delete=models.PROTECT,
        related_name="reminders",
        null=True,
        blank=True,
    )
    aftercare_link = models.ForeignKey(
        AftercareLink,
        verbose_name=_("aftercare link"),
        on_delete=models.PROTECT,
        related_name="reminders",
        null=True,
        blank=True,
    )
    alarming_answer = models.ForeignKey(
        AftercareAnswer,
        verbose_name=_("answer with a danger sign"),
        on_delete=models.PROTECT,
        related_name="reminders",
        null=True,
        blank=True,
        help_text=_("The clinic is told of it, not the patient."),
    )
    patient = models.ForeignKey(Patient, verbose_name=_("patient"), on_delete=models.PROTECT, related_name="reminders")
    channel = models.CharField(_("channel"), max_length=5, choices=Channel)
    address = models.CharField(_("address"), max_length=254)
    state = models.CharField(_("state"), max_length=7, choices=State, default=State.SENDING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=1)
    started_at = models.DateTimeField(_("started at"))
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    error = models.CharField(_("error"), max_length=500, blank=True)

    objects = ReminderQuerySet.as_manager()

    class Meta:
        verbose_name = _("reminder")
        verbose_name_plural = _("reminders")
        ordering = ["-started_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["follow_up", "channel"], name="reminder_once_an_occasion_and_channel"),
            models.UniqueConstraint(fields=["aftercare_link", "channel"], name="reminder_once_a_link_and_channel"),
            models.UniqueConstraint(fields=["alarming_answer", "channel"], name="reminder_once_an_alarm_and_channel"),
            models.CheckConstraint(
                condition=Q(follow_up__isnull=False, aftercare_link=None, alarming_answer=None)
                | Q(follow_up=None, aftercare_link__isnull=False, alarming_answer=None)
                | Q(follow_up=None, aftercare_link=None, alarming_answer__isnull=False),
                name="reminder_of_one_occasion",
                violation_error_message=_("A message has one occasion."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.address}, {self.get_state_display()}"

    @property
    def is_given_up(self) -> bool:
        return self.state == self.State.FAILED and self.attempts >= MOST_ATTEMPTS
