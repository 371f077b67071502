"""An upgrade that is cut off: `migrate` is killed, and run again."""

import json
import os
import subprocess
import sys

import pytest
from django.db import connection

from clinic.bootstrap import BASE_DIR
from tests.schema import schema_of

# Makes the tables of an app in a process that is killed as it is about to write down that it made the first, and in
# one that is not. Prints how each ended, and what is there.
PROGRAM = """
import json, os, signal
import django
django.setup()
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from tests.schema import schema_of

def migrate(is_killed=False):
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    write = MigrationRecorder.record_applied
    def write_or_die(self, app, name):
        if is_killed and (app, name) == ("auth", "0001_initial"):
            os.kill(os.getpid(), signal.SIGKILL)
        write(self, app, name)
    MigrationRecorder.record_applied = write_or_die
    call_command("migrate", "auth", verbosity=0, interactive=False)
    os._exit(0)

ends = [migrate(is_killed=True), migrate()]
print(json.dumps({"ends": ends, "schema": schema_of(connection)}))
"""


@pytest.fixture
def empty(tmp_path):
    """Return the URL of an empty database."""
    if connection.vendor == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.sqlite3'}"
        return
    name, values = f"mesotrack_empty_{os.getpid()}", connection.settings_dict
    with connection.creation._nodb_cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
    yield f"postgres://{values['USER']}:{values['PASSWORD']}@{values['HOST']}:{values['PORT']}/{name}"
    with connection.creation._nodb_cursor() as cursor:
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.django_db
def test_migrate_that_is_killed_and_run_again_ends_as_one_that_was_not(empty, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=os.environ
        | {"DATABASE_URL": empty, "MESOTRACK_VAR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "clinic.settings"},
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["ends"] == [-9, 0], done.stderr
    wanted = {line for line in schema_of(connection) if " auth_" in line or '"auth_' in line}
    assert {line for line in wanted if "clinic" not in line} <= set(said["schema"])
