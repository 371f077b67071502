from django.db import models
from django.utils.translation import gettext_lazy as _

from treatments.models.reminder import Reminder


class DeliveryReport(models.Model):
    """What a mail server or a provider reported of a message, once. It is never changed."""

    class Outcome(models.TextChoices):
        DELIVERED = "delivered", _("Delivered")
        RETURNED = "returned", _("Came back")
        COMPLAINED = "complained", _("Marked as spam, or stopped")

    reminder = models.ForeignKey(Reminder, verbose_name=_("message"), on_delete=models.PROTECT, related_name="reports")
    source = models.CharField(_("reported by"), max_length=20)
    key = models.CharField(_("the report's own name"), max_length=200, help_text=_("The same report twice is one."))
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome)
    is_address_bad = models.BooleanField(_("the address takes nothing"), default=False)
    said = models.CharField(_("in the server's words"), max_length=500, blank=True)
    reported_at = models.DateTimeField(_("reported at"))

    class Meta:
        verbose_name = _("report of a message")
        verbose_name_plural = _("reports of messages")
        ordering = ["-reported_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "key"],
                name="delivery_report_once",
                violation_error_message=_("This report is known."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.source}, {self.get_outcome_display()}"
