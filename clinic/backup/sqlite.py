"""SQLite: a copy by the online backup API, which no writer waits for, and the copy in an empty folder."""

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Self

from django.utils.translation import gettext as _

from clinic.backup.databases import LEFT_OUT, alias, applied
from clinic.backup.errors import DamagedError
from clinic.backup.files import Folder, Named
from clinic.backup.manifest import Table
from clinic.backup.progress import Progress

PAGES = 2048  # copied in one step; 8 MB with pages of the usual size
READ = 1024 * 1024
ROWS = 2000


class SqliteSnapshot:
    kind = "sqlite"
    server = sqlite3.sqlite_version

    def __init__(self, live: Path, scratch: Path, progress: Progress) -> None:
        self.path = scratch / "copy.sqlite3"
        self.exit = ExitStack()
        copy(live, self.path, progress)

    def __enter__(self) -> Self:
        self.alias = self.exit.enter_context(alias("backup", NAME=str(self.path), OPTIONS={}))
        return self

    def __exit__(self, *exception: object) -> None:
        self.exit.close()
        self.path.unlink(missing_ok=True)

    def pieces(self, progress: Progress) -> Iterator[bytes]:
        progress.begin(_("Sealing the database"), self.path.stat().st_size)
        with self.path.open("rb") as file:
            while piece := file.read(READ):
                yield piece
                progress.step(len(piece))

    def tables(self, progress: Progress) -> dict[str, Table]:
        return tables(self.path, progress)

    def migrations(self) -> dict[str, list[str]]:
        return applied(self.alias)

    def named(self, folder: Folder) -> Iterator[Named]:
        yield from folder.named(self.alias)


def copy(live: Path, to: Path, progress: Progress) -> None:
    """Copy the database as it is at this moment.

    The read transaction that is held meanwhile is what makes it one moment: without it each write would make the copy
    begin again, which under load would never end. In WAL nobody waits for a reader.
    """

    def copied(status: int, left: int, total: int) -> None:
        progress.step(total - left - steps[0])
        steps[0] = total - left

    steps = [0]
    to.touch(mode=0o600)
    with closing(sqlite3.connect(live, isolation_level=None)) as source, closing(sqlite3.connect(to)) as target:
        source.execute("PRAGMA query_only=ON")
        source.execute("BEGIN")
        [pages] = source.execute("SELECT page_count FROM pragma_page_count()").fetchone()
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        progress.begin(_("Copying the database"), pages)
        source.backup(target, pages=PAGES, progress=copied, sleep=0.1)
        source.execute("ROLLBACK")
        target.isolation_level = None
        target.execute("PRAGMA secure_delete=ON")
        for name in LEFT_OUT:
            if target.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", [name]).fetchone():
                target.execute(f'DELETE FROM "{name}"')  # noqa: S608 -- a name of our own
        target.execute("PRAGMA journal_mode=DELETE")


def tables(path: Path, progress: Progress) -> dict[str, Table]:
    """Count and hash the rows of every table, each value as SQLite itself quotes it."""
    found = {}
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        names = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'"
            " AND sql NOT LIKE 'CREATE VIRTUAL %' ORDER BY name"
        ).fetchall()
        progress.begin(_("Counting the rows"), len(names))
        for [name] in names:
            if name not in LEFT_OUT:
                found[name] = table(connection, name)
            progress.step(1)
    return found


def table(connection: sqlite3.Connection, name: str) -> Table:
    columns = connection.execute("SELECT name, pk FROM pragma_table_info(?)", [name]).fetchall()
    values = "||','||".join(f"quote({quoted(column)})" for column, _key in columns)
    keys = ", ".join(quoted(column) for column, key in columns if key) or "rowid"
    rows = connection.execute(f"SELECT {values} FROM {quoted(name)} ORDER BY {keys}")  # noqa: S608 -- names, quoted
    count, digest = 0, hashlib.sha256()
    while some := rows.fetchmany(ROWS):
        count += len(some)
        digest.update("".join(f"{row}\n" for [row] in some).encode("utf-8", "surrogatepass"))
    return Table(count, digest.hexdigest())


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


class SqliteRestored:
    def __init__(self, path: Path) -> None:
        self.path = path
        path.touch(mode=0o600, exist_ok=False)
        self.file = path.open("wb")

    def take(self, piece: bytes) -> None:
        self.file.write(piece)

    def finish(self) -> None:
        self.file.close()
        try:
            with closing(sqlite3.connect(self.path)) as connection:
                [said] = connection.execute("PRAGMA integrity_check(1)").fetchone()
        except sqlite3.DatabaseError as error:
            raise DamagedError(_("The database in the backup is none: %(reason)s.") % {"reason": error}) from error
        if said != "ok":
            raise DamagedError(_("The database in the backup is damaged: %(reason)s.") % {"reason": said})

    def abandon(self) -> None:
        self.file.close()

    def tables(self, progress: Progress) -> dict[str, Table]:
        return tables(self.path, progress)

    def migrations(self) -> dict[str, list[str]]:
        with alias("restored", NAME=str(self.path), OPTIONS={}, ENGINE="django.db.backends.sqlite3") as name:
            return applied(name)
