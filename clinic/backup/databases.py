"""What both databases have in common: a name for a moment, the applied migrations, and the tables that stay behind."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from django.conf import settings
from django.db import connections
from django.db.migrations.recorder import MigrationRecorder
from django.db.utils import load_backend

from clinic.backup.files import Folder, Named
from clinic.backup.manifest import Table
from clinic.backup.progress import Progress

# Who is signed in, and what is counted for some minutes: a backup has no way in, and everybody signs in anew.
LEFT_OUT = ("django_session", settings.CACHES["default"].get("LOCATION") or "clinic_cache")


class Snapshot(Protocol):
    """The database as it was at one moment, however many write meanwhile."""

    kind: str
    server: str

    def pieces(self, progress: Progress) -> Iterator[bytes]:
        """Yield the database's own copy."""

    def tables(self, progress: Progress) -> dict[str, Table]: ...

    def migrations(self) -> dict[str, list[str]]: ...

    def named(self, folder: Folder) -> Iterator[Named]:
        """Yield the files that the rows of this moment name."""


class Restored(Protocol):
    """An empty place that a database is restored into."""

    def take(self, piece: bytes) -> None: ...

    def finish(self) -> None:
        """Raise `BackupError` where it did not become a database."""

    def abandon(self) -> None:
        """Let go of what was begun."""

    def tables(self, progress: Progress) -> dict[str, Table]: ...

    def migrations(self) -> dict[str, list[str]]: ...


@contextmanager
def alias(name: str, **changes: Any) -> Iterator[str]:
    """Have another connection beside "default" under a name, for a while and in this thread alone."""
    found = copy.deepcopy(connections["default"].settings_dict) | changes
    connections[name] = load_backend(found["ENGINE"]).DatabaseWrapper(found, name)
    try:
        yield name
    finally:
        connections[name].close()
        del connections[name]


def applied(name: str) -> dict[str, list[str]]:
    """Return the applied migrations of the database under this alias, by app."""
    by_app: dict[str, list[str]] = {}
    for app, migration in sorted(MigrationRecorder(connections[name]).applied_migrations()):
        by_app.setdefault(app, []).append(migration)
    return by_app
