"""Kill `migrate` again and again, let it come to its end, and compare what became of the database.

`DATABASE_URL=… python -m tests.benchmarks.migrating`

In an empty database the tables are made once without a kill, which says what they have to be like. Then all of it is
made anew, and many of the migrations are begun by processes that are killed (SIGKILL) at a random statement, or when
all is written. On the way, as an older version of the program would, people write patients and courses. At the end the
schema has to be the same, no row may be lost, and the database has to find nothing wrong with itself.
"""

import argparse
import json
import os
import random
import signal
import sys
import time
from pathlib import Path

from tests.benchmarks.start import say, start

OLDER = ("treatments", "0005")
MOST_STATEMENTS = 400  # of one migration


def wipe():
    """Leave nothing in the database, which is this benchmark's own."""
    from django.db import connection  # noqa: PLC0415

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA public CASCADE")
            cursor.execute("CREATE SCHEMA public")
        connection.close()
        return
    connection.close()
    for end in ("", "-wal", "-shm"):
        Path(f"{connection.settings_dict['NAME']}{end}").unlink(missing_ok=True)


def migrate(*target, kills=()):
    """Migrate in a process of its own, and return the seconds it took.

    `kills` says for each migration at which statements processes are killed that begin it.
    """
    from django.core.management import call_command  # noqa: PLC0415
    from django.db import connections  # noqa: PLC0415

    began = time.monotonic()
    connections.close_all()
    pid = os.fork()
    if not pid:
        if kills:
            kill_first(iter(kills))
        call_command("migrate", *target, verbosity=0, interactive=False)
        os._exit(0)
    if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]):
        raise SystemExit("migrate failed.")
    return time.monotonic() - began


def kill_first(kills):
    """Have each migration begun by processes that are killed, before it is applied as by the next run."""
    from django.db import connection  # noqa: PLC0415

    from clinic.management.commands.migrate import WholeMigrationExecutor  # noqa: PLC0415

    apply = WholeMigrationExecutor.apply_migration

    def apply_after_kills(self, state, migration, **how):
        for statement in next(kills, ()):
            connection.close()
            pid = os.fork()
            if not pid:
                with connection.execute_wrapper(Killer(statement)):
                    apply(self, state, migration, **how)
                os.kill(os.getpid(), signal.SIGKILL)
            if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != -signal.SIGKILL:
                raise SystemExit(f"{migration} failed before it was killed.")
            names = set(migration.replaces) or {(migration.app_label, migration.name)}
            if names <= set(self.recorder.applied_migrations()):
                return migration.mutate_state(state)
        return apply(self, state, migration, **how)

    WholeMigrationExecutor.apply_migration = apply_after_kills


class Killer:
    """Kills its own process at the statement of this number."""

    def __init__(self, statement):
        self.statement, self.count = statement, 0

    def __call__(self, execute, *what):
        self.count += 1
        if self.count == self.statement:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(*what)


def counts():
    """Return how many rows each table has."""
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        found = {}
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT count(*) FROM "{table}"')  # noqa: S608 -- a name that the database gave
            found[table] = cursor.fetchone()[0]
    return found


def look():
    """Return the schema, the rows of each table, and what the database finds wrong with itself."""
    from django.db import connection  # noqa: PLC0415

    from tests.benchmarks.storm import damaged  # noqa: PLC0415
    from tests.schema import schema_of  # noqa: PLC0415

    found = schema_of(connection), counts(), damaged()
    connection.close()
    return found


def pending_kills(number, chance):
    """Return for each migration that is not applied at which statements it is killed: mostly early ones."""
    from django.db import connection  # noqa: PLC0415
    from django.db.migrations.executor import MigrationExecutor  # noqa: PLC0415

    executor = MigrationExecutor(connection)
    kills = [[] for _each in executor.migration_plan(executor.loader.graph.leaf_nodes())]
    connection.close()
    for _each in range(number):
        chance.choice(kills).append(int(MOST_STATEMENTS ** chance.random()))
    return kills


def live(people):
    """Write patients with a course each, as the program of the older state had them. Return how many rows of what."""
    from datetime import date  # noqa: PLC0415

    from django.db import connection  # noqa: PLC0415
    from django.db.migrations.executor import MigrationExecutor  # noqa: PLC0415

    executor = MigrationExecutor(connection)
    models = executor._create_project_state(with_applied_migrations=True).apps
    today = date(2026, 11, 26)
    patients, courses = (
        models.get_model(*name).objects for name in [("patients", "Patient"), ("treatments", "Course")]
    )
    place = models.get_model("clinic", "Location").objects.create(name="Harbour Street", time_zone="UTC")
    doctor = models.get_model("clinic", "User").objects.create(email="desk@x.example")
    protocol = models.get_model("treatments", "Protocol").objects.order_by("pk").first()
    for number in range(people):
        person = patients.create(
            record_number=f"P-{number}",
            given_name="Ana",
            family_name=f"Petrova {number}",
            birth_date=date(1980, 1, 1),
            sex="female",
            location=place,
        )
        courses.create(
            patient=person,
            protocol=protocol,
            planned_sessions=15,
            price=500,
            currency="USD",
            location=place,
            clinician=doctor,
            started_on=today,
            status="planned",
            status_on=today,
        )
    connection.close()
    return {"clinic_location": 1, "clinic_user": 1, "patients_patient": people, "treatments_course": people}


def undisturbed(reference):
    """Return the schema and the rows of tables that were made without a kill: from a file, if there is one."""
    if reference and reference.exists():
        return json.loads(reference.read_text())
    seconds = migrate()
    schema, rows, _damage = look()
    wipe()
    say(f"undisturbed: {len(rows)} tables, {sum(rows.values())} rows, {seconds:.0f} s")
    if reference:
        reference.write_text(json.dumps([schema, rows]))
    return [schema, rows]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--reference", type=Path, help="file that keeps what an undisturbed run came to")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    start()

    from django.db import connection  # noqa: PLC0415

    if connection.introspection.table_names():
        sys.exit("The database is not empty. Name one of the benchmark's own.")
    chance = random.Random(options.seed)  # noqa: S311 -- the same seed, the same kills
    schema, rows = undisturbed(options.reference)
    kills = pending_kills(options.kills, chance)
    seconds = migrate(*OLDER, kills=kills)
    written, rest = live(options.people), len(pending_kills(0, chance))
    seconds += migrate(kills=kills[len(kills) - rest :])
    migrate()
    there, counted, wrong = look()
    wrong += sorted(set(there) ^ set(schema))
    wrong += [
        f"{table}: {counted.get(table)} rows, not {count}"
        for table, count in rows.items()
        if counted.get(table) != count + written.get(table, 0)
    ]
    killed = sum(map(len, kills))
    say(f"{connection.vendor}: {killed} kills in {len(kills)} migrations, of which {rest} with rows, {seconds:.0f} s")
    say(f"{len(counted)} tables, {sum(counted.values())} rows, {len(wrong)} differences")
    for line in wrong[:10]:
        say(f"! {line}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
