"""Where backups are kept: a folder of this machine, or a bucket of S3. Only a whole backup ever has its name there."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.utils.translation import gettext as _

from clinic.backup.errors import BackupError, NotSetUpError
from clinic.backup.progress import Progress

NAME = re.compile(r"mesotrack-\d{8}-\d{6}\.backup")
LEFT_BEHIND = timedelta(days=1)  # a run takes minutes


def name_at(moment: datetime) -> str:
    """Return the name of a backup begun at this moment (UTC): names in order are backups in order."""
    return f"mesotrack-{moment:%Y%m%d-%H%M%S}.backup"


class Place(Protocol):
    def begin(self, name: str, scratch: Path) -> Path:
        """Return where to write a backup that is to have this name."""

    def finish(self, unfinished: Path, name: str, progress: Progress) -> None:
        """Give a backup that is whole its name."""

    def names(self) -> list[str]:
        """Return the backups that are there, the oldest first."""

    def remove(self, name: str) -> None: ...

    def tidy(self, now: datetime) -> None:
        """Remove what killed runs left behind."""


class FolderPlace:
    def __init__(self, root: Path) -> None:
        self.root = root

    def __str__(self) -> str:
        return str(self.root)

    def begin(self, name: str, scratch: Path) -> Path:
        """Raises `NotSetUpError` where there is no folder: one made here might hide under a disk not mounted."""
        if not self.root.is_dir():
            raise NotSetUpError(_("There is no folder %(path)s.") % {"path": self.root})
        if (self.root / name).exists():
            raise BackupError(_("There is a backup %(name)s already.") % {"name": name})
        return self.root / f".{name}.part"

    def finish(self, unfinished: Path, name: str, progress: Progress) -> None:
        unfinished.replace(self.root / name)
        sync_folder(self.root)

    def names(self) -> list[str]:
        return sorted(path.name for path in self.root.iterdir() if NAME.fullmatch(path.name))

    def remove(self, name: str) -> None:
        (self.root / name).unlink(missing_ok=True)

    def tidy(self, now: datetime) -> None:
        for path in self.root.glob(".mesotrack-*.backup.part"):
            if path.stat().st_mtime < (now - LEFT_BEHIND).timestamp():
                path.unlink(missing_ok=True)


def sync_folder(root: Path) -> None:
    """Let the names in a folder survive a power cut."""
    number = os.open(root, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def prune(place: Place, keep: int) -> list[str]:
    """Remove all but the `keep` newest backups, and return the names of those that went."""
    old = place.names()[:-keep]
    for name in old:
        place.remove(name)
    return old


def is_bucket(written: str) -> bool:
    return written.startswith("s3://")


def place_of(written: str) -> Place:
    """Return the place that a folder's path or s3://bucket/prefix names."""
    if not written:
        raise NotSetUpError(_("Nobody said where to: set BACKUP_TO, or name a folder with --to."))
    if is_bucket(written):
        from clinic.backup.s3 import BucketPlace  # noqa: PLC0415 -- takes half a second to load, and most have none

        return BucketPlace(written)
    if "://" in written:
        raise NotSetUpError(_("%(place)s is no place for backups.") % {"place": written})
    return FolderPlace(Path(written).expanduser())


@contextmanager
def at_hand(written: str, now: datetime) -> Iterator[Path]:
    """Give the backup that a path or s3://bucket/prefix/name names as a file of this machine, for as long.

    What a killed one fetched a day ago goes. Raises `BackupError` where the bucket does not give it.
    """
    if not is_bucket(written):
        yield Path(written)
        return
    from clinic.backup.s3 import BucketPlace  # noqa: PLC0415 -- as in `place_of`

    where, _slash, name = written.rpartition("/")
    if not NAME.fullmatch(name):
        raise NotSetUpError(_("%(name)s is no name of a backup.") % {"name": name})
    root = settings.VAR_DIR / "backup"
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in root.glob("fetched-*"):
        if left.stat().st_mtime < (now - LEFT_BEHIND).timestamp():
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="fetched-", dir=root) as folder:
        BucketPlace(where).fetch(name, Path(folder) / name)
        yield Path(folder) / name
