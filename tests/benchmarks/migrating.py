"""Kill `migrate` again and again, let it come to its end, and compare what became of the database.

`DATABASE_URL=… python -m tests.benchmarks.migrating`

In an empty database the tables are made once without a kill, which says what they have to be like. Then all of it is
made anew, and many of the migrations are begun by processes that are killed (SIGKILL) at a random statement, or when
all is written. Then the tables get patients, courses, screenings and consents, are taken back to an older state, and
brought up again, killed as often. Each time the schema has to be the same, no row may be lost, and the database has to
find nothing wrong with itself.
"""

import argparse
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
            if (migration.app_label, migration.name) in self.recorder.applied_migrations():
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


def compare(name, kills, seconds, wanted):
    """Say what differs from what is wanted, and return whether nothing does."""
    (schema, rows, _damage), (there, counted, damage) = wanted, look()
    wrong = [*damage, *sorted(set(there) ^ set(schema))]
    wrong += [f"{table}: {counted.get(table)} rows" for table in rows if counted.get(table) != rows[table]]
    killed = sum(map(len, kills))
    say(f"{name}: {killed} kills in {len(kills)} migrations, {seconds:.0f} s, {len(wrong)} differences")
    for line in wrong[:5]:
        say(f"! {line}")
    return not wrong


def from_nothing(options, chance):
    from django.db import connection  # noqa: PLC0415

    if connection.introspection.table_names():
        sys.exit("The database is not empty. Name one of the benchmark's own.")
    kills = pending_kills(options.kills, chance)
    seconds = migrate()
    wanted = look()
    say(
        f"undisturbed: {len(wanted[1])} tables, {sum(wanted[1].values())} rows, {seconds:.0f} s on {connection.vendor}"
    )
    wipe()
    seconds = migrate(kills=kills)
    migrate()
    return compare("an empty database", kills, seconds, wanted)


def from_an_older_state(options, chance):
    from django.db import transaction  # noqa: PLC0415

    from tests.benchmarks.storm import fill  # noqa: PLC0415

    migrate()
    with transaction.atomic():
        fill(options.courses)
    migrate(*OLDER)
    kept = counts()
    migrate()
    wanted = look()
    migrate(*OLDER)
    say(f"an older state: {len(kept)} tables, {sum(kept.values())} rows")
    kills = pending_kills(options.kills, chance)
    seconds = migrate(kills=kills)
    migrate()
    return compare("from there", kills, seconds, wanted)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=25, help="of each kind")
    parser.add_argument("--courses", type=int, default=500)
    parser.add_argument("--older-only", action="store_true", help="do not begin with an empty database")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    start()

    chance = random.Random(options.seed)  # noqa: S311 -- the same seed, the same kills
    good = options.older_only or from_nothing(options, chance)
    good &= from_an_older_state(options, chance)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
