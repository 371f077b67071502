"""Trying a backup: everything in it read, and its database restored into an empty place beside the live one."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, cast

from django.db import connection
from django.utils.translation import gettext as _

from clinic.backup.archive import Hashed, read
from clinic.backup.databases import Restored
from clinic.backup.errors import DamagedError, NotSetUpError
from clinic.backup.keys import keys
from clinic.backup.manifest import Head, Manifest, differences, require_known_migrations
from clinic.backup.postgres import PostgresRestored, scratch_database
from clinic.backup.progress import Progress
from clinic.backup.sealing import CHUNK, Unsealer
from clinic.backup.sqlite import SqliteRestored

Opener = Callable[[Head], Restored | None]


class Taking:
    """Takes a backup in: the database into where `opener` says, each file read to its end."""

    def __init__(self, opener: Opener, progress: Progress) -> None:
        self.opener = opener
        self.progress = progress
        self.restored: Restored | None = None

    def begin(self, head: Head) -> None:
        self.restored = self.opener(head)

    def database(self, piece: bytes) -> None:
        if self.restored:
            self.restored.take(piece)

    def file(self, path: str, file: Hashed) -> None:
        while file.read(CHUNK):
            continue


class Counted:
    """A file whose reading is progress."""

    def __init__(self, path: Path, progress: Progress) -> None:
        self.file = path.open("rb")
        self.progress = progress

    def read(self, size: int) -> bytes:
        data = self.file.read(size)
        self.progress.step(len(data))
        return data


def check(path: Path, scratch: Path, *, progress: Progress) -> Manifest:
    """Restore the backup's database into an empty place and count it; read every file. Return what the backup says.

    Raises `DamagedError` where anything is not what was written, `BackupError` where it could not be tried.
    """
    with ExitStack() as stack:

        def opener(head: Head) -> Restored:
            if head.database == "sqlite":
                return SqliteRestored(scratch / "tried.sqlite3")
            if connection.vendor != "postgresql":
                raise NotSetUpError(
                    _("The backup is of PostgreSQL. DATABASE_URL has to name a server where it can be tried.")
                )
            return PostgresRestored(stack.enter_context(scratch_database()))

        return take_in(path, Taking(opener, progress), label=_("Trying the backup"))


def read_through(path: Path, *, progress: Progress, expect: Opener) -> Manifest:
    """Find out whether the backup is whole, without restoring anything. `expect` may refuse it by its head."""
    return take_in(path, Taking(expect, progress), label=_("Reading the backup"))


def take_in(path: Path, taking: Taking, *, label: str) -> Manifest:
    """Let `taking` have everything in the backup, and compare what became of the database with what it should be."""
    taking.progress.begin(label, path.stat().st_size)
    source = Counted(path, taking.progress)
    try:
        with source.file:
            manifest = read(Unsealer(cast(BinaryIO, source), keys()), taking)
        require_known_migrations(manifest)
        if taking.restored:
            taking.restored.finish()
            compare(taking.restored, manifest, taking.progress)
    finally:
        if taking.restored:
            taking.restored.abandon()
    return manifest


def compare(restored: Restored, manifest: Manifest, progress: Progress) -> None:
    lines = differences(restored.tables(progress), manifest.tables)
    if restored.migrations() != manifest.migrations:
        lines.append(_("The applied migrations are not those that were written."))
    if lines:
        raise DamagedError("\n".join(lines))
