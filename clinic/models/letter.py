from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Count, Exists, F, Min, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from clinic.models.identity import Identified
from clinic.models.invitation import VALID_FOR, Invitation

# Defaults of ours. A letter is handed over in seconds: one still "sending" after the lease was cut off.
LEASE = timedelta(minutes=10)
PAUSE = timedelta(minutes=10)  # before what was refused is tried again
MOST_ATTEMPTS = 3
STUCK = timedelta(minutes=5)
LATE = timedelta(minutes=15)  # a mail server that works took it by then, or another letter
GIVEN_UP_LATELY = timedelta(days=1)
LIVES = VALID_FOR  # after which a letter's link opens nothing: none in any letter works for less
KEPT = timedelta(days=30)  # that a letter went, or why it did not


@dataclass(frozen=True)
class Late:
    """How many letters do not go, and since when the first of them waits, or waited."""

    count: int
    since: datetime | None


class LetterQuerySet(models.QuerySet["Letter"]):
    def due(self, now: datetime) -> "LetterQuerySet":
        """Return what is to be sent now, what waited longest first."""
        return self.filter(state=Letter.State.WAITING, due_at__lte=now).order_by("due_at", "pk")

    def sending(self) -> "LetterQuerySet":
        return self.filter(state=Letter.State.SENDING)

    def cut_off(self, now: datetime) -> "LetterQuerySet":
        """Return what was being sent when the sender died: it may or may not have gone out."""
        return self.sending().filter(started_at__lt=now - LEASE)

    def past(self, now: datetime) -> "LetterQuerySet":
        """Return what is over for so long that nobody asks for it."""
        return self.filter(ended_at__lt=now - KEPT)

    def late(self, now: datetime) -> "LetterQuerySet":
        """Return what did not go in time, whether it is tried again or was given up lately, and none went since.

        That is the mail server's fault, the sender's, or that of one address: it is the address where another letter
        went since this one was written. Strangers name addresses too, at "Forgot it?". So a letter that is nobody's
        counts where nothing tries to send it, and never because it was refused.
        """
        went_since = Letter.objects.filter(state=Letter.State.SENT, ended_at__gte=OuterRef("written_at"))
        is_somebodys = Q(invitation__isnull=False) | Q(person__isnull=False)
        given_up = Q(state=Letter.State.FAILED, ended_at__gt=now - GIVEN_UP_LATELY)
        is_overdue = Q(ended_at=None, due_at__lt=now - LATE)
        tells = is_somebodys & (Q(ended_at=None) | given_up) | is_overdue
        return self.filter(tells, ~Exists(went_since), written_at__lt=now - LATE)

    def how_late(self, now: datetime) -> Late:
        return Late(**self.late(now).aggregate(count=Count("pk"), since=Min("written_at")))

    def astray(self) -> "LetterQuerySet":
        """Return what was given up and is still wanted: links for whoever is invited, or asked for a new password.

        It is wanted until another letter takes its place, or the person signs in all the same. A link for a password
        of which nobody knows whether it went is as one that was given up; that of an invitation may have come.
        """
        invited = Q(invitation__isnull=False, invitation__accepted_at=None, invitation__withdrawn_at=None)
        shut_out = Q(person__is_active=True) & (Q(person__last_login=None) | Q(person__last_login__lt=F("written_at")))
        later = Letter.objects.filter(pk__gt=OuterRef("pk"))
        of_the_same = later.filter(Q(invitation=OuterRef("invitation")) | Q(person=OuterRef("person")))
        given_up, perhaps_sent = Q(state=Letter.State.FAILED), Q(state=Letter.State.UNKNOWN)
        return self.filter((invited | shut_out) & given_up | shut_out & perhaps_sent, ~Exists(of_the_same))

    def end(self, state: "Letter.State", *, now: datetime, error: str = "") -> int:
        """Let these be over, and forget what they say; return how many that was."""
        return self.update(state=state, error=error, ended_at=now, sealed="")


class Letter(Identified):
    """A letter about an account, to somebody who works here: written while a request waits, sent by the worker.

    Such letters hold links that open an account. So to whom it goes and what it says is sealed (`clinic.field_keys`),
    and is forgotten once the letter is over, however it ended.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENDING = "sending", _("Sending")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Not sent")
        UNKNOWN = "unknown", _("Unknown: a person must find out")
        DROPPED = "dropped", _("Not sent: no longer wanted")

    kind = models.CharField(_("kind"), max_length=60)
    sealed = models.TextField(_("sealed letter"), blank=True, editable=False)
    invitation = models.ForeignKey(
        Invitation,
        verbose_name=_("invitation"),
        on_delete=models.PROTECT,
        related_name="letters",
        null=True,
        blank=True,
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person who asked for a password"),
        on_delete=models.PROTECT,
        related_name="letters",
        null=True,
        blank=True,
    )
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.WAITING)
    written_at = models.DateTimeField(_("written at"))
    due_at = models.DateTimeField(_("to be sent at"))
    started_at = models.DateTimeField(_("last tried at"), null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    ended_at = models.DateTimeField(_("over since"), null=True, blank=True)
    error = models.CharField(_("what the mail server said"), max_length=500, blank=True)

    objects = LetterQuerySet.as_manager()

    class Meta:
        verbose_name = _("letter")
        verbose_name_plural = _("letters")
        ordering = ["-written_at", "-pk"]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(ended_at=None), name="letter_to_be_sent"),
            models.Index(fields=["ended_at"], name="letter_over"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "sending"], ended_at=None)
                | (Q(sealed="", ended_at__isnull=False) & ~Q(state__in=["waiting", "sending"])),
                name="letter_over_says_nothing",
                violation_error_message=_("A letter that is over keeps nothing of what it said."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}, {self.get_state_display()}"

    def is_stuck(self, now: datetime) -> bool:
        """Say whether it waits, or is being sent, for longer than a worker that runs would let it."""
        if self.state == self.State.SENDING:
            return self.started_at is not None and now - self.started_at > LEASE
        return self.state == self.State.WAITING and now - self.due_at > STUCK

    @property
    def is_tried_again(self) -> bool:
        """Say whether the mail server refused it, and is asked once more."""
        return self.state == self.State.WAITING and self.attempts > 0
