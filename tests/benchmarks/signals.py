"""How often a bad lot is found, a good one suspected: `DATABASE_URL=… python -m tests.benchmarks.signals`.

In a year of 5,000 sessions a lot is planted after which a reaction comes more often, and the search runs over it as
the clinic runs it, in SQL. Then the same without a planted lot: whatever stands out is a false alarm. The database
has to be empty.
"""

import argparse
import sys
from collections import Counter
from datetime import UTC, datetime

from tests.benchmarks.start import say, start

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
PLANTS = [("nodule", 0.02), ("nodule", 0.05), ("nodule", 0.10), ("swelling", 0.15), ("swelling", 0.30)]
LOT_SIZES = (40, 120)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=5_000)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--planted-seeds", type=int, default=20)
    options = parser.parse_args()
    start()

    # Django has to be set up before these.
    from django.core.management import call_command  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415

    if connection.introspection.table_names():
        sys.exit(f"The database {connection.settings_dict['NAME']} is not empty. Nothing was written.")
    call_command("migrate", verbosity=0, interactive=False)

    from tests.benchmarks.year import Year  # noqa: PLC0415
    from treatments.clusters import find_clusters  # noqa: PLC0415

    year = Year(options.sessions, seed=1, now=NOW).fill()
    lots = sum(len(lots) for lots in year.lots)
    say(f"{options.sessions:,} sessions, {len(year.ease)} patients, {lots} lots")
    say("| planted | sessions with the lot | found | as above the others |")
    say("| --- | ---: | ---: | ---: |")
    for size in LOT_SIZES:
        lot = year.lot_of(size)
        used = sum(lot in each for each in year.lots_in.values())
        for kind, rate in PLANTS:
            found = above = 0
            for _seed in range(options.planted_seeds):
                year.react(planted=lot, kind=kind, rate=rate)
                hits = [each for each in find_clusters(NOW) if each.number == lot.number and each.kind.code == kind]
                found += bool(hits)
                above += any(each.is_above for each in hits)
            say(f"| {kind} +{rate:.0%} | {used} | {found} of {options.planted_seeds} | {above} |")
    alarms, years, years_above = Counter(), 0, 0
    for _seed in range(options.seeds):
        year.react()
        found = find_clusters(NOW)
        years += bool(found)
        years_above += any(each.is_above for each in found)
        for each in found:
            alarms[each.kind.code, "above" if each.is_above else "three"] += 1
    say(f"\nNothing planted, {options.seeds} years: {years} with any false alarm, {years_above} above the others")
    for (code, why), count in alarms.most_common():
        say(f"  {code}, {why}: {count}")


if __name__ == "__main__":
    main()
