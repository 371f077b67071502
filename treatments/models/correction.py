"""A session that was logged for the wrong patient, and the one that stands in its place in the right record."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from clinic.validators import validate_plain_text
from treatments.models.session import Session


class SessionCorrectionQuerySet(models.QuerySet["SessionCorrection"]):
    def about(self, session: Session) -> "SessionCorrectionQuerySet":
        """Return by which a session went away, and by which it came: at most one of each."""
        return self.filter(Q(wrong=session) | Q(right=session)).select_related(
            "made_by", "wrong__course__patient", "wrong__signed_by", "right__course__patient"
        )


class SessionCorrection(models.Model):
    """What was given is one session in the right record now; the one in the wrong record was entered in error."""

    wrong = models.OneToOneField(
        Session, verbose_name=_("session in the wrong record"), on_delete=models.PROTECT, related_name="correction"
    )
    right = models.OneToOneField(
        Session, verbose_name=_("session in the right record"), on_delete=models.PROTECT, related_name="provenance"
    )
    reason = models.CharField(_("reason"), max_length=300, validators=[validate_plain_text])
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("corrected by"),
        on_delete=models.PROTECT,
        related_name="session_corrections",
    )
    made_at = models.DateTimeField(_("corrected at"))
    history = HistoricalRecords()

    objects = SessionCorrectionQuerySet.as_manager()

    class Meta:
        verbose_name = _("session of the wrong patient")
        verbose_name_plural = _("sessions of the wrong patient")
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(wrong=F("right")),
                name="correction_is_of_two_sessions",
                violation_error_message=_("A session is not corrected into itself."),
            ),
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="correction_has_a_reason",
                violation_error_message=_("A correction has a reason."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.wrong} → {self.right}"
