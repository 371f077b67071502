import re
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from patients.models import Patient, comes_back, seen_by
from patients.models.address import ERASED
from treatments.models.aftercare import AftercareAnswer, AftercareLink
from treatments.models.appointment import Appointment
from treatments.models.follow_up import FollowUp
from treatments.rules.reminding import Occasion, Told

if TYPE_CHECKING:
    from clinic.models import User

# A message is handed over in seconds; one that is still "sending" after this was cut off, and nobody knows how far.
LEASE = timedelta(minutes=10)
TRIED_FOR = timedelta(days=1)  # what was refused and is not due any more is tried no more: a person must know
MOST_ATTEMPTS = 3  # what was refused so often is refused for a reason that a person must look at


RECEIPT_WITHIN = timedelta(days=1)  # what a provider says of a text message it says within hours
# A message by its id and the second of its attempt, as it stands in Message-ID and in the sender of the envelope.
REFERENCE = re.compile(r"\b(?P<id>[0-9a-f]{32})-(?P<second>\d{9,11})\b", re.IGNORECASE)


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

    def asked_again(self) -> "ReminderQuerySet":
        """Return those that a person wants sent once more."""
        return self.failed().filter(attempts=0)

    def for_list(self) -> "ReminderQuerySet":
        return self.select_related(
            "patient__location",
            "owner",
            "follow_up__course__location",
            "appointment__location",
            "aftercare_link",
            "alarming_answer",
        ).annotate(comes_back=comes_back("channel", "patient"))

    def given_up(self) -> "ReminderQuerySet":
        return self.failed().filter(attempts__gte=MOST_ATTEMPTS)

    def told(self) -> "ReminderQuerySet":
        """Return what reached the patient, or may have: everything that was not surely refused."""
        return self.exclude(state__in=[Reminder.State.FAILED, Reminder.State.BOUNCED])

    def of(
        self, subject: Mapping[str, models.Model], channel: str, occasion: str = "", edition: int = 0
    ) -> "ReminderQuerySet":
        """Return the one row of an occasion and channel, if it is among these. `subject` is {field: row}."""
        return self.filter(channel=channel, occasion=occasion, edition=edition, **subject)

    def referred_to(self, reference: str) -> "ReminderQuerySet":
        """Return the message whose reference this is, as `Reminder.reference` writes it, of whichever attempt."""
        found = REFERENCE.search(reference)
        return self.filter(public_id=uuid.UUID(found["id"])) if found else self.none()

    def awaiting_receipt(self, number: str, channel: str, now: datetime) -> "ReminderQuerySet":
        """Return what went to a number of late and of whose latest attempt no provider has reported, the oldest first.

        Providers report by ids that whoever sends for us keeps to itself, but they report in order.
        """
        to_number = self.filter(channel=channel, address=number)
        went = to_number.exclude(state=Reminder.State.FAILED).filter(started_at__gt=now - RECEIPT_WITHIN)
        return went.exclude(reports__reported_at__gte=F("started_at")).order_by("started_at", "pk")

    def visible_to(self, user: "User") -> "ReminderQuerySet":
        return self.filter(seen_by(user, "patient"))

    def unsettled(self, now: datetime) -> "ReminderQuerySet":
        """Return those that wait for a person: unknown, bounced, refused once too often, or refused and not due since.

        `Reminder.is_unsettled` is the same in Python.
        """
        unclear = Q(state__in=[Reminder.State.UNKNOWN, Reminder.State.BOUNCED])
        given_up = Q(attempts__gte=MOST_ATTEMPTS) | Q(started_at__lt=now - TRIED_FOR)
        return self.filter(unclear | Q(given_up, state=Reminder.State.FAILED), settled_at=None)


SUBJECTS = ("follow_up", "appointment", "aftercare_link", "alarming_answer")


def _only(subject: str) -> Q:
    """Return the condition that a message is about this and nothing else."""
    return Q(**{f"{name}__isnull": name != subject for name in SUBJECTS})


class Reminder(models.Model):
    """One message for one occasion by one channel. Written before it is sent, so it never goes twice.

    What it is about is a row: one of the fields of `SUBJECTS` is set. A window and an appointment have several
    occasions for a message, and an appointment that is moved has each of them again.
    """

    class State(models.TextChoices):
        SENDING = "sending", _("Sending")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")
        UNKNOWN = "unknown", _("Unknown: a person must find out")
        BOUNCED = "bounced", _("Came back")

    class Channel(models.TextChoices):
        EMAIL = "email", _("E-mail")
        SMS = "sms", _("SMS")
        WHATSAPP = "whatsapp", _("WhatsApp")

    OCCASIONS = [
        (Occasion.OPENS.value, _("Follow-up: the window opens")),
        (Occasion.MIDDLE.value, _("Follow-up: middle of the window")),
        (Occasion.CLOSES.value, _("Follow-up: before the window closes")),
        (Occasion.BOOKED.value, _("Appointment: booked")),
        (Occasion.MOVED.value, _("Appointment: moved")),
        (Occasion.CANCELLED.value, _("Appointment: cancelled")),
        (Occasion.SOON.value, _("Appointment: reminder")),
    ]
    SUBJECTS = SUBJECTS

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    occasion = models.CharField(
        _("occasion"),
        max_length=9,
        choices=OCCASIONS,
        blank=True,
        help_text=_("Empty where the row it is about says it."),
    )
    edition = models.PositiveIntegerField(
        _("edition"),
        default=0,
        help_text=_("Which telling of an appointment this is: another time is another message."),
    )
    about_at = models.DateTimeField(
        _("time it tells"), null=True, blank=True, help_text=_("When the appointment begins, as this message says it.")
    )
    follow_up = models.ForeignKey(
        FollowUp,
        verbose_name=_("follow-up"),
        on_delete=models.PROTECT,
        related_name="reminders",
        null=True,
        blank=True,
    )
    appointment = models.ForeignKey(
        Appointment,
        verbose_name=_("appointment"),
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
    channel = models.CharField(_("channel"), max_length=8, choices=Channel)
    address = models.CharField(_("address"), max_length=254)
    state = models.CharField(_("state"), max_length=7, choices=State, default=State.SENDING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=1)
    started_at = models.DateTimeField(_("started at"))
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    error = models.CharField(_("error"), max_length=500, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("owner"),
        on_delete=models.PROTECT,
        related_name="reminders_owned",
        null=True,
        blank=True,
    )
    settled_at = models.DateTimeField(_("settled at"), null=True, blank=True)

    comes_back: bool  # whether messages to the address of now come back; of rows read by `for_list`

    objects = ReminderQuerySet.as_manager()

    class Meta:
        verbose_name = _("reminder")
        verbose_name_plural = _("reminders")
        ordering = ["-started_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["follow_up", "occasion", "channel"], name="reminder_once_an_occasion_and_channel"
            ),
            models.UniqueConstraint(
                fields=["appointment", "occasion", "edition", "channel"], name="reminder_once_a_telling_and_channel"
            ),
            models.UniqueConstraint(fields=["aftercare_link", "channel"], name="reminder_once_a_link_and_channel"),
            models.UniqueConstraint(fields=["alarming_answer", "channel"], name="reminder_once_an_alarm_and_channel"),
            models.CheckConstraint(
                condition=_only("follow_up")
                | _only("appointment")
                | _only("aftercare_link")
                | _only("alarming_answer"),
                name="reminder_of_one_occasion",
                violation_error_message=_("A message has one occasion."),
            ),
        ]
        indexes = [
            # Few messages wait for a person, or may be cut off, among all that ever went.
            models.Index(
                fields=["started_at"], condition=~Q(state="sent") & Q(settled_at=None), name="reminder_not_arrived"
            )
        ]

    def __str__(self) -> str:
        return f"{self.address}, {self.get_state_display()}"

    @property
    def reference(self) -> str:
        """Return what names this attempt at the message to whoever reports of it. Nobody guesses it."""
        return f"{self.public_id.hex}-{int(self.started_at.timestamp())}"

    def is_of_this_attempt(self, reference: str) -> bool:
        """Say whether a report is of the latest attempt: an earlier one may have gone to another address."""
        return self.reference in reference.lower()

    @property
    def is_to_patient(self) -> bool:
        return self.alarming_answer_id is None

    @property
    def is_forgotten(self) -> bool:
        """Say whether where it went was erased, alone or with the patient: nothing of that may come back."""
        return self.address == ERASED or self.patient.is_erased

    @property
    def told(self) -> Told:
        """Return what this message told of its appointment."""
        return Told(Occasion(self.occasion), self.about_at, self.started_at)

    def is_unsettled(self, now: datetime) -> bool:
        """Say whether it waits for a person; `ReminderQuerySet.unsettled` is the same in SQL."""
        if self.settled_at is not None:
            return False
        is_old = self.state == self.State.FAILED and self.started_at < now - TRIED_FOR
        return self.state in {self.State.UNKNOWN, self.State.BOUNCED} or self.is_given_up or is_old

    @property
    def is_given_up(self) -> bool:
        return self.state == self.State.FAILED and self.attempts >= MOST_ATTEMPTS
