from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from clinic.validators import validate_plain_text
from treatments.models.reminder import Reminder


class ReminderAct(models.Model):
    """What a person did about a message that failed, came back, or of which nobody knows. It is never changed."""

    class Act(models.TextChoices):
        TAKEN = "taken", _("Taken on")
        CALLED = "called", _("Called the patient")
        ARRIVED = "arrived", _("It did arrive")
        NOT_NEEDED = "not-needed", _("Not needed any more")
        AGAIN = "again", _("Sent again")
        BOUNCED = "bounced", _("It came back")

    SETTLING = (Act.CALLED, Act.ARRIVED, Act.NOT_NEEDED)

    reminder = models.ForeignKey(Reminder, verbose_name=_("message"), on_delete=models.PROTECT, related_name="acts")
    act = models.CharField(_("act"), max_length=10, choices=Act)
    made_at = models.DateTimeField(_("at"))
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("by"), on_delete=models.PROTECT, related_name="reminder_acts"
    )
    note = models.CharField(_("note"), max_length=300, blank=True, validators=[validate_plain_text])

    class Meta:
        verbose_name = _("act about a message")
        verbose_name_plural = _("acts about messages")
        ordering = ["-made_at", "-pk"]

    def __str__(self) -> str:
        return self.get_act_display()
