from datetime import datetime

from django.conf import settings
from django.core.validators import MinLengthValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clinic.models.identity import Identified
from clinic.validators import validate_plain_text
from clinic.wall_clock import on_the_wall
from patients.models.patient import Patient

MOST_OF_A_REASON = 500  # characters
LEAST_OF_A_REASON = 10


class EmergencyAccessQuerySet(models.QuerySet["EmergencyAccess"]):
    def open(self, now: datetime) -> "EmergencyAccessQuerySet":
        return self.filter(opened_at__lte=now, ends_at__gt=now)

    def unreviewed(self) -> "EmergencyAccessQuerySet":
        return self.filter(review=None)


class EmergencyAccess(Identified):
    """Somebody opened the record of another location's patient in an emergency: why, when, and until when.

    Only ever added to. Whether it is open follows from the clock, and holds for the sign-in that opened it alone.
    """

    is_only_added_to = True

    patient = models.ForeignKey(
        Patient, verbose_name=_("patient"), on_delete=models.PROTECT, related_name="emergencies"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("opened by"), on_delete=models.PROTECT, related_name="emergencies"
    )
    reason = models.TextField(
        _("reason"),
        max_length=MOST_OF_A_REASON,
        validators=[MinLengthValidator(LEAST_OF_A_REASON), validate_plain_text],
        help_text=_("What is the matter, and what you need to know. An admin reads it today."),
    )
    opened_at = models.DateTimeField(_("opened at"))
    ends_at = models.DateTimeField(_("ends at"))
    form_token = models.UUIDField(null=True, editable=False, unique=True)

    objects = EmergencyAccessQuerySet.as_manager()

    class Meta:
        verbose_name = _("emergency access")
        verbose_name_plural = _("emergency accesses")
        ordering = ["-opened_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("opened_at")),
                name="emergency_ends_after_it_opens",
                violation_error_message=_("An emergency access ends after it opens."),
            ),
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="emergency_has_a_reason",
                violation_error_message=_("An emergency access has a reason."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {on_the_wall(self.opened_at)}"


class EmergencyReview(models.Model):
    """An admin has looked at an emergency access: what came of it."""

    is_only_added_to = True

    access = models.OneToOneField(
        EmergencyAccess, verbose_name=_("emergency access"), on_delete=models.PROTECT, related_name="review"
    )
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("reviewed by"), on_delete=models.PROTECT, related_name="+"
    )
    reviewed_at = models.DateTimeField(_("reviewed at"))
    note = models.CharField(_("what came of it"), max_length=300, validators=[validate_plain_text])

    class Meta:
        verbose_name = _("review of an emergency access")
        verbose_name_plural = _("reviews of emergency accesses")
        ordering = ["-reviewed_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.access}: {self.note}"
