"""What a backup says of itself: whose program and database it is, and what has to come out of it again."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db.migrations.loader import MigrationLoader
from django.utils.translation import gettext as _

from clinic.backup.errors import BackupError, DamagedError

FORMAT = 1


@dataclass(frozen=True)
class Table:
    """What is in one table: how many rows, and one SHA-256 over all of them in the order of their keys."""

    rows: int
    sha256: str


@dataclass(frozen=True)
class Head:
    """What stands before everything else, so that a reader knows what is coming."""

    program: str
    database: str  # "sqlite" or "postgresql"
    started_at: str  # ISO 8601
    format: int = FORMAT


@dataclass(frozen=True)
class Manifest:
    """What stands last. `migrations` are the applied ones by app, `missing` the named files that were not there."""

    head: Head
    finished_at: str
    server: str
    migrations: dict[str, list[str]]
    tables: dict[str, Table]
    left_out: list[str]
    files: int
    files_bytes: int
    missing: list[str] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables.values())


def written(of: Head | Manifest) -> bytes:
    return json.dumps(asdict(of), indent=1, sort_keys=True).encode()


def read_head(data: bytes) -> Head:
    """Raises `BackupError` for a format of a later version, `DamagedError` for what is no head."""
    found = parsed(data)
    if found.get("format") != FORMAT:
        raise BackupError(
            _("The backup has format %(number)s, which this version does not know.") % {"number": found.get("format")}
        )
    try:
        return Head(**found)
    except TypeError as error:
        raise DamagedError(_("The backup does not say what is in it.")) from error


def read_manifest(data: bytes) -> Manifest:
    found = parsed(data)
    try:
        tables = {name: Table(**table) for name, table in found.pop("tables").items()}
        return Manifest(head=Head(**found.pop("head")), tables=tables, **found)
    except (KeyError, TypeError, AttributeError) as error:
        raise DamagedError(_("The backup does not say what is in it.")) from error


def parsed(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except ValueError as error:
        raise DamagedError(_("The backup does not say what is in it.")) from error
    if not isinstance(found, dict):
        raise DamagedError(_("The backup does not say what is in it."))
    return found


def require_known_migrations(manifest: Manifest) -> None:
    """Raise `BackupError` for a backup of a newer program: its tables are not those of this one."""
    known = MigrationLoader(None).disk_migrations
    ours = {app for app, _name in known or {}}
    newer = [
        f"{app}.{name}"
        for app, names in manifest.migrations.items()
        for name in names
        if app in ours and (app, name) not in (known or {}) and not replaced(known, app, name)
    ]
    if newer:
        raise BackupError(
            _("The backup is of version %(version)s, newer than this one: it has the migration %(name)s.")
            % {"version": manifest.head.program, "name": newer[0]}
        )


def replaced(known: Any, app: str, name: str) -> bool:
    return any((app, name) in migration.replaces for migration in known.values())


def differences(found: dict[str, Table], promised: dict[str, Table]) -> list[str]:
    """Say in words which tables are not what the manifest promises."""
    lines = []
    for name in sorted(found.keys() | promised.keys()):
        here, there = found.get(name), promised.get(name)
        if here is None or there is None:
            lines.append(_("The table %(name)s is only on one side.") % {"name": name})
        elif here.rows != there.rows:
            lines.append(
                _("The table %(name)s has %(here)s rows, not %(there)s.")
                % {"name": name, "here": here.rows, "there": there.rows}
            )
        elif here.sha256 != there.sha256:
            lines.append(_("The rows of the table %(name)s are not those that were written.") % {"name": name})
    return lines
