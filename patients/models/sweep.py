from datetime import datetime, timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

LATE = timedelta(hours=26)  # once a day, and two hours of patience


class RetentionSweep(models.Model):
    """One day's look at what has been kept long enough: what the worker removed, and what it leaves to a person."""

    swept_on = models.DateField(_("day"), unique=True, help_text=_("In UTC."))
    begun_at = models.DateTimeField(_("begun at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    proposed_count = models.PositiveIntegerField(_("records that may go"), default=0)
    removed = models.JSONField(_("removed"), default=dict, blank=True)

    class Meta:
        verbose_name = _("retention sweep")
        verbose_name_plural = _("retention sweeps")
        ordering = ["-swept_on"]

    def __str__(self) -> str:
        return f"{self.swept_on:%Y-%m-%d}"

    def is_late(self, now: datetime) -> bool:
        """Say whether the next one should have come since."""
        return now - (self.finished_at or self.begun_at) > LATE
