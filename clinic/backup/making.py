"""Making a backup: one moment of the database and the files it names, sealed, tried, and only then given its name."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from clinic.backup.archive import Writer
from clinic.backup.checking import check
from clinic.backup.databases import LEFT_OUT, Snapshot
from clinic.backup.errors import BackupError
from clinic.backup.files import Folder, Named, folders
from clinic.backup.keys import keys
from clinic.backup.manifest import Head, Manifest
from clinic.backup.places import Place, name_at, prune
from clinic.backup.postgres import PostgresSnapshot
from clinic.backup.progress import Progress
from clinic.backup.sealing import Sealer
from clinic.backup.sqlite import SqliteSnapshot

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Made:
    name: str
    size_bytes: int
    manifest: Manifest
    is_tried: bool  # restored into an empty place and counted
    pruned: list[str]


def make(
    place: Place, scratch: Path, *, clock: Clock, progress: Progress, keep: int | None = None, verify: bool = True
) -> Made:
    """Make a backup in a place, by whoever is `alone`. Where it was tried and is good, the `keep` newest stay.

    Raises `BackupError`, or `OSError` where the machine does not let it: in either case nothing is there that has the
    name of a backup.
    """
    first = keys()[0]
    started = clock()
    name = name_at(started)
    unfinished = place.begin(name, scratch)
    place.tidy(started)
    try:
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            manifest = write(Sealer(file, first), scratch, started=started, clock=clock, progress=progress)
            file.flush()
            os.fsync(file.fileno())
        size = unfinished.stat().st_size
        if verify:
            check(unfinished, scratch, progress=progress)
        place.finish(unfinished, name, progress)
    finally:
        unfinished.unlink(missing_ok=True)
    pruned = prune(place, keep) if keep and verify else []
    return Made(name, size, manifest, verify, pruned)


def write(sealer: Sealer, scratch: Path, *, started: datetime, clock: Clock, progress: Progress) -> Manifest:
    with snapshot(scratch, progress) as now:
        head = Head(settings.VERSION, now.kind, started.isoformat())
        with Writer(sealer, head) as archive:
            archive.database(now.pieces(progress))
            tables = now.tables(progress)
            missing = [path for folder in folders() for path in add_files(archive, now, folder, progress)]
            manifest = Manifest(
                head=head,
                finished_at=clock().isoformat(),
                server=now.server,
                migrations=now.migrations(),
                tables=tables,
                left_out=list(LEFT_OUT),
                files=archive.files,
                files_bytes=archive.files_bytes,
                missing=missing,
            )
            archive.finish(manifest)
    return manifest


def snapshot(scratch: Path, progress: Progress) -> AbstractContextManager[Snapshot]:
    if connection.vendor == "postgresql":
        return PostgresSnapshot()
    return SqliteSnapshot(Path(connection.settings_dict["NAME"]), scratch, progress)


def add_files(archive: Writer, now: Snapshot, folder: Folder, progress: Progress) -> Iterator[str]:
    """Add the files that the rows name, and yield the paths of those that are not there.

    A row may name a file that has since become another; what is in its place then is as good.
    """
    progress.begin(_("Sealing the files"), 0)
    root = folder.root()
    for named in now.named(folder):
        found = present(root, named)
        if not found:
            yield f"{folder.name}/{named.path}"
        for path, file in found:
            with file:
                archive.file(f"{folder.name}/{path}", file, os.fstat(file.fileno()).st_size)
            progress.step(1)


def present(root: Path, named: Named) -> list[tuple[str, BinaryIO]]:
    """Open the file that is named, or all of those in its place; nothing where one of these is not there."""
    for paths in ((named.path,), named.instead):
        opened: list[tuple[str, BinaryIO]] = []
        try:
            for path in paths:
                opened.append((path, (root / path).open("rb")))  # noqa: PERF401 -- those before the missing one are closed
        except FileNotFoundError:
            for _path, file in opened:
                file.close()
        else:
            return opened
    return []


@contextmanager
def alone() -> Iterator[Path]:
    """Be the only one on this machine who makes or tries a backup, with a folder for what is needed meanwhile.

    What a killed one left there goes. The lock is the kernel's, and ends with the process however that ends.
    """
    root = settings.VAR_DIR / "backup"
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (root / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BackupError(_("A backup is being made or tried at this moment.")) from error
        for left in root.glob("scratch-*"):
            shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix="scratch-", dir=root) as scratch:
            yield Path(scratch)
