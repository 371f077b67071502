from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.models.patient import Patient


class MessageChoice(models.Model):
    """A patient's own yes or no to appointment and follow-up messages, through the link in one of them."""

    patient = models.ForeignKey(
        Patient, verbose_name=_("patient"), on_delete=models.PROTECT, related_name="message_choices"
    )
    wants_messages = models.BooleanField(_("wants messages"))
    made_at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("choice about messages")
        verbose_name_plural = _("choices about messages")
        ordering = ["-made_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.patient}, {self.made_at:%Y-%m-%d}"
