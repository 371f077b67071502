from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from clinic.fields import NormalizedCharField
from clinic.models import Versioned
from clinic.validators import validate_plain_text
from patients.models.patient import Patient
from patients.models.patients_found import seen_by

if TYPE_CHECKING:
    from clinic.models import User


class AllergyQuerySet(models.QuerySet["Allergy"]):
    def visible_to(self, user: "User") -> "AllergyQuerySet":
        return self.filter(seen_by(user, "patient"))

    def in_force(self) -> "AllergyQuerySet":
        """Return what the banner shows: not refuted and not entered in error, the worst first."""
        return self.filter(status=Allergy.Status.ACTIVE).order_by(
            models.Case(
                models.When(severity=Allergy.Severity.SEVERE, then=0),
                models.When(severity=Allergy.Severity.MODERATE, then=1),
                default=2,
            ),
            "substance",
            "pk",
        )

    def for_page(self) -> "AllergyQuerySet":
        """Return all of them, those in force first and the withdrawn after, with who withdrew them."""
        in_force_first = models.Case(models.When(status=Allergy.Status.ACTIVE, then=0), default=1)
        return self.select_related("withdrawn_by").order_by(in_force_first, "substance", "pk")


class Allergy(Versioned):
    """A substance a patient reacts to. It stays in the record for ever; what turns out wrong is marked so."""

    class Severity(models.TextChoices):
        MILD = "mild", _("mild")
        MODERATE = "moderate", _("moderate")
        SEVERE = "severe", _("severe")

    class Status(models.TextChoices):
        ACTIVE = "active", _("active")
        REFUTED = "refuted", _("refuted by a test")
        ENTERED_IN_ERROR = "entered-in-error", _("entered in error")

    patient = models.ForeignKey(Patient, verbose_name=_("patient"), on_delete=models.PROTECT, related_name="allergies")
    substance = NormalizedCharField(_("substance"), max_length=100, validators=[validate_plain_text])
    reaction = NormalizedCharField(_("reaction"), max_length=200, blank=True, validators=[validate_plain_text])
    severity = models.CharField(_("severity"), max_length=8, choices=Severity)
    status = models.CharField(_("status"), max_length=16, choices=Status, default=Status.ACTIVE)
    status_reason = models.CharField(_("reason"), max_length=300, blank=True, validators=[validate_plain_text])
    recorded_at = models.DateTimeField(_("recorded at"), auto_now_add=True, editable=False)
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True, editable=False)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("withdrawn by"),
        on_delete=models.PROTECT,
        related_name="allergies_withdrawn",
        null=True,
        blank=True,
        editable=False,
    )
    history = HistoricalRecords()

    objects = AllergyQuerySet.as_manager()

    class Meta:
        verbose_name = _("allergy")
        verbose_name_plural = _("allergies")
        ordering = ["patient", "substance", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "substance"],
                condition=models.Q(status="active"),
                name="allergy_named_once",
                violation_error_message=_("This allergy is already in the record."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.substance}: {self.reaction}" if self.reaction else self.substance

    @property
    def is_in_force(self) -> bool:
        return self.status == self.Status.ACTIVE

    def withdraw(self, status: str, *, reason: str, by: "User", now: datetime, version: int) -> None:
        """Take it out of force: refuted by a test, or entered in error. It stays in the record, with the reason.

        Raises `VersionConflictError` when somebody changed it since `version` was read.
        """
        self.status, self.status_reason = status, reason
        self.withdrawn_at, self.withdrawn_by = now, by
        self.save_over(version)
