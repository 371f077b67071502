"""A migrated database, kept between runs: making one takes most of a minute, copying it no time at all.

On SQLite it is a file in the machine's folder for temporary files, on PostgreSQL a database beside the tests' own.
"""

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

import django
from django.conf import settings
from django.db import IntegrityError, ProgrammingError, connection


def name():
    """Return what the kept database is called: another migration, or another Django, makes another one."""
    digest = hashlib.sha256(django.__version__.encode())
    for path in sorted(settings.BASE_DIR.glob("*/migrations/*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return f"mesotrack_migrated_{digest.hexdigest()[:16]}"


def file():
    return Path(tempfile.gettempdir()) / f"{name()}-{os.getuid()}.sqlite3"


def copy_to_test_database():
    """Lay a copy where Django looks for the tests' database, and say whether it is to keep what it finds there."""
    if connection.vendor == "sqlite":
        if file().exists():
            shutil.copyfile(file(), connection.settings_dict["TEST"]["NAME"])
        return file().exists()
    with connection.creation._nodb_cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name()])
        if cursor.fetchone():
            connection.settings_dict["TEST"]["TEMPLATE"] = name()  # Django makes it anew each time, from this
    return False


def keep_for_the_next_run():
    """Keep the database as the migrations left it; several processes may do so at once, and one is enough."""
    if connection.vendor == "sqlite":
        if not file().exists():
            unfinished = file().with_suffix(f".{os.getpid()}")
            with connection.cursor() as cursor:
                cursor.execute("VACUUM INTO %s", [str(unfinished)])
            unfinished.rename(file())
        return
    if connection.settings_dict["TEST"].get("TEMPLATE") == name():
        return
    copied = connection.ops.quote_name(connection.settings_dict["NAME"])
    connection.close()  # nobody may be connected to a database that is copied
    with connection.creation._nodb_cursor() as cursor:
        try:
            cursor.execute(f"CREATE DATABASE {connection.ops.quote_name(name())} TEMPLATE {copied}")
        except (ProgrammingError, IntegrityError):
            return  # the other process was first, or is just before
