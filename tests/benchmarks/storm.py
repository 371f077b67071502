"""Kill the server while people sign sessions, again and again, and count what is lost and what is torn.

`DATABASE_URL=… python -m tests.benchmarks.storm --kills 300 --state storm.jsonl`

The server of docs/operations.md serves an empty database that gets patients with a course each. Eight desks sign
sessions through the pages: with a screening, two lots in two areas, a reaction, the first session of a course. The
server and its workers are killed (SIGKILL) at a random moment, so many times; each desk sends again what was not
answered. A session that the server acknowledged and the database has not is lost, and `tests.benchmarks.halves` says
what would be torn.

With `--database-pid` and `--start-database` every fifth kill is PostgreSQL's instead: of the server with all of its
processes, and the web server stays. Then what was acknowledged has to outlive that, and pages come back by themselves.

Stopped in between, it goes on from `--state`.
"""

import argparse
import json
import os
import random
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from tests.benchmarks.desks import PASSWORD, Book, Desk, Facts, Sent
from tests.benchmarks.halves import torn
from tests.benchmarks.start import say, start

ROOT = Path(__file__).resolve().parent.parent.parent
DESKS = 8
MOMENT = 0.3  # seconds in which a database ends what it was told before the kill


def fill(courses):
    """Write a place, somebody who signs for each desk, two lots, and patients who may be treated."""
    from decimal import Decimal  # noqa: PLC0415

    from django.utils import timezone  # noqa: PLC0415

    from clinic.models import Location, User  # noqa: PLC0415
    from clinic.roles import Role  # noqa: PLC0415
    from patients.models import Patient, RecordNumberSeries, Screening  # noqa: PLC0415
    from tests.benchmarks.given import Papers  # noqa: PLC0415
    from treatments.models import Course, Lot, Product, Protocol  # noqa: PLC0415

    now = timezone.now()
    today = now.date()
    place = Location.objects.create(name="Harbour Street", time_zone="UTC", country_code="US", currency="USD")
    doctors = [
        User.objects.create_user(
            f"desk{n}@x.example", PASSWORD, role=Role.CLINICIAN, first_name="Ines", last_name=f"D{n}"
        )
        for n in range(DESKS)
    ]
    for doctor in doctors:
        doctor.locations.set([place])
    for product in Product.objects.filter(code__in=["carnitine", "silicon"]):
        Lot.objects.create(
            product=product,
            location=place,
            number=f"L-{product.code}",
            expires_on=today + timedelta(days=300),
            received_ml=Decimal(90_000),
            received_on=today,
            received_by=doctors[0],
        )
    protocol = Protocol.objects.order_by("pk").first()
    areas = list(protocol.areas.all()[:2])
    papers = Papers()
    people = Patient.objects.bulk_create(
        Patient(
            record_number=number,
            given_name="Ana",
            family_name=f"Petrova {index}",
            birth_date="1980-01-01",
            sex="female",
            location=place,
            allergies_asked_on=today,
        )
        for index, number in enumerate(RecordNumberSeries.take_many(courses))
    )
    made = Course.objects.bulk_create(
        Course(
            patient=person,
            protocol=protocol,
            planned_sessions=15,
            price=500,
            currency="USD",
            location=place,
            clinician=doctors[index % DESKS],
            started_on=today,
            status="planned",
            status_on=today,
        )
        for index, person in enumerate(people)
    )
    link = Course.areas.through
    link.objects.bulk_create(link(course_id=course.pk, treatmentarea_id=area.pk) for course in made for area in areas)
    screened = Screening.objects.bulk_create(
        Screening(
            patient=person, kind=Screening.Kind.FULL, answered_at=now - timedelta(hours=1), recorded_by=doctors[0]
        )
        for person in people
    )
    answers = [answer for screening in screened for answer in papers.answers(screening)]
    type(answers[0]).objects.bulk_create(answers, batch_size=1000)
    for course in made:
        consent = papers.consent(course, doctors[0], course.public_id)
        consent.signed_at = now - timedelta(hours=1)
        consent.save()


def facts():
    from patients.models import Screening, ScreeningQuestion  # noqa: PLC0415
    from treatments.models import Course, Lot  # noqa: PLC0415

    return Facts(
        areas=list(Course.objects.first().areas.values_list("pk", flat=True)),
        lots=[f"lot:{key}" for key in Lot.objects.values_list("public_id", flat=True)],
        questions=list(ScreeningQuestion.objects.asked_in(Screening.Kind.SHORT).values_list("code", flat=True)),
    )


class Server:
    """The server as the operations' page starts it, forked off a process that has the program loaded.

    A start from nothing takes seconds, in which there is nothing to lose.
    """

    PROGRAM = """
import os, sys
import clinic.wsgi
from django.urls import get_resolver
from granian import Granian
get_resolver().url_patterns
while sys.stdin.readline():
    pid = os.fork()
    if not pid:
        os.setsid()
        Granian(
            "clinic.wsgi:application", address="127.0.0.1", port=int(sys.argv[1]), interface="wsgi",
            workers=2, blocking_threads=1, log_enabled=False,
        ).serve()
        os._exit(0)
    print(pid, flush=True)
    os.waitpid(pid, 0)
    print("gone", flush=True)
"""

    def __init__(self, folder):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = subprocess.Popen(
            [sys.executable, "-c", self.PROGRAM, str(self.port)],
            env=os.environ | {"MESOTRACK_VAR": folder, "MFA_REQUIRED_ROLES": ""},
            cwd=ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(Path(folder) / "server.log").open("a"),
        )

    def start(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        self.master = int(self.process.stdout.readline())
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.01)
        raise SystemExit("The server does not come up.")

    def kill(self):
        os.killpg(self.master, signal.SIGKILL)
        self.process.stdout.readline()

    def end(self):
        self.kill()
        self.process.kill()


class Diary:
    """What happened so far, line by line in a file, so that a run that was stopped goes on."""

    def __init__(self, path):
        self.path = path
        self.kills, self.acknowledged, self.written, self.undone, self.seconds = 0, [], 0, 0, 0.0
        self.database_kills = 0
        for line in path.read_text().splitlines() if path.exists() else ():
            self.take(json.loads(line))

    def take(self, entry):
        if "kill" in entry:
            self.kills += 1
            self.database_kills += entry["kill"] == "database"
            self.written += entry["written"]
            self.undone += entry["undone"]
            self.seconds += entry["seconds"]
        else:
            self.acknowledged.append(Sent(**entry))

    def add(self, entry):
        self.take(entry)
        with self.path.open("a") as file:
            file.write(json.dumps(entry) + "\n")


def kill_database(options):
    """Kill PostgreSQL with all of its processes, and start it again."""
    pid = int(Path(options.database_pid).read_text().split()[0])
    children = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False).stdout.split()  # noqa: S607
    for each in (pid, *map(int, children)):
        os.kill(each, signal.SIGKILL)
    for _try in range(60):  # until the memory that the killed ones shared is let go
        time.sleep(MOMENT)
        if not subprocess.run(shlex.split(options.start_database), check=False, capture_output=True).returncode:
            return
    raise SystemExit("The database does not start again.")


def one_kill(server, book, diary, options, chance):
    """Let the desks work for a moment, kill, see what became of what was under way, and start again."""
    from django.db import connection  # noqa: PLC0415

    from treatments.models import Session  # noqa: PLC0415

    began = time.monotonic()
    goal = len(book.acknowledged) + chance.randint(0, 5)
    while len(book.acknowledged) < goal and time.monotonic() < began + 30:
        time.sleep(0.002)
    time.sleep(chance.uniform(0, 0.25))
    of_database = bool(options.start_database) and diary.kills % 5 == 4
    under_way = {token for token, sent in list(book.under_way.items()) if sent.tries}
    connection.close()
    if of_database:
        kill_database(options)
    else:
        server.kill()
    time.sleep(MOMENT)
    with book.lock:
        under_way &= set(book.under_way)
        fresh = book.acknowledged[len(diary.acknowledged) :]
    there = Session.objects.filter(form_token__in=under_way).count()
    check_fresh(fresh)
    connection.close()
    if not of_database:
        server.start()
    for sent in fresh:
        diary.add(vars(sent))
    diary.add(
        {
            "kill": "database" if of_database else "server",
            "written": there,
            "undone": len(under_way) - there,
            "seconds": time.monotonic() - began,
        }
    )


def check_fresh(acknowledged):
    """Say at once, and not at the end alone, which acknowledged session is not there."""
    lost = lost_of(acknowledged)
    if lost:
        say(f"LOST: {lost}")


def lost_of(acknowledged):
    """Return the addresses that the server answered and that are none, or are of another session."""
    from treatments.models import Session  # noqa: PLC0415

    rows = Session.objects.filter(form_token__in=[sent.token for sent in acknowledged])
    kept = {
        (str(row.form_token), row.get_absolute_url(), row.note) for row in rows.only("form_token", "public_id", "note")
    }
    return [sent.where for sent in acknowledged if (sent.token, sent.where, sent.note) not in kept]


def damaged():
    """Return what the database says of itself; PostgreSQL is asked for every row."""
    from django.apps import apps  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA integrity_check")
            return [row[0] for row in cursor.fetchall() if row[0] != "ok"]
    for model in apps.get_models(include_auto_created=True):
        for _row in model._default_manager.order_by().values_list().iterator():
            pass
    connection.check_constraints()
    return []


def report(diary, book):
    from django.db import connection  # noqa: PLC0415

    from treatments.models import Session  # noqa: PLC0415

    for sent in book.acknowledged[len(diary.acknowledged) :]:
        diary.add(vars(sent))
    lost, halved, damage = lost_of(diary.acknowledged), torn(), damaged()
    again = sum(1 for sent in diary.acknowledged if sent.tries > 1)
    lines = [
        ("database", connection.vendor),
        ("kills of the server", diary.kills - diary.database_kills),
        ("kills of the database", diary.database_kills),
        ("sessions acknowledged", len(diary.acknowledged)),
        ("acknowledged and lost", len(lost)),
        ("half-written", sum(halved.values())),
        ("under way at a kill", diary.written + diary.undone),
        ("  of these, written whole", diary.written),
        ("  of these, not at all", diary.undone),
        ("sent again until answered", again),
        ("sessions in the database", Session.objects.count()),
        ("strange answers", len(book.strange)),
        ("damage the database sees", len(damage)),
        ("seconds", round(diary.seconds)),
    ]
    for name, value in lines:
        say(f"{name:<28}{value:>8}")
    for what, count in halved.items():
        say(f"TORN: {what}: {count}")
    for line in [*lost[:5], *book.strange[:5], *damage[:5]]:
        say(f"! {line}")
    return not (lost or halved or damage or book.strange)


def work(options, diary, book, server):
    """Open the desks, kill as often as was asked for, and let the desks end what they have under way."""
    from clinic.models import User  # noqa: PLC0415
    from treatments.models import Course  # noqa: PLC0415

    chance = random.Random(f"{options.seed} {diary.kills}")  # noqa: S311 -- the same seed, the same kills
    desks, shared = [], facts()
    for user in User.objects.filter(email__startswith="desk").order_by("pk"):
        rest = Course.objects.filter(clinician=user, sessions=None).order_by("pk")
        courses = list(map(str, rest.values_list("public_id", flat=True)))
        desks.append(Desk(server.port, user.email, user.pk, courses, shared, book))
    server.start()
    for desk in desks:
        desk.start()
    while diary.kills < options.kills:
        one_kill(server, book, diary, options, chance)
        if diary.kills % 20 == 0:
            say(f"{diary.kills} kills, {len(book.acknowledged)} sessions, torn {torn() or 0}, {diary.seconds:.0f} s")
    for desk in desks:
        desk.takes_more = False
    deadline = time.monotonic() + 60
    while any(desk.is_alive() for desk in desks) and time.monotonic() < deadline:
        time.sleep(0.1)
    for desk in desks:
        desk.is_open = False


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--state", type=Path, required=True, help="file of what happened so far")
    parser.add_argument("--database-pid", help="postmaster.pid of a PostgreSQL of this benchmark's own")
    parser.add_argument("--start-database", help="command that starts it again, and waits until it answers")
    options = parser.parse_args()
    start()

    from django.core.management import call_command  # noqa: PLC0415
    from django.db import transaction  # noqa: PLC0415

    from treatments.models import Course  # noqa: PLC0415

    call_command("migrate", verbosity=0, interactive=False)
    if not Course.objects.exists():
        with transaction.atomic():
            fill(options.kills * 12 + 200)
        say("The clinic is there.")
    diary, book = Diary(options.state), Book()
    book.acknowledged.extend(diary.acknowledged)
    with tempfile.TemporaryDirectory() as folder:
        server = Server(folder)
        try:
            work(options, diary, book, server)
            good = report(diary, book)
        finally:
            server.end()
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
