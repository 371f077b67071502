"""Measure the pages against a bare one: `DATABASE_URL=… python -m tests.benchmarks.pages [--plans] [--only today]`.

One process calls the WSGI application as a server would, signed in, with the database that `fill` made. The bare page
and ours take turns, so that whatever else the machine does slows both: read the ratio, which is the median of the
pairs, never the milliseconds. Behind the bare page stand the session and the sign-in alone; it reads 25 rows in one
query and shows them in a plain table. The bare record reads a record's five tables in as many queries.
"""

import argparse
import statistics
import time
from contextlib import contextmanager
from dataclasses import dataclass

from tests.benchmarks.start import say, start

WARM_UP = 5


@dataclass
class Query:
    sql: str
    params: tuple
    seconds: float


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--plans", action="store_true", help="show each page's slowest query and its plan")
    parser.add_argument("--only", default="", help="only the pages whose name contains this")
    parser.add_argument("--places", type=int, default=1, help="how many locations the one who looks works at")
    options = parser.parse_args()
    start()

    # Django has to be set up before these.
    from tests.benchmarks.addresses import addresses  # noqa: PLC0415
    from tests.benchmarks.browsing import Browser, viewer  # noqa: PLC0415

    user = viewer(options.places)
    bare, ours = Browser(user, bare=True), Browser(user)
    say("| page | bare ms | ours ms | ratio | queries | slowest ms |")
    say("| --- | ---: | ---: | ---: | ---: | ---: |")
    plans = []
    for name, address, against in addresses(user):
        if options.only not in name:
            continue
        pairs = take_turns(lambda: bare.get(against), lambda: ours.get(address), options.rounds)  # noqa: B023 -- called in this round
        with recorded() as queries:
            ours.get(address)
        slowest = max(queries, key=lambda query: query.seconds)
        plans.append((name, slowest))
        theirs, own = (statistics.median(times) * 1000 for times in zip(*pairs, strict=True))
        ratio = statistics.median(b / a for a, b in pairs)
        say(f"| {name} | {theirs:.1f} | {own:.1f} | {ratio:.2f} | {len(queries)} | {slowest.seconds * 1000:.1f} |")
    if options.plans:
        for name, slowest in plans:
            say(f"\n== {name}: {slowest.seconds * 1000:.1f} ms\n{slowest.sql}\n{slowest.params}\n{plan(slowest)}")


def take_turns(one, other, rounds):
    """Return the (one, other) seconds of each round after a warm-up."""
    pairs = [(timed(one), timed(other)) for _round in range(WARM_UP + rounds)]
    return pairs[WARM_UP:]


def timed(call):
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


@contextmanager
def recorded():
    """Collect the queries run meanwhile."""
    from django.db import connection  # noqa: PLC0415

    queries = []

    def record(execute, sql, params, many, context):
        begin = time.perf_counter()
        result = execute(sql, params, many, context)
        queries.append(Query(sql, tuple(params or ()), time.perf_counter() - begin))
        return result

    with connection.execute_wrapper(record):
        yield queries


def plan(query):
    from django.db import connection  # noqa: PLC0415

    explain = "EXPLAIN (ANALYZE, BUFFERS)" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
    with connection.cursor() as cursor:
        cursor.execute(f"{explain} {query.sql}", query.params)
        return "\n".join(str(row[-1]) for row in cursor.fetchall())


if __name__ == "__main__":
    main()
