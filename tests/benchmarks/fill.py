"""Fill an empty database with a big clinic: `DATABASE_URL=… python -m tests.benchmarks.fill`.

The same seed and day make the same clinic. Rows are written in bulk and have no history, which no page measured reads.
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

    # Django has to be set up before these.
    from django.core.management import call_command  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    if connection.introspection.table_names():
        sys.exit(f"The database {connection.settings_dict['NAME']} is not empty. Nothing was written.")
    call_command("migrate", verbosity=0, interactive=False)

    from tests.benchmarks.clinic import BigClinic  # noqa: PLC0415

    clinic = BigClinic(options.patients, seed=options.seed, today=options.today or timezone.now().date())
    clinic.fill()
    # As autovacuum would in time. SQLite stays without statistics, as a clinic's does.
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
    for model, count in clinic.counts():
        say(f"{count:>9,} {model}")


if __name__ == "__main__":
    main()
