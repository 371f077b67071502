"""How backups stand: what the page of backups says first, and Today and the navigation where it cannot wait."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core.cache import caches
from django.utils import timezone

from clinic.backup.schedule import is_set_up, next_due
from clinic.http import Request
from clinic.models import BackupRun
from clinic.models.backup_run import STALE
from clinic.navigation import Counts

SECONDS_KEPT = 60


@dataclass(frozen=True)
class Standing:
    is_set_up: bool
    last_good: BackupRun | None
    last_tried: BackupRun | None
    next_due_at: datetime | None
    is_stale: bool  # older than a day and two hours, or never

    @property
    def wants_attention(self) -> bool:
        """Say whether an admin has to do something. A developer's machine without backups is nobody's worry."""
        return self.is_stale and (self.is_set_up or settings.PRODUCTION)


def standing(now: datetime) -> Standing:
    good = BackupRun.objects.last_good_backup()
    return Standing(
        is_set_up=is_set_up(),
        last_good=good,
        last_tried=BackupRun.objects.last_tried(),
        next_due_at=next_due(now) if is_set_up() else None,
        is_stale=good is None or good.started_at < now - STALE,
    )


def wants_attention(now: datetime) -> bool:
    """Say the same with one query at most, and not more often than once a minute: every page of an admin asks."""
    if not (is_set_up() or settings.PRODUCTION):
        return False
    found: bool | None = caches["worker"].get("backups-want-attention")
    if found is None:
        good = BackupRun.objects.last_good_backup()
        found = good is None or good.started_at < now - STALE
        caches["worker"].set("backups-want-attention", found, SECONDS_KEPT)
    return found


def counts(request: Request) -> Counts:
    return Counts(urgent=int(wants_attention(timezone.now())))
