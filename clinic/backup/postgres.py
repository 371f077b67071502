"""PostgreSQL: pg_dump of one snapshot, and pg_restore into an empty database. Neither ever sees a shell."""

import copy
import hashlib
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import IO, Any, Self, cast

import psycopg
from django.db import connections, transaction
from django.utils.translation import gettext as _
from psycopg import IsolationLevel, sql
from psycopg.conninfo import make_conninfo

from clinic.backup.databases import LEFT_OUT, alias, applied
from clinic.backup.errors import BackupError, NotSetUpError
from clinic.backup.files import Folder, Named
from clinic.backup.manifest import Table
from clinic.backup.progress import Progress

READ = 1024 * 1024
# The text of a value depends on these, and so does the hash of a row.
FIXED = (
    "SET LOCAL TIME ZONE 'UTC'",
    "SET LOCAL DateStyle TO 'ISO, YMD'",
    "SET LOCAL IntervalStyle TO 'postgres'",
    "SET LOCAL bytea_output TO 'hex'",
    "SET LOCAL extra_float_digits TO 1",
)
TABLES = """
    SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND n.nspname = 'public' ORDER BY c.relname COLLATE "C"
"""
KEYS = """
    SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)
    WHERE i.indrelid = %s::regclass AND i.indisprimary ORDER BY array_position(i.indkey::int2[], a.attnum)
"""
LEFT_BEHIND = """
    SELECT datname FROM pg_database WHERE starts_with(datname::text, %s) AND pg_get_userbyid(datdba) = current_user
"""
THINGS = "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public'"


class PostgresSnapshot:
    kind = "postgresql"

    def __init__(self) -> None:
        self.program = tool("pg_dump")
        self.exit = ExitStack()

    def __enter__(self) -> Self:
        options = connections["default"].settings_dict["OPTIONS"]
        options = {name: value for name, value in options.items() if name != "pool"}
        options["isolation_level"] = IsolationLevel.REPEATABLE_READ
        self.alias = self.exit.enter_context(alias("backup", OPTIONS=options))
        self.exit.enter_context(transaction.atomic(using=self.alias))
        with connections[self.alias].cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
            cursor.execute("SELECT pg_export_snapshot(), current_setting('server_version')")
            self.name, self.server = cursor.fetchone()
        return self

    def __exit__(self, *exception: object) -> None:
        self.exit.close()

    def pieces(self, progress: Progress) -> Iterator[bytes]:
        progress.begin(_("Dumping the database"), 0)
        command = [
            self.program,
            "--format=custom",
            "--compress=0",
            f"--snapshot={self.name}",
            "--no-owner",
            "--no-privileges",
            "--lock-wait-timeout=60000",
            "--no-password",
            *(f"--exclude-table-data=public.{name}" for name in LEFT_OUT),
        ]
        with tempfile.TemporaryFile() as said:
            environment = for_tools(connections["default"].settings_dict)
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, env=environment)
            try:
                out = cast(IO[bytes], process.stdout)
                while piece := out.read(READ):
                    yield piece
                    progress.step(len(piece))
                if process.wait():
                    raise BackupError(_("pg_dump gave up: %(reason)s") % {"reason": last_words(said)})
            finally:
                process.kill()
                process.wait()
                out.close()

    def tables(self, progress: Progress) -> dict[str, Table]:
        return tables(connections[self.alias].connection, progress)

    def migrations(self) -> dict[str, list[str]]:
        return applied(self.alias)

    def named(self, folder: Folder) -> Iterator[Named]:
        yield from folder.named(self.alias)


def tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise NotSetUpError(
            _("%(name)s is not installed. It comes with PostgreSQL's client, of the server's version or newer.")
            % {"name": name}
        )
    return found


def connection_values(database: dict[str, Any]) -> dict[str, str]:
    """Return what libpq wants to know of a database of the settings."""
    values = {
        "dbname": database["NAME"],
        "user": database["USER"],
        "password": database["PASSWORD"],
        "host": database["HOST"],
        "port": str(database["PORT"]),
    }
    known = {option.keyword.decode() for option in psycopg.pq.Conninfo.get_defaults()}
    values |= {name: str(value) for name, value in database.get("OPTIONS", {}).items() if name in known}
    return {name: value for name, value in values.items() if value}


def connect(database: dict[str, Any], *, autocommit: bool = False) -> psycopg.Connection:
    return psycopg.connect(make_conninfo(**connection_values(database)), autocommit=autocommit)


def for_tools(database: dict[str, Any]) -> dict[str, str]:
    """Return the environment for pg_dump and pg_restore: a password in the arguments could be seen by everybody."""
    variables = {
        option.keyword.decode(): option.envvar.decode()
        for option in psycopg.pq.Conninfo.get_defaults()
        if option.envvar is not None
    }
    values = connection_values(database)
    return os.environ | {variables[name]: value for name, value in values.items() if name in variables}


def last_words(said: IO[bytes]) -> str:
    said.seek(0)
    return said.read(2000).decode(errors="replace").strip() or _("without a word")


def tables(connection: psycopg.Connection, progress: Progress) -> dict[str, Table]:
    """Count and hash the rows of every table, as COPY writes them in the order of the primary key."""
    with connection.cursor() as cursor:
        for line in FIXED:
            cursor.execute(line)
        names = [name for [name] in cursor.execute(TABLES).fetchall()]
        progress.begin(_("Counting the rows"), len(names))
        found = {}
        for name in names:
            if name not in LEFT_OUT:
                found[name] = table(cursor, name)
            progress.step(1)
        return found


def table(cursor: psycopg.Cursor, name: str) -> Table:
    keys = [key for [key] in cursor.execute(KEYS, [sql.Identifier("public", name).as_string(cursor)]).fetchall()]
    order = sql.SQL(", ").join(map(sql.Identifier, keys)) if keys else sql.SQL("t::text")
    digest, rows = hashlib.sha256(), 0
    query = sql.SQL("COPY (SELECT * FROM {} t ORDER BY {}) TO STDOUT").format(sql.Identifier("public", name), order)
    with cursor.copy(query) as rows_out:
        for row in rows_out:
            digest.update(row)
            rows += 1
    return Table(rows, digest.hexdigest())


class PostgresRestored:
    """A database that is there and empty. Everything comes in one transaction: all of it, or nothing."""

    def __init__(self, database: dict[str, Any]) -> None:
        program = tool("pg_restore")
        self.database = database
        require_empty(database)
        self.said = tempfile.TemporaryFile()  # noqa: SIM115 -- as long as the process
        command = [
            program,
            "--no-owner",
            "--no-privileges",
            "--exit-on-error",
            "--single-transaction",
            "--no-password",
            f"--dbname={database['NAME']}",
        ]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stderr=self.said, stdout=subprocess.DEVNULL, env=for_tools(database)
        )

    @property
    def pipe(self) -> IO[bytes]:
        return cast(IO[bytes], self.process.stdin)

    def take(self, piece: bytes) -> None:
        try:
            self.pipe.write(piece)
        except BrokenPipeError:
            self.finish()
            raise

    def finish(self) -> None:
        with suppress(BrokenPipeError):  # what it said is the reason
            self.pipe.close()
        if self.process.wait():
            raise BackupError(_("pg_restore gave up: %(reason)s") % {"reason": last_words(self.said)})

    def abandon(self) -> None:
        self.process.kill()
        self.process.wait()
        with suppress(BrokenPipeError):
            self.pipe.close()
        self.said.close()

    def tables(self, progress: Progress) -> dict[str, Table]:
        with connect(self.database) as connection:
            return tables(connection, progress)

    def migrations(self) -> dict[str, list[str]]:
        with alias("restored", **self.database) as name:
            return applied(name)


@contextmanager
def scratch_database() -> Iterator[dict[str, Any]]:
    """Have an empty database on the clinic's own server, for a while. The role needs CREATEDB for that.

    Those that killed runs of this clinic left behind go first: the ones to which nobody holds a connection any more.
    """
    default = connections["default"].settings_dict
    begins = f"{default['NAME'][:40]}_check_"
    database = copy.deepcopy(default) | {"NAME": f"{begins}{secrets.token_hex(6)}"}
    name = sql.Identifier(database["NAME"])
    try:
        with closing(connect(default, autocommit=True)) as server:
            for [left] in server.execute(LEFT_BEHIND, [begins]).fetchall():
                with suppress(psycopg.errors.ObjectInUse):
                    server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(left)))
            server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(name))
            try:
                with closing(connect(database)):
                    yield database
            finally:
                server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
    except psycopg.errors.InsufficientPrivilege as error:
        raise NotSetUpError(
            _("The backup cannot be tried: the role “%(name)s” may make no database. ALTER ROLE … CREATEDB lets it.")
            % {"name": default["USER"]}
        ) from error


def require_empty(database: dict[str, Any]) -> None:
    try:
        with connect(database) as connection:
            [things] = connection.execute(THINGS).fetchone() or [0]
    except psycopg.OperationalError as error:
        raise BackupError(_("The database cannot be reached: %(reason)s") % {"reason": error}) from error
    if things:
        raise BackupError(
            _("The database “%(name)s” is not empty, and only an empty one takes a backup. Nothing was written.")
            % {"name": database["NAME"]}
        )
