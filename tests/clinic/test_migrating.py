"""An upgrade that is cut off: `migrate` is killed, and run again."""

import json
import os
import shutil
import subprocess
import sys

import pytest
from django.db import connection

from clinic.bootstrap import BASE_DIR
from tests import migrated

# Takes the last migration back, and makes it anew: in a process that is killed as it is about to write down that it
# did, and in one that is not. Prints how each ended.
PROGRAM = """
import json, os, signal, sys
import django
django.setup()
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from tests.schema import schema_of

def migrate(*target, is_killed=False):
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if is_killed:
        MigrationRecorder.record_applied = lambda *args: os.kill(os.getpid(), signal.SIGKILL)
    call_command("migrate", *target, verbosity=0, interactive=False)
    os._exit(0)

migrate()  # a kept database may be from before a table was guarded, for which there is no migration
before = schema_of(connection)
connection.close()
ends = [migrate("treatments", "0012"), migrate(is_killed=True), migrate()]
print(json.dumps({"ends": ends, "differs": sorted(set(before) ^ set(schema_of(connection)))}))
"""


@pytest.fixture
def copy(tmp_path):
    """Return the URL of a migrated database of the test's own."""
    if connection.vendor == "sqlite":
        shutil.copyfile(migrated.file(), tmp_path / "copy.sqlite3")
        yield f"sqlite:///{tmp_path / 'copy.sqlite3'}"
        return
    name, values = f"{migrated.name()}_{os.getpid()}", connection.settings_dict
    with connection.creation._nodb_cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE {migrated.name()}")
    yield f"postgres://{values['USER']}:{values['PASSWORD']}@{values['HOST']}:{values['PORT']}/{name}"
    with connection.creation._nodb_cursor() as cursor:
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.django_db
def test_upgrade_that_is_killed_and_run_again_ends_as_one_that_was_not(copy, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=os.environ
        | {"DATABASE_URL": copy, "MESOTRACK_VAR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "clinic.settings"},
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said == {"ends": [0, -9, 0], "differs": []}, done.stderr
