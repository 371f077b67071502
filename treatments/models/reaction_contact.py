from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from clinic.validators import validate_plain_text
from clinic.wall_clock import on_the_wall
from treatments.models.side_effect import SideEffect


class SideEffectContact(models.Model):
    """One contact with the patient about a reaction, or a try at one, and what came of it."""

    class Outcome(models.TextChoices):
        CALLED = "called", _("Spoken to")
        NO_ANSWER = "no-answer", _("No answer")
        MESSAGE = "message", _("Message left")
        SEEN = "seen", _("Seen here")

    side_effect = models.ForeignKey(
        SideEffect, verbose_name=_("side effect"), on_delete=models.PROTECT, related_name="contacts"
    )
    made_at = models.DateTimeField(_("at"))
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("by"), on_delete=models.PROTECT, related_name="side_effect_contacts"
    )
    outcome = models.CharField(_("outcome"), max_length=9, choices=Outcome)
    note = models.CharField(_("note"), max_length=500, blank=True, validators=[validate_plain_text])
    next_contact_on = models.DateField(_("next contact on"), null=True, blank=True)
    form_token = models.UUIDField(null=True, editable=False, unique=True)

    class Meta:
        verbose_name = _("contact about a side effect")
        verbose_name_plural = _("contacts about side effects")
        ordering = ["-made_at", "-pk"]
        indexes = [models.Index(fields=["side_effect", "-made_at"], name="side_effect_contact_latest")]

    def __str__(self) -> str:
        return f"{self.get_outcome_display()}, {on_the_wall(self.made_at)}"
