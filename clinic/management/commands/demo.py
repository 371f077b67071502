import os
import shutil
import signal
import socket
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection

from clinic.bootstrap import BASE_DIR, DEMO_DIR

DATABASE_FILES = ("mesotrack.sqlite3", "mesotrack.sqlite3-wal", "mesotrack.sqlite3-shm")


class Command(BaseCommand):
    help = "Sets up a demo clinic in a database of its own and serves it on this machine."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--addrport", default="127.0.0.1:8000", help="where to serve (default: %(default)s)")
        parser.add_argument("--prepare-only", action="store_true", help="set the demo clinic up, but do not serve it")
        parser.add_argument("--reset", action="store_true", help="throw the demo's data away and start afresh")

    def handle(self, *args: Any, **options: Any) -> None:
        require_demo_database(settings.DATABASES["default"])
        host, port = split_addrport(options["addrport"])
        serve = not options["prepare_only"]
        if serve:
            require_free_port(host, port)
        settings.PUBLIC_URL = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        if options["reset"]:
            remove_demo_data()
        self.prepare(options["verbosity"])
        if serve:
            self.serve(host, port)
        else:
            self.say("The demo clinic is ready: `python3 manage.py demo` serves it.")

    def prepare(self, verbosity: int) -> None:
        try:
            self.say("Bringing the demo database up to date …")
            call_command("migrate", verbosity=0, interactive=False)
            # By name: the data belong to a floor above, which this one does not know.
            self.say("Loading the demo clinic …")
            call_command("load_demo", verbosity=verbosity, stdout=self.stdout)
        except DatabaseError as error:
            raise CommandError(
                f"The demo database could not be brought up to date ({error}). "
                "`python3 manage.py demo --reset` starts it afresh."
            ) from error

    def serve(self, host: str, port: int) -> None:
        address = f"[{host}]" if ":" in host else host
        self.say(f"\nMesotrack is at http://{address}:{port}/ (Ctrl-C stops it)")
        self.say("Passwords are enough in the demo; each may set up a second step under Security.")
        if not is_loopback(host):
            self.say("Other machines may reach this address, and the passwords above are no secret.")
        # Migrating leaves a connection open; the server's threads make their own.
        connection.close()
        os.environ["DJANGO_RUNSERVER_HIDE_WARNING"] = "true"
        with worker():
            call_command("runserver", f"{address}:{port}", use_reloader=False, use_ipv6=":" in host)

    def say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


@contextmanager
def worker() -> Iterator[None]:
    """Run the worker beside the server, for as long as that runs."""
    command = [sys.executable, str(BASE_DIR / "manage.py"), "run_huey", "--quiet"]
    environment = {**os.environ, "PUBLIC_URL": settings.PUBLIC_URL}
    # A session of its own: Ctrl-C reaches the server alone, which then ends the worker in order.
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True, env=environment)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def require_demo_database(database: dict[str, Any]) -> None:
    name = Path(database["NAME"])
    if database["ENGINE"] != "django.db.backends.sqlite3" or not name.is_relative_to(DEMO_DIR):
        raise CommandError(
            "The demo only ever works in a database of its own under var/demo; start it with `python3 manage.py demo`."
        )


def split_addrport(addrport: str) -> tuple[str, int]:
    host, _, port = addrport.rpartition(":")
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise CommandError(f"--addrport takes an address and a port, such as 127.0.0.1:8001; not “{addrport}”.")
    return host.strip("[]") or "127.0.0.1", int(port)


def require_free_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As the server does: a port that was let go a moment ago is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            shown = f"[{host}]" if ":" in host else host
            raise CommandError(
                f"Port {port} on {shown} cannot be used ({(error.strerror or str(error)).lower()}). "
                f"Choose another: python3 manage.py demo --addrport {shown}:{port + 1 if port < 65535 else 8001}"
            ) from error


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def remove_demo_data() -> None:
    connection.close()
    for name in DATABASE_FILES:
        (DEMO_DIR / name).unlink(missing_ok=True)
    shutil.rmtree(settings.PHOTO_ROOT, ignore_errors=True)
