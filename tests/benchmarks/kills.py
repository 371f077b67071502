"""Kill the worker while it sends, again and again, and count what arrived.

`DATABASE_URL=… python -m tests.benchmarks.kills`

An empty database gets so many reminders that are due, half of appointments and half of follow-up windows. A worker is
started and killed (SIGKILL) at a random moment, so many times, and one is left to finish. A mail server of this
script's own says what came: each person has an address of their own, so one that comes twice is a duplicate.
"""

import argparse
import os
import random
import signal
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

from tests.benchmarks.start import say, start

ROOT = Path(__file__).resolve().parent.parent.parent
VISITS = 6  # of one practitioner, half an hour each
PATIENCE = 1200  # seconds without a new message, before the end is called


class Talk(socketserver.StreamRequestHandler):
    """One connection of a mail client. What is acknowledged after DATA has arrived."""

    def handle(self):
        to = ""
        self.say("220 sink")
        while line := self.rfile.readline():
            match line.split()[0].upper():
                case b"RCPT":
                    to = line.decode().partition("<")[2].partition(">")[0]
                    self.say("250 fine")
                case b"DATA":
                    self.say("354 go on")
                    lines = list(iter(self.rfile.readline, b".\r\n"))
                    if lines and b"" in lines:
                        return
                    self.server.arrived(to)
                    self.say("250 taken")
                case b"QUIT":
                    self.say("221 bye")
                    return
                case _:
                    self.say("250 fine")

    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")


class Sink(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Talk)
        self.came, self.lock = Counter(), threading.Lock()

    def arrived(self, address):
        with self.lock:
            self.came[address] += 1

    def handle_error(self, request, client_address):
        """A client that is killed hangs up in the middle: that is what is tried here."""

    @property
    def count(self):
        return self.came.total()


def fill(reminders):
    """Write a place that sends at every hour, and people with something due each."""
    from datetime import time as clock  # noqa: PLC0415

    from django.utils import timezone  # noqa: PLC0415

    from clinic.models import Location, User  # noqa: PLC0415
    from clinic.roles import Role  # noqa: PLC0415
    from patients.models import Patient, RecordNumberSeries  # noqa: PLC0415
    from treatments.models import Appointment, Course, FollowUp, Protocol  # noqa: PLC0415

    now = timezone.now()
    place = Location.objects.create(
        name="Harbour Street",
        time_zone="UTC",
        country_code="US",
        currency="USD",
        messages_from=clock(0),
        messages_until=clock(23, 59, 59),
    )
    doctor = User.objects.create_user("doctor@x.example", role=Role.CLINICIAN, first_name="Ines", last_name="Moreau")
    numbers = RecordNumberSeries.take_many(reminders)
    people = Patient.objects.bulk_create(
        Patient(
            record_number=number,
            given_name="Ana",
            family_name=f"Petrova {index}",
            birth_date="1980-01-01",
            sex="female",
            location=place,
            email=f"p{index}@x.example",
            preferred_channel="email",
            contact_permission=True,
        )
        for index, number in enumerate(numbers)
    )
    half = reminders // 2
    # Nobody is booked twice: each of many sees so many, one after the other, before tomorrow ends.
    nurses = User.objects.bulk_create(User(email=f"n{number}@x.example") for number in range(half // VISITS + 1))
    Appointment.objects.bulk_create(
        Appointment(
            patient=person,
            kind="consultation",
            location=place,
            starts_at=now + timedelta(hours=20) + index % VISITS * timedelta(minutes=30),
            practitioner=nurses[index // VISITS],
        )
        for index, person in enumerate(people[:half])
    )
    protocol = Protocol.objects.order_by("pk").first()
    courses = Course.objects.bulk_create(
        Course(
            patient=person,
            protocol=protocol,
            planned_sessions=15,
            price=500,
            currency="USD",
            location=place,
            clinician=doctor,
            started_on=now.date() - timedelta(days=400),
            status="completed",
            status_on=now.date(),
        )
        for person in people[half:]
    )
    opens = now.date() - timedelta(days=3)
    FollowUp.objects.bulk_create(
        FollowUp(course=course, opens_on=opens, closes_on=opens + timedelta(days=61)) for course in courses
    )
    return [person.email for person in people]


class Nursery:
    """Workers as `run_huey` starts them, each a process of its own: forked off one that has the program loaded.

    A start from nothing takes seconds, in which there is nothing to lose.
    """

    PROGRAM = """
import os, sys, django
django.setup()
from huey.contrib.djhuey import HUEY
import treatments.tasks
from django.core.management import call_command
HUEY.storage.close()
while sys.stdin.readline():
    pid = os.fork()
    if not pid:
        os.setsid()
        call_command("run_huey", quiet=True)
        os._exit(0)
    print(pid, flush=True)
    os.waitpid(pid, 0)
    print("gone", flush=True)
"""

    def __init__(self, environment):
        self.process = subprocess.Popen(
            [sys.executable, "-c", self.PROGRAM],
            env=environment,
            cwd=ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def start(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        self.worker = int(self.process.stdout.readline())

    def end(self, number):
        os.kill(self.worker, number)
        self.process.stdout.readline()


def kill_at_random(sink, nursery, most, chance):
    """Start a worker, and kill it after so many messages more and a moment, or while it starts."""
    nursery.start()
    if chance.random() < 0.1:
        time.sleep(chance.uniform(0, 1))
    else:
        goal = sink.count + chance.randint(0, most)
        deadline = time.monotonic() + 60
        while sink.count < goal and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(chance.uniform(0, 0.05))
    nursery.end(signal.SIGKILL)


def finish(nursery, reminders):
    """Let one worker finish: until every message has a row, and nothing comes any more."""
    from django.db import connection  # noqa: PLC0415

    from treatments.models import Reminder  # noqa: PLC0415

    nursery.start()
    deadline = time.monotonic() + PATIENCE
    while Reminder.objects.count() < reminders and time.monotonic() < deadline:
        time.sleep(1)
        connection.close()
    time.sleep(5)
    nursery.end(signal.SIGTERM)


def report(sink, addresses, kills, kept):
    from django.utils import timezone  # noqa: PLC0415

    from treatments.actions.outbox import give_up_on_cut_off  # noqa: PLC0415
    from treatments.models import Reminder  # noqa: PLC0415

    give_up_on_cut_off(timezone.now() + timedelta(minutes=11))
    states = dict(Reminder.objects.values_list("address", "state"))
    unknown = [address for address in addresses if states.get(address) == "unknown"]
    lost = [address for address in addresses if not sink.came[address] and states.get(address) != "unknown"]
    twice = [address for address in addresses if sink.came[address] > 1]
    arrived = sum(1 for address in unknown if sink.came[address])
    say(f"reminders due   {len(addresses):>6}")
    say(f"workers killed  {kills:>6}")
    say(f"duplicates      {len(twice):>6}")
    say(f"lost            {len(lost):>6}")
    say(f"sent            {sum(1 for state in states.values() if state == 'sent'):>6}")
    say(f"unknown         {len(unknown):>6}  (of which {arrived} had arrived and {len(unknown) - arrived} had not)")
    say(f"listed as unknown on the page of messages: {Reminder.objects.unsettled(timezone.now()).count()}")
    say(f"seconds         {kept:>6.0f}")
    return not twice and not lost


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reminders", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--queue", default="", help="QUEUE_URL of the worker (default: a file)")
    options = parser.parse_args()
    start()

    from django.core.management import call_command  # noqa: PLC0415

    call_command("migrate", verbosity=0, interactive=False)
    addresses = fill(options.reminders)
    with Sink() as sink, tempfile.TemporaryDirectory() as folder:
        threading.Thread(target=sink.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        environment = os.environ | {
            "EMAIL_URL": f"smtp://127.0.0.1:{sink.server_address[1]}",
            "QUEUE_URL": options.queue,
            "MESOTRACK_VAR": folder,
        }
        nursery = Nursery(environment)
        chance, began = random.Random(options.seed), time.monotonic()  # noqa: S311 -- the same seed, the same kills
        most = int(options.reminders / options.kills * 1.6)
        for number in range(options.kills):
            if sink.count >= options.reminders * 0.98:
                say(f"Everything is sent after {number} kills.")
                options.kills = number
                break
            kill_at_random(sink, nursery, most, chance)
            if number % 20 == 19:
                say(f"{number + 1} killed, {sink.count} arrived, {time.monotonic() - began:.0f} s")
        finish(nursery, options.reminders)
        sink.shutdown()
        sys.exit(0 if report(sink, addresses, options.kills, time.monotonic() - began) else 1)


if __name__ == "__main__":
    main()
