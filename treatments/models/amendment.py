"""How a signed session was changed: both versions, and why."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from clinic.validators import validate_plain_text
from treatments.models.session import Session


class Amendment(models.Model):
    """One change of a signed session. `before` and `after` hold it whole, as [label, value] pairs in words."""

    session = models.ForeignKey(
        Session, verbose_name=_("session"), on_delete=models.PROTECT, related_name="amendments"
    )
    number = models.PositiveSmallIntegerField(_("number"))
    reason = models.CharField(_("reason"), max_length=500, validators=[validate_plain_text])
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("made by"), on_delete=models.PROTECT, related_name="amendments"
    )
    made_at = models.DateTimeField(_("made at"))
    before = models.JSONField(_("before"))
    after = models.JSONField(_("after"))

    class Meta:
        verbose_name = _("amendment")
        verbose_name_plural = _("amendments")
        ordering = ["session", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["session", "number"], name="amendment_number_once_a_session"),
            models.CheckConstraint(
                condition=~models.Q(reason=""),
                name="amendment_has_a_reason",
                violation_error_message=_("An amendment needs a reason."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.session}, {self.number}"
