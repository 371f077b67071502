"""A patient's wish to be forgotten: the erasure as a job and a certificate, and what the law keeps apart."""

import uuid
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from clinic.validators import validate_plain_text
from clinic.wall_clock import on_the_wall
from patients.models.patient import Patient
from patients.models.patients_found import seen_by

if TYPE_CHECKING:
    from clinic.models import User

LEASE = timedelta(minutes=5)
LONGEST_GRACE = timedelta(days=28)  # the month of GDPR Art. 12(3), in February


class ErasureQuerySet(models.QuerySet["Erasure"]):
    def visible_to(self, user: "User") -> "ErasureQuerySet":
        return self.filter(seen_by(user, "patient"))

    def done(self) -> "ErasureQuerySet":
        return self.exclude(done_at=None)

    def waiting(self) -> "ErasureQuerySet":
        """Return those decided and neither done nor withdrawn: `Patient.erasure_decided_at` says the same."""
        return self.filter(done_at=None, withdrawn_at=None)

    def settled(self) -> "ErasureQuerySet":
        """Return all others: those done or withdrawn."""
        return self.exclude(done_at=None, withdrawn_at=None)

    def due(self, now: datetime) -> "ErasureQuerySet":
        """Return those that may be carried out; `Erasure.is_due` says the same of one."""
        over = Q(counted_from__lte=now - F("grace"))
        began = self.alias(counted_from=Coalesce("grace_began_at", "asked_at"))
        return began.filter(over | Q(begun_at__isnull=False) | Q(ground=Erasure.Ground.RESTORED))

    def newest_first(self) -> "ErasureQuerySet":
        return self.order_by("-asked_at", "-pk")

    def claim(self, now: datetime) -> "Erasure | None":
        """Return the one of those due that waits longest, for the caller alone until its lease ends."""
        free = self.waiting().due(now).filter(Q(lease_ends_at=None) | Q(lease_ends_at__lt=now))
        for pk in free.order_by("lease_ends_at", "asked_at", "pk").values_list("pk", flat=True)[:10]:
            if free.filter(pk=pk).update(lease_ends_at=now + LEASE, tries=F("tries") + 1):
                return self.select_related("patient__location", "asked_by").get(pk=pk)
        return None


class Erasure(models.Model):
    """One erasure of a patient, from the moment it is decided; once done, the certificate. It holds no name."""

    class Ground(models.TextChoices):
        """Why, as GDPR Art. 17(1) has it."""

        NO_LONGER_NEEDED = "needless", _("The data are no longer needed (Art. 17(1)(a))")
        WITHDRAWN = "withdrawn", _("The patient withdrew the consent (Art. 17(1)(b))")
        OBJECTED = "objected", _("The patient objects (Art. 17(1)(c))")
        UNLAWFUL = "unlawful", _("The data were kept without a right (Art. 17(1)(d))")
        TIME_OVER = "time-over", _("The time of keeping is over")
        RESTORED = "restored", _("Done again after a backup was restored")

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey(Patient, verbose_name=_("patient"), on_delete=models.PROTECT, related_name="erasures")
    ground = models.CharField(_("ground"), max_length=9, choices=Ground)
    asked_at = models.DateTimeField(_("decided at"))
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("decided by"),
        on_delete=models.PROTECT,
        related_name="erasures_decided",
        null=True,
        blank=True,
        help_text=_("Nobody: the program itself, after a restore."),
    )
    grace = models.DurationField(
        _("time of grace"),
        default=timedelta,
        help_text=_("As long after the decision it may be withdrawn and is not carried out."),
    )
    grace_began_at = models.DateTimeField(
        _("grace began anew at"),
        null=True,
        blank=True,
        help_text=_(
            "When a backup was restored in which it waited. Empty: the time of grace counts from the decision."
        ),
    )
    keeps = models.JSONField(
        _("kept by law"), default=dict, blank=True, help_text=_("What is kept, and to which day, as they stood then.")
    )
    counts = models.JSONField(_("counts"), default=dict, blank=True, help_text=_("How many rows and files it took."))
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)
    backups_gone_on = models.DateField(
        _("last backup with the name is gone"),
        null=True,
        blank=True,
        help_text=_("Empty: no daily backups were set up."),
    )
    begun_at = models.DateTimeField(
        _("begun at"), null=True, blank=True, help_text=_("From here on files go: nobody withdraws it any more.")
    )
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("withdrawn by"),
        on_delete=models.PROTECT,
        related_name="erasures_withdrawn",
        null=True,
        blank=True,
    )
    withdrawn_reason = models.CharField(
        _("why it was withdrawn"), max_length=300, blank=True, validators=[validate_plain_text]
    )
    lease_ends_at = models.DateTimeField(null=True, blank=True, editable=False)
    tries = models.PositiveSmallIntegerField(default=0, editable=False)

    objects = ErasureQuerySet.as_manager()

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["patient"],
                condition=Q(done_at=None, withdrawn_at=None),
                name="erasure_one_at_a_time",
                violation_error_message=_("This patient is being erased already."),
            ),
            models.CheckConstraint(
                condition=Q(done_at=None) | Q(done_at__gte=F("asked_at")),
                name="erasure_done_after_decided",
                violation_error_message=_("An erasure is done after it was decided."),
            ),
            models.CheckConstraint(
                condition=Q(grace__gte=timedelta(0), grace__lte=LONGEST_GRACE),
                name="erasure_waits_no_longer_than_a_month",
                violation_error_message=_("An erasure waits 28 days at most: GDPR Art. 12(3) gives a month."),
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None, withdrawn_by=None, withdrawn_reason="")
                | (Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False) & ~Q(withdrawn_reason="")),
                name="erasure_withdrawn_for_a_reason",
                violation_error_message=_("Withdrawing an erasure has a person and a reason."),
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None) | Q(begun_at=None, done_at=None),
                name="erasure_withdrawn_before_it_begins",
                violation_error_message=_("An erasure that has begun is not withdrawn."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.asked_at:%Y-%m-%d}, {self.public_id}"

    def get_absolute_url(self) -> str:
        return reverse("erasure", args=[self.public_id])

    @property
    def due_at(self) -> datetime:
        """Return the moment from which on it may be carried out."""
        return self.asked_at if self.is_restored else (self.grace_began_at or self.asked_at) + self.grace

    def is_due(self, now: datetime) -> bool:
        """Say whether it may be carried out: its time of grace is over, or it has begun, whatever the clock says."""
        return self.begun_at is not None or self.due_at <= now

    def is_in_grace(self, now: datetime) -> bool:
        return self.is_waiting and not self.is_due(now)

    def waits_long(self, now: datetime) -> bool:
        """Say whether it is due so long that the worker is likely not to run, or cannot do it."""
        return self.is_waiting and now - self.due_at > timedelta(minutes=10)

    @property
    def is_waiting(self) -> bool:
        return self.done_at is None and self.withdrawn_at is None

    @property
    def refusal_to_withdraw(self) -> str:
        """Say why it cannot be withdrawn any more; empty while it can."""
        if self.done_at:
            return str(_("The erasure is done. It cannot be taken back."))
        if self.begun_at or self.is_restored:
            return str(_("The erasure has begun. It cannot be taken back."))
        return ""

    @property
    def is_restored(self) -> bool:
        """Say whether it was done already, before a backup was restored: what was decided then stands."""
        return self.ground == self.Ground.RESTORED

    @property
    def kept_subjects(self) -> list[str]:
        return list(self.keeps)

    def kept_until(self, subject: str) -> date | None:
        day = self.keeps.get(subject)
        return date.fromisoformat(day) if day else None


class LegalHold(models.Model):
    """Who a pseudonymous record was of, closed away until the law lets it go.

    The clinical record that has to be kept stands under a pseudonym; here is what leads back to the person:
    the identity, and each text as it was before a name was taken out of it.
    """

    patient = models.OneToOneField(
        Patient, verbose_name=_("patient"), on_delete=models.PROTECT, related_name="legal_hold"
    )
    made_at = models.DateTimeField(_("made at"))
    identity = models.JSONField(_("identity"), default=dict)
    originals: Any = models.JSONField(
        _("texts with a name"), default=list, help_text=_("Table, row, field, and the text as it was.")
    )

    class Meta:
        verbose_name = _("legal hold")
        verbose_name_plural = _("legal holds")
        ordering = ["-made_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.made_at:%Y-%m-%d}"


class HoldOpening(models.Model):
    """That somebody looked into a legal hold, and why. Only ever added to, but for the erasure of why."""

    is_only_added_to = True

    patient = models.ForeignKey(
        Patient, verbose_name=_("patient"), on_delete=models.PROTECT, related_name="hold_openings"
    )
    opened_at = models.DateTimeField(_("opened at"))
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("opened by"), on_delete=models.PROTECT, related_name="holds_opened"
    )
    reason = models.CharField(_("reason"), max_length=300, validators=[validate_plain_text])

    class Meta:
        verbose_name = _("opening of a legal hold")
        verbose_name_plural = _("openings of legal holds")
        ordering = ["-opened_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="hold_opening_says_why",
                violation_error_message=_("Say why the hold is opened."),
            )
        ]

    def __str__(self) -> str:
        return on_the_wall(self.opened_at)
