"""Kill `migrate` again and again, run it to its end, and compare what became of the database.

`DATABASE_URL=… python -m tests.benchmarks.migrating`

In an empty database the tables are made once without a kill, which says what they have to be like. All of it is
made anew while it is killed (SIGKILL) at random moments. Then the tables get patients, courses, screenings and
consents, are taken back to an older state, and brought up again, killed as often. Each time the schema has to be
the same, no row may be lost, and the database has to find nothing wrong with itself.
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
KILLS_A_PASS = 6  # about so many before one comes through


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


def migrate(*target, killed_after=None):
    """Migrate in a process of its own, killed after so many seconds; return how it ended."""
    from django.core.management import call_command  # noqa: PLC0415
    from django.db import connections  # noqa: PLC0415

    connections.close_all()
    pid = os.fork()
    if not pid:
        call_command("migrate", *target, verbosity=0, interactive=False)
        os._exit(0)
    if killed_after is not None:
        deadline = time.monotonic() + killed_after
        while time.monotonic() < deadline:
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.005)
        os.kill(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def migrate_whole(*target):
    began = time.monotonic()
    if migrate(*target):
        raise SystemExit("An undisturbed migrate fails.")
    return time.monotonic() - began


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


class Trial:
    """What is made again and again, and what it has to be like in the end."""

    def __init__(self, name, back, options, chance):
        self.name, self.back, self.options, self.chance = name, back, options, chance
        self.killed, self.whole, self.wrong = 0, 0, []

    def run(self, wanted, rows):
        """Kill until it was killed often enough, and begin anew as often as one comes through."""
        schema, _rows, _damage = wanted
        seconds = self.back()
        while self.killed < self.options.kills:
            end = migrate(killed_after=self.chance.uniform(0, 2 * seconds / KILLS_A_PASS))
            if end == -signal.SIGKILL:
                self.killed += 1
                continue
            self.check(end, schema, rows)
            self.back()
        self.check(migrate(), schema, rows)
        say(f"{self.name:<28}{self.killed:>4} killed, {self.whole} brought to the end, {len(self.wrong)} wrong")
        for line in self.wrong[:5]:
            say(f"! {line}")
        return not self.wrong

    def check(self, end, schema, rows):
        self.whole += 1
        if end:
            self.wrong.append(f"migrate ends with {end} when it is run again")
            return
        there, counted, damage = look()
        self.wrong += damage
        self.wrong += sorted(set(there) ^ set(schema))
        self.wrong += [
            f"{table}: {counted.get(table)} rows, not {count}"
            for table, count in rows.items()
            if counted.get(table) != count
        ]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=25, help="of each kind")
    parser.add_argument("--courses", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    start()

    from django.db import connection, transaction  # noqa: PLC0415

    from tests.benchmarks.storm import fill  # noqa: PLC0415

    if connection.introspection.table_names():
        sys.exit("The database is not empty. Name one of the benchmark's own.")
    chance = random.Random(options.seed)  # noqa: S311 -- the same seed, the same kills
    seconds = migrate_whole()
    wanted = look()
    say(
        f"undisturbed: {len(wanted[1])} tables, {sum(wanted[1].values())} rows, {seconds:.0f} s on {connection.vendor}"
    )

    def empty():
        wipe()
        return seconds

    good = Trial("an empty database", empty, options, chance).run(wanted, wanted[1])
    with transaction.atomic():
        fill(options.courses)
    migrate_whole(*OLDER)
    before, upward = counts(), migrate_whole()
    filled = look()[1]

    def older():
        migrate_whole(*OLDER)
        return upward

    say(
        f"{sum(before.values())} rows in the older tables, {sum(filled.values())} in all; brought up in {upward:.0f} s"
    )
    good &= Trial("tables of an older state", older, options, chance).run(wanted, filled)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
