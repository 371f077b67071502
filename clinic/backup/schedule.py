"""The backup of each day, by the worker. Rows say what was done: what one that died left undone, another does."""

import logging
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import IntegrityError

from clinic.backup.errors import BackupError
from clinic.backup.making import Clock
from clinic.backup.places import place_of
from clinic.backup.progress import Silent
from clinic.backup.runs import begin, fail, record_backup
from clinic.models import BackupRun

log = logging.getLogger(__name__)

TRIES = 3  # a day
PAUSE = timedelta(hours=1)  # after one that failed


def is_set_up() -> bool:
    return bool(settings.BACKUP_TO and settings.BACKUP_KEY)


def last_due(now: datetime) -> datetime:
    """Return when the last daily backup was due: BACKUP_HOUR o'clock (UTC), today or yesterday."""
    today = now.astimezone(UTC).replace(hour=settings.BACKUP_HOUR, minute=0, second=0, microsecond=0)
    return today if today <= now else today - timedelta(days=1)


def next_due(now: datetime) -> datetime:
    return last_due(now) + timedelta(days=1)


def occasion_due(now: datetime) -> str:
    """Return the day and try that is due now, "2026-03-02/1", or nothing."""
    if not is_set_up():
        return ""
    due = last_due(now)
    since = BackupRun.objects.backups().filter(started_at__gte=due)
    tries = since.exclude(occasion="").newest_first()
    last = tries.first()
    if since.good().exists() or since.working(now).exists() or len(tries) >= TRIES:
        return ""
    if last and (last.finished_at or last.seen_at) > now - PAUSE:
        return ""
    return f"{due:%Y-%m-%d}/{len(tries) + 1}"


def make_what_is_due(clock: Clock) -> bool:
    """Make the day's backup where it is due and no other worker has taken it; say whether one was made."""
    occasion = occasion_due(clock())
    if not occasion:
        return False
    try:
        run = begin(BackupRun.Kind.BACKUP, clock(), place=settings.BACKUP_TO, occasion=occasion)
    except IntegrityError:  # another worker was quicker
        return False
    try:
        record_backup(place_of(settings.BACKUP_TO), clock=clock, progress=Silent(), keep=settings.BACKUP_KEEP, run=run)
    except (BackupError, OSError) as error:
        fail(run, clock(), error)
        log.error("The day's backup was not made: %s", error)  # noqa: TRY400 -- foreseen, and said in full
        return False
    return True
