from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clinic.wall_clock import on_the_wall


class SecondFactorReset(models.Model):
    """One time that an admin took away a colleague's second factors. Nobody changes or deletes such a row."""

    is_only_added_to = True

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("whose"),
        on_delete=models.PROTECT,
        related_name="second_factor_resets",
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("by"), on_delete=models.PROTECT, related_name="second_factors_reset"
    )
    reason = models.CharField(_("reason"), max_length=500)
    removed = models.CharField(_("what was removed"), max_length=500)
    reset_at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("second factor reset")
        verbose_name_plural = _("second factor resets")
        ordering = ["-reset_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(user=F("by")),
                name="second_factor_reset_by_another",
                violation_error_message=_("Nobody takes away their own second step. Another admin does."),
            ),
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="second_factor_reset_has_a_reason",
                violation_error_message=_("Say why."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} {on_the_wall(self.reset_at)}"
