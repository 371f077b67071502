"""Where backups are kept: a folder of this machine, or a bucket of S3. Only a whole backup ever has its name there."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from django.core.files import File
from django.core.files.storage import Storage
from django.utils.translation import gettext as _

from clinic.backup.errors import BackupError, NotSetUpError

NAME = re.compile(r"mesotrack-\d{8}-\d{6}\.backup")
LEFT_BEHIND = timedelta(days=1)  # a run takes minutes


def name_at(moment: datetime) -> str:
    """Return the name of a backup begun at this moment (UTC): names in order are backups in order."""
    return f"mesotrack-{moment:%Y%m%d-%H%M%S}.backup"


class Place(Protocol):
    def begin(self, name: str, scratch: Path) -> Path:
        """Return where to write a backup that is to have this name."""

    def finish(self, unfinished: Path, name: str) -> None:
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

    def finish(self, unfinished: Path, name: str) -> None:
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


class BucketPlace:
    """A storage of Django's, for S3 that of django-storages. The backup is made and tried here, and then sent."""

    def __init__(self, storage: Storage, written: str) -> None:
        self.storage = storage
        self.written = written

    def __str__(self) -> str:
        return self.written

    def begin(self, name: str, scratch: Path) -> Path:
        with self.answering():
            if self.storage.exists(name):
                raise BackupError(_("There is a backup %(name)s already.") % {"name": name})
        return scratch / name

    def finish(self, unfinished: Path, name: str) -> None:
        """A bucket shows a file once all of it has come; what came is measured all the same."""
        with self.answering(), unfinished.open("rb") as file:
            kept = self.storage.save(name, File(file))
            if kept != name or self.storage.size(kept) != unfinished.stat().st_size:
                self.storage.delete(kept)
                raise BackupError(_("The backup did not arrive whole at %(place)s.") % {"place": self})

    def names(self) -> list[str]:
        with self.answering():
            return sorted(name for name in self.storage.listdir("")[1] if NAME.fullmatch(name))

    def remove(self, name: str) -> None:
        with self.answering():
            self.storage.delete(name)

    def tidy(self, now: datetime) -> None:
        """Nothing is left behind by its name; parts that were never put together go by the bucket's own rule."""

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Raise `BackupError` for whatever the other side's client raises: its own errors are no family of ours."""
        try:
            yield
        except BackupError:
            raise
        except Exception as error:
            raise BackupError(_("%(place)s: %(reason)s") % {"place": self, "reason": error}) from error


def bucket_place(written: str) -> BucketPlace:
    """Return the place that s3://bucket/prefix names. Who one is there, boto3 finds in the environment as ever."""
    try:
        from storages.backends.s3 import S3Storage  # noqa: PLC0415 -- installed only where a bucket is wanted
    except ImportError as error:
        raise NotSetUpError(_("A bucket wants another package: pip install django-storages[s3]")) from error
    bucket, _slash, prefix = written.removeprefix("s3://").partition("/")
    if not bucket:
        raise NotSetUpError(_("%(place)s is no place for backups.") % {"place": written})
    return BucketPlace(S3Storage(bucket_name=bucket, location=prefix, default_acl=None, file_overwrite=False), written)


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


def place_of(written: str) -> Place:
    """Return the place that a folder's path or s3://bucket/prefix names."""
    if not written:
        raise NotSetUpError(_("Nobody said where to: set BACKUP_TO, or name a folder with --to."))
    if written.startswith("s3://"):
        return bucket_place(written)
    if "://" in written:
        raise NotSetUpError(_("%(place)s is no place for backups.") % {"place": written})
    return FolderPlace(Path(written).expanduser())
