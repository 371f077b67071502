"""Restoring a backup into an empty place: a folder that becomes MESOTRACK_VAR, and with PostgreSQL a database."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.db import connections
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.backup.archive import Hashed
from clinic.backup.checking import Taking, read_through, take_in
from clinic.backup.databases import Restored, alias
from clinic.backup.errors import BackupError
from clinic.backup.manifest import Head, Manifest
from clinic.backup.places import sync_folder
from clinic.backup.postgres import PostgresRestored, require_empty
from clinic.backup.progress import Progress
from clinic.backup.sealing import CHUNK
from clinic.backup.sqlite import SqliteRestored
from clinic.models import Letter

DATABASE = "mesotrack.sqlite3"  # as the settings call it in MESOTRACK_VAR


@dataclass(frozen=True)
class Target:
    """An empty place: a folder, and the database (as in the settings) that a backup of PostgreSQL is restored into."""

    folder: Path
    database: dict[str, Any] | None = None
    database_url: str = ""

    def require_empty(self, head: Head) -> None:
        """Raise `BackupError` where something is there already, or a database is wanted and was not named."""
        if self.folder.exists() and (not self.folder.is_dir() or any(self.folder.iterdir())):
            raise BackupError(
                _("The folder %(path)s is not empty, and only an empty one takes a backup. Nothing was written.")
                % {"path": self.folder}
            )
        if head.database == "sqlite" and self.database:
            raise BackupError(
                _("The backup is of SQLite: its database is a file in the folder, and no other is wanted.")
            )
        if head.database == "postgresql":
            if not self.database:
                raise BackupError(_("The backup is of PostgreSQL: name an empty database with --database."))
            require_empty(self.database)


class Restoring(Taking):
    """Writes everything below the folder. The database of SQLite gets its name last, when all was found right."""

    def __init__(self, target: Target, progress: Progress) -> None:
        super().__init__(self.database_at, progress)
        self.target = target
        self.unfinished = target.folder / f"{DATABASE}.part"

    def database_at(self, head: Head) -> Restored:
        if self.target.database:
            return PostgresRestored(self.target.database)
        return SqliteRestored(self.unfinished)

    def file(self, path: str, file: Hashed) -> None:
        to = self.target.folder / path
        to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as restored:
            while data := file.read(CHUNK):
                restored.write(data)


def unheard(said: str) -> None:
    """Tell nobody."""


def restore(
    path: Path,
    target: Target,
    *,
    progress: Progress,
    migrate: bool = True,
    tombstones: Path | None = None,
    tell: Callable[[str], None] = unheard,
) -> Manifest:
    """Restore a backup into an empty place, bring its tables up to this program, and return what it says.

    Whoever is in the list `tombstones` was erased since the backup was made, and is erased again. What waits in the
    restored clinic for a moment that may be over begins anew, and `tell` is given what somebody has to know of that.
    The whole backup is read before anything is written. Raises `BackupError`, or `OSError` where the machine does not
    let it; what is half there then is named as such.
    """

    def expect(head: Head) -> None:
        target.require_empty(head)

    read_through(path, progress=progress, expect=expect)
    target.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    restoring = Restoring(target, progress)
    manifest = take_in(path, restoring, label=_("Restoring"))
    leave_letters_to_people(restoring)
    os.sync()
    if not target.database:
        restoring.unfinished.replace(target.folder / DATABASE)
        sync_folder(target.folder)
    erased = keep_tombstones(target, tombstones)
    if migrate:
        bring_up_to_date(target)
        try:
            if erased:
                forget_the_erased(target)
        finally:  # whoever could not be erased again keeps nobody else from their time
            settle(target, tell)
    return manifest


def leave_letters_to_people(restoring: Restoring) -> None:
    """Let no letter that was to be sent then go out: it may have been sent since. A person sends it again."""
    there = restoring.target.database or {
        "NAME": str(restoring.unfinished),
        "OPTIONS": {},
        "ENGINE": "django.db.backends.sqlite3",
    }
    with alias("restored", **there) as name:
        if Letter._meta.db_table in connections[name].introspection.table_names():  # not in a backup of before letters
            waiting = Letter.objects.using(name).filter(ended_at=None)
            reason = _("It waited when the backup was made that was restored since")
            waiting.end(Letter.State.UNKNOWN, now=timezone.now(), error=reason)


def keep_tombstones(target: Target, tombstones: Path | None) -> bool:
    """Take the list of who was erased along into the restored clinic; say whether there is one."""
    if tombstones is None or not tombstones.exists():
        return False
    (target.folder / settings.TOMBSTONES.name).write_bytes(tombstones.read_bytes())
    return True


def bring_up_to_date(target: Target) -> None:
    """Migrate the restored database."""
    done = run_there(target, "migrate", "--no-input", "--verbosity=0")
    if done.returncode:
        raise BackupError(
            _("All is restored, but the tables could not be brought up to this version:\n%(reason)s")
            % {"reason": done.stderr.strip()[-2000:]}
        )


def forget_the_erased(target: Target) -> None:
    """Erase again whoever was erased since the backup was made."""
    done = run_there(target, "erase_again")
    if done.returncode:
        raise BackupError(
            _(
                "All is restored, but who was erased since could not be erased again. "
                "Run manage.py erase_again there before anybody works with it:\n%(reason)s"
            )
            % {"reason": done.stderr.strip()[-2000:]}
        )


def settle(target: Target, tell: Callable[[str], None]) -> None:
    """Let what waits begin its time anew, and tell what somebody has to know of it."""
    done = run_there(target, "settle_restored")
    if done.returncode:
        raise BackupError(
            _(
                "All is restored, but erasures that wait could not be given their time anew. "
                "Run manage.py settle_restored there before the worker starts:\n%(reason)s"
            )
            % {"reason": done.stderr.strip()[-2000:]}
        )
    if said := done.stdout.strip():
        tell(said)


def run_there(target: Target, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the program in a process whose only clinic is the restored one."""
    folder = target.folder.resolve()
    url = target.database_url or f"sqlite:///{quote(str(folder / DATABASE))}"
    own = {"DATABASE_URL": url, "MESOTRACK_VAR": str(folder), "PHOTO_ROOT": str(folder / "photos")}
    return subprocess.run(
        [sys.executable, str(settings.BASE_DIR / "manage.py"), *command],
        env=os.environ | own | {"DOSSIER_ROOT": str(folder / "dossiers")},
        capture_output=True,
        text=True,
        check=False,
    )
