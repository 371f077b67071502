"""Fill the disk of PostgreSQL while people sign sessions, again and again, and look what becomes of them.

`DATABASE_URL=… python -m tests.benchmarks.full --room /small/disk`

The database is one of this benchmark's own, with all of its files on a small disk of its own; `--room` is a folder
there that this program may fill. Desks sign sessions as in `tests.benchmarks.storm`. While there is no room everything
that writes has to be answered with 503, pages have to be read, and `/healthz` has to say it; once there is room again
people have to get on by themselves. At the end nothing that was acknowledged may be gone or torn.

Where PostgreSQL finds no room for its log it stops itself; `--start-database` starts it again, once there is room.
"""

import argparse
import shlex
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.benchmarks.desks import UNANSWERED, Book, Desk
from tests.benchmarks.halves import torn
from tests.benchmarks.start import say, start
from tests.benchmarks.storm import DESKS, Server, damaged, facts, fill, lost_of

FULL_SECONDS = 15
PATIENCE = 90  # seconds until the first session is signed again


class Ballast:
    """A file that takes all the room there is, also what the database gives back meanwhile."""

    def __init__(self, room):
        self.path = room / "ballast"

    def fill(self):
        size = 1024 * 1024
        with self.path.open("ab", buffering=0) as file:
            while size:
                try:
                    file.write(bytes(size))
                except OSError:
                    size //= 2

    def go(self):
        self.path.unlink(missing_ok=True)


class CountingDesk(Desk):
    """Remembers how it was answered."""

    answers = Counter()

    def ask(self, method, address, form=None):
        try:
            status, page, where = super().ask(method, address, form)
        except UNANSWERED:
            self.answers[f"{method} nothing"] += 1
            raise
        self.answers[f"{method} {status}"] += 1
        return status, page, where


def read(desk, address):
    """Return how a page that only reads is answered, and what it says."""
    try:
        status, page, _where = desk.ask("GET", address)
    except UNANSWERED as error:
        desk.hang_up()
        return type(error).__name__, ""
    return str(status), page


def one_filling(ballast, book, reader, watchdog, options):
    """Fill the disk, look at it for a while, and make room. Return the seconds until people got on."""
    CountingDesk.answers.clear()
    pages, health = Counter(), Counter()
    ended = time.monotonic() + FULL_SECONDS
    while time.monotonic() < ended:
        ballast.fill()
        pages[read(reader, "/patients/")[0]] += 1
        health[" ".join(read(watchdog, "/healthz"))] += 1
        time.sleep(0.2)
    answers, done = dict(CountingDesk.answers), len(book.acknowledged)
    ballast.go()
    began = time.monotonic()
    is_restarted = False
    while len(book.acknowledged) == done and time.monotonic() < began + PATIENCE:
        if options.start_database and not is_restarted and time.monotonic() > began + 5:
            started = subprocess.run(shlex.split(options.start_database), check=False, capture_output=True)
            is_restarted = not started.returncode
        time.sleep(0.05)
    seconds = time.monotonic() - began
    say(f"full: desks {answers}, list of patients {dict(pages)}")
    for line, count in health.items():
        say(f"  healthz {line} ({count} times)")
    say(f"  room again: signed after {seconds:.1f} s{', PostgreSQL was started again' if is_restarted else ''}")
    return seconds


def work(options, book, server):
    from clinic.models import User  # noqa: PLC0415
    from treatments.models import Course  # noqa: PLC0415

    desks, shared = [], facts()
    for user in User.objects.filter(email__startswith="desk").order_by("pk"):
        courses = list(
            map(str, Course.objects.filter(clinician=user).order_by("pk").values_list("public_id", flat=True))
        )
        desks.append(CountingDesk(server.port, user.email, user.pk, courses, shared, book))
    server.start()
    reader = Desk(server.port, desks[0].email, desks[0].performer, [], shared, book)
    reader.sign_in()
    watchdog = Desk(server.port, "", None, [], shared, book)
    for desk in desks[:2]:
        desk.start()
    ballast, longest = Ballast(options.room), 0.0
    for number in range(options.times):
        goal, deadline = len(book.acknowledged) + 10, time.monotonic() + PATIENCE
        while len(book.acknowledged) < goal and time.monotonic() < deadline:
            time.sleep(0.05)
        say(f"{number + 1}: {len(book.acknowledged)} sessions signed")
        longest = max(longest, one_filling(ballast, book, reader, watchdog, options))
    for desk in desks:
        desk.takes_more = False
    deadline = time.monotonic() + 60
    while any(desk.is_alive() for desk in desks[:2]) and time.monotonic() < deadline:
        time.sleep(0.1)
    for desk in desks:
        desk.is_open = False
    return longest


def report(book, longest):
    from django.db import connection  # noqa: PLC0415

    connection.close()
    lost, halved, damage = lost_of(book.acknowledged), torn(), damaged()
    say(f"sessions acknowledged {len(book.acknowledged)}, of these lost {len(lost)}, half-written {halved or 0}")
    say(f"strange answers {book.strange[:5] or 0}, damage {damage or 0}, longest wait {longest:.1f} s")
    return not (lost or halved or damage or book.strange) and longest < PATIENCE


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--room", type=Path, required=True, help="a folder on the disk of the database")
    parser.add_argument("--times", type=int, default=4, help="how often the disk is filled")
    parser.add_argument("--start-database", help="command that starts it again where it stopped itself")
    options = parser.parse_args()
    start()

    from django.core.management import call_command  # noqa: PLC0415
    from django.db import transaction  # noqa: PLC0415

    call_command("migrate", verbosity=0, interactive=False)
    with transaction.atomic():
        fill(DESKS * 120)
    say("The clinic is there.")
    book = Book()
    with tempfile.TemporaryDirectory() as folder:
        server = Server(folder)
        try:
            longest = work(options, book, server)
            good = report(book, longest)
        finally:
            Ballast(options.room).go()
            server.end()
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
