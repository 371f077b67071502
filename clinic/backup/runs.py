"""Each backup and each trial with its row, which says what became of it, whoever asked for it."""

import logging
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import DatabaseError, OperationalError, ProgrammingError, transaction

from clinic.backup.checking import check
from clinic.backup.making import Clock, Made, alone, make
from clinic.backup.manifest import Manifest
from clinic.backup.places import Place
from clinic.backup.progress import Progress
from clinic.models import BackupRun

log = logging.getLogger(__name__)

SECONDS = 30  # between two signs of life


class SignOfLife:
    """Passes progress on, and lets the row of the run say now and then that it is still under way."""

    def __init__(self, run: BackupRun | None, clock: Clock, progress: Progress) -> None:
        self.run = run
        self.clock = clock
        self.progress = progress
        self.said_at = time.monotonic()

    def begin(self, label: str, total: int) -> None:
        self.progress.begin(label, total)

    def step(self, count: int) -> None:
        self.progress.step(count)
        if self.run and time.monotonic() - self.said_at > SECONDS:
            self.said_at = time.monotonic()
            with suppress(DatabaseError):  # the backup matters more than its sign of life
                BackupRun.objects.filter(pk=self.run.pk).update(seen_at=self.clock())


def begin(kind: BackupRun.Kind, now: datetime, *, place: str, occasion: str = "") -> BackupRun | None:
    """Write the row of a run; None where no table is there for it: on a new machine, or before an upgrade migrates.

    Raises `IntegrityError` where another worker has taken the occasion.
    """
    try:
        with transaction.atomic():
            return BackupRun.objects.create(kind=kind, started_at=now, seen_at=now, place=place, occasion=occasion)
    except (OperationalError, ProgrammingError):
        log.warning("There is no table for the runs of backups yet; this one is not recorded.")
        return None


def record_backup(
    place: Place,
    *,
    clock: Clock,
    progress: Progress,
    keep: int | None = None,
    verify: bool = True,
    run: BackupRun | None = None,
) -> Made:
    """Make a backup as `make` does, and keep a row of how that went; `run` is one that was begun already."""
    with alone() as scratch:
        run = run or begin(BackupRun.Kind.BACKUP, clock(), place=str(place))
        try:
            made = make(
                place, scratch, clock=clock, progress=SignOfLife(run, clock, progress), keep=keep, verify=verify
            )
        except Exception as error:
            fail(run, clock(), error)
            raise
        ended = clock()
        finish(
            run,
            ended,
            tried_at=ended if made.is_tried else None,
            name=made.name,
            size_bytes=made.size_bytes,
            missing_count=len(made.manifest.missing),
            **counted(made.manifest),
        )
    return made


def record_trial(path: Path, *, clock: Clock, progress: Progress, place: str = "") -> Manifest:
    """Try a backup as `check` does, and keep a row of how that went; `place` is where a fetched one comes from."""
    with alone() as scratch:
        run = begin(BackupRun.Kind.TRIAL, clock(), place=place or str(path.resolve().parent))
        try:
            manifest = check(path, scratch, progress=SignOfLife(run, clock, progress))
        except Exception as error:
            fail(run, clock(), error, name=path.name)
            raise
        ended = clock()
        finish(run, ended, tried_at=ended, name=path.name, size_bytes=path.stat().st_size, **counted(manifest))
    return manifest


def counted(manifest: Manifest) -> dict[str, int]:
    return {"row_count": manifest.rows, "file_count": manifest.files}


def in_words(error: Exception) -> str:
    """Say what went wrong without the numbers that a system puts before it."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return str(error) or type(error).__name__


def finish(run: BackupRun | None, now: datetime, **facts: Any) -> None:
    if run:
        BackupRun.objects.finish(run, now, **facts)


def fail(run: BackupRun | None, now: datetime, error: Exception, **facts: str) -> None:
    """Write what went wrong, where the database still takes it."""
    try:
        finish(run, now, error=in_words(error), **facts)
    except DatabaseError:
        log.exception("The row of a backup that failed could not be written.")
