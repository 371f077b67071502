"""What a clinician passed over when signing, and why."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from clinic.validators import validate_plain_text
from treatments.models.session import Session


class Override(models.Model):
    """One thing that stood against signing a session, in the words shown then, and the clinician's reason."""

    session = models.ForeignKey(Session, verbose_name=_("session"), on_delete=models.PROTECT, related_name="overrides")
    code = models.CharField(_("code"), max_length=120)
    words = models.CharField(_("what stood against it"), max_length=500)
    reason = models.CharField(_("reason"), max_length=500, validators=[validate_plain_text])
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("made by"), on_delete=models.PROTECT, related_name="overrides"
    )
    made_at = models.DateTimeField(_("made at"))
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("override")
        verbose_name_plural = _("overrides")
        ordering = ["session", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["session", "code", "words"],
                name="override_once_a_thing",
                violation_error_message=_("This was passed over already."),
            ),
            models.CheckConstraint(
                condition=~models.Q(reason=""),
                name="override_has_a_reason",
                violation_error_message=_("Passing over it needs a reason."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.words}: {self.reason}"
