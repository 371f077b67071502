from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

# A sweep comes every five minutes, and a long one may keep the next waiting: after this much silence it has stopped.
SILENCE = timedelta(minutes=20)


class Heartbeat(models.Model):
    """When a piece of work that comes again and again was done last. One row each: who watches asks it, not a log."""

    name = models.SlugField(_("work"), max_length=40, unique=True)
    beat_at = models.DateTimeField(_("last done at"))

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def beat(cls, name: str, now: datetime) -> None:
        """Note that the work was done now. A clock set back is believed: it is what "lately" is measured by."""
        cls.objects.update_or_create(name=name, defaults={"beat_at": now})

    @classmethod
    def of(cls, name: str) -> Self | None:
        return cls.objects.filter(name=name).first()

    def is_silent(self, now: datetime) -> bool:
        return now - self.beat_at > SILENCE
