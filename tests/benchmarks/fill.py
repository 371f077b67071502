"""Fill an empty database with a big clinic: `DATABASE_URL=… python -m tests.benchmarks.fill`.

The same seed and day make the same clinic. Rows are written in bulk, so they have no history: no page measured reads it.
"""

import argparse
import sys
from datetime import date

from tests.benchmarks.start import say, start


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--patients", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--today", type=date.fromisoformat, help="the clinic's last day (default: today)")
    options = parser.parse_args()
    start()

    from django.core.management import call_command  # noqa: PLC0415 -- Django has to be set up first
    from django.db import connection
    from django.utils import timezone

    if connection.introspection.table_names():
        sys.exit(f"The database {connection.settings_dict['NAME']} is not empty. Nothing was written.")
    call_command("migrate", verbosity=0, interactive=False)

    from tests.benchmarks.clinic import BigClinic

    clinic = BigClinic(options.patients, seed=options.seed, today=options.today or timezone.now().date())
    clinic.fill()
    # As autovacuum and `PRAGMA optimize` would in time: the planner has to know the tables.
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
    for model, count in clinic.counts():
        say(f"{count:>9,} {model}")


if __name__ == "__main__":
    main()
