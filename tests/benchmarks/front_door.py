"""Try the front door as docs/operations.md builds it: nginx, by the text of that page, before the production server.

`DATABASE_URL=… python -m tests.benchmarks.front_door`

Wants an empty database and nginx on PATH. Each line says what was tried, what came, and whether that is what should
have come; the command exits with 1 where one is not.
"""

import http.client
import os
import re
import secrets
import shutil
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

from tests.benchmarks.start import say, start

ROOT = Path(__file__).resolve().parent.parent.parent
HOST = "clinic.example"
PASSWORD = "wave-harbour-lantern"
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
SLOW_SENDERS = 150
TRIES_TIMED = 30  # a round, and two rounds: more from one address within a minute are refused
PEOPLE = 2 + 2 * TRIES_TIMED
SEEN_ELSEWHERE = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}


class Caller:
    """Somebody at the clinic's address, with the cookies that were given."""

    def __init__(self, port):
        self.port, self.cookies = port, {}

    def ask(self, method, address, form=None, headers=(), body=None):
        """Return (status, headers, bytes). A form gets the token of the last page."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        line = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60, context=context)
        said = {"Host": HOST, "Referer": f"https://{HOST}{address}"}
        said["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if form is not None:
            body = urlencode(form)
            said["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            line.request(method, address, body, said | dict(headers))
            answer = line.getresponse()
            taken = answer.status, answer.headers, answer.read()
        finally:
            line.close()
        for cookie in taken[1].get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return taken

    def sign_in(self, email, password, headers=()):
        page = self.ask("GET", "/accounts/login/")[2].decode()
        form = {"csrfmiddlewaretoken": TOKEN.search(page)[1], "login": email, "password": password}
        return self.ask("POST", "/accounts/login/", form, headers)


def certificate(folder):
    """Write a certificate that the proxy signs for itself, and return (path, path of its key)."""
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "cert.pem", folder / "key.pem"


def written_server():
    """Return the server of nginx as docs/operations.md writes it."""
    page = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    return next(block for block in re.findall(r"```nginx\n(.*?)```", page, re.DOTALL) if block.startswith("server {"))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_for(port, process):
    deadline = time.monotonic() + 60
    while not answers(port):
        if process.poll() is not None or time.monotonic() > deadline:
            sys.exit(f"{process.args[0]} does not come up.")
        time.sleep(0.05)


@contextmanager
def running(arguments, port, **options):
    process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, **options)
    try:
        wait_for(port, process)
        yield
    finally:
        process.terminate()
        process.wait()


@contextmanager
def the_house(folder, photos):
    """Serve the clinic as the operations' page says, and yield the port of its door."""
    inner, outer = free_port(), free_port()
    cert, key = certificate(folder)
    server = written_server()
    for written, here in {
        "listen 443 ssl;": f"listen 127.0.0.1:{outer} ssl;",
        "/etc/ssl/clinic.example.pem": str(cert),
        "/etc/ssl/clinic.example.key": str(key),
        "127.0.0.1:8001": f"127.0.0.1:{inner}",
        "/var/lib/mesotrack/photos/": f"{photos}/",
    }.items():
        if written not in server:
            sys.exit(f"docs/operations.md no longer says {written!r}.")
        server = server.replace(written, here)
    scratch = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;\n" if os.geteuid() == 0 else ""
    conf = folder / "nginx.conf"
    conf.write_text(
        f"{user}worker_processes 1;\npid {folder}/nginx.pid;\nerror_log {folder}/nginx.log;\n"
        f"events {{ worker_connections 1024; }}\nhttp {{\naccess_log off;\n{scratch}{server}\n}}\n"
    )
    production = {
        "MESOTRACK_ENV": "production",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "MESOTRACK_FIELD_KEYS": "b25seS1mb3ItdGhpcy1iZW5jaG1hcmstMzItYnl0ZXM=",
        "ALLOWED_HOSTS": HOST,
        "TRUSTED_PROXY_COUNT": "1",
        "MESOTRACK_VAR": str(folder),
        "PHOTO_ROOT": str(photos),
        "PHOTO_ACCEL_PREFIX": "/protected/photos/",
    }
    environment = {name: value for name, value in os.environ.items() if name != "DEBUG"} | production
    manage = [sys.executable, str(ROOT / "manage.py"), "collectstatic", "--noinput", "--verbosity", "0"]
    subprocess.run(manage, env=environment, cwd=ROOT, check=True)
    granian = [sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", "2", "--blocking-threads", "1"]
    granian += ["--host", "127.0.0.1", "--port", str(inner), "--no-log", "clinic.wsgi:application"]
    nginx = [shutil.which("nginx"), "-c", str(conf), "-g", "daemon off;"]
    with (
        running(granian, inner, env=environment, cwd=ROOT, stderr=(folder / "server.log").open("w")),
        running(nginx, outer, stderr=(folder / "nginx.err").open("w")),
    ):
        yield outer


def fill():
    """Write a place with people who work there and one photo; return the photo."""
    from clinic.models import User  # noqa: PLC0415
    from clinic.roles import Role  # noqa: PLC0415
    from tests.factories import LocationFactory, PhotoFactory  # noqa: PLC0415

    place = LocationFactory()
    for number in range(PEOPLE):
        person = User.objects.create_user(f"desk{number}@x.example", PASSWORD, role=Role.STAFF, first_name="Sam")
        person.locations.set([place])
    return PhotoFactory(course__patient__location=place)


def forget_tries():
    """Begin a new window: what was tried so far counts no more."""
    from django.core.cache import cache  # noqa: PLC0415

    cache.clear()


class Findings:
    def __init__(self):
        self.wrong = 0

    def add(self, what, seen, is_right):
        self.wrong += not is_right
        say(f"{'ok   ' if is_right else 'WRONG'} {what:<72} {seen}")


def try_files(door, photo, found):
    from tests.treatments.photographs import address  # noqa: PLC0415
    from treatments.photo_files import path_of  # noqa: PLC0415

    nurse, kept = Caller(door), path_of(photo, "320")
    found.add("a nurse signs in", status := nurse.sign_in("desk0@x.example", PASSWORD)[0], status == 302)
    status, headers, body = nurse.ask("GET", address(photo, "320"))
    whole = (status, body) == (200, kept.read_bytes())
    found.add("a photo, sent by the proxy", f"{status}, {len(body)} bytes", whole)
    cached = headers["Cache-Control"]
    found.add("  is kept by nobody", cached, cached == "private, no-store")
    status, headers, _body = Caller(door).ask("GET", address(photo, "320"))
    found.add("the same, signed out", f"{status} {headers['Location']}", status == 302)
    inside = f"{kept.parent.name}/{kept.name}"
    for where in (f"/protected/photos/{inside}", f"/media/{inside}", f"/photos/{inside}", "/static/../manage.py"):
        status = nurse.ask("GET", where)[0]
        found.add(f"straight at {where.replace(inside, '…')}", status, status == 404)


def try_bodies(door, found):
    nurse = Caller(door)
    nurse.sign_in("desk0@x.example", PASSWORD)
    for size in (20, 60):
        status = nurse.ask("POST", "/patients/new/", body=b"x" * (size << 20))[0]
        found.add(f"a body of {size} MB", status, status == 413)


def try_hosts(door, found):
    for name, value in SEEN_ELSEWHERE.items():
        status, headers, _body = Caller(door).ask("GET", "/", headers={name: value})
        leads = headers["Location"] or ""
        found.add(f"{name}: {value}", f"{status} {leads}", "evil" not in leads and status in (302, 400))
    headers = Caller(door).ask("GET", "/accounts/login/")[1]
    for name in ("Strict-Transport-Security", "Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy"):
        found.add(f"header {name}", (headers[name] or "missing")[:40], bool(headers[name]))


def try_passwords(door, found):
    """Thirty wrong ones with a forwarded address that changes, then the right one, and somebody else."""
    forget_tries()
    for number in range(30):
        Caller(door).sign_in("desk1@x.example", "wrong", {"X-Forwarded-For": f"203.0.113.{number}"})
    status = Caller(door).sign_in("desk1@x.example", PASSWORD, {"X-Forwarded-For": "203.0.113.99"})[0]
    found.add("30 wrong passwords from changing addresses, then the right one", status, status != 302)
    status = Caller(door).sign_in("desk0@x.example", PASSWORD)[0]
    found.add("  somebody else at the same address", status, status == 302)


def try_times(door, found):
    """As long for an address that nobody has as for one of an account, each tried once."""
    seconds = {True: [], False: []}
    for number in range(2 * TRIES_TIMED):
        if number % TRIES_TIMED == 0:
            forget_tries()
        for has_account in (True, False) if number % 2 else (False, True):
            caller = Caller(door)
            page = caller.ask("GET", "/accounts/login/")[2].decode()
            name = f"desk{number + 2}" if has_account else f"nobody{number}"
            form = {"csrfmiddlewaretoken": TOKEN.search(page)[1], "login": f"{name}@x.example", "password": "wrong"}
            began = time.perf_counter()
            caller.ask("POST", "/accounts/login/", form)
            seconds[has_account].append(time.perf_counter() - began)
    known, unknown = (statistics.median(seconds[has_account]) for has_account in (True, False))
    seen = f"{known * 1000:.0f} and {unknown * 1000:.0f} ms"
    found.add("medians of 60 wrong tries, with an account and without", seen, abs(known - unknown) <= 0.1 * known)


def try_slow_senders(door, found):
    """Many who send a form a byte now and then, while others work."""
    lines, is_over = [], threading.Event()
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    head = f"POST /accounts/login/ HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 100000\r\n\r\n".encode()
    for _number in range(SLOW_SENDERS):
        line = context.wrap_socket(socket.create_connection(("127.0.0.1", door)), server_hostname=HOST)
        line.sendall(head)
        lines.append(line)

    def dribble():
        while not is_over.wait(0.5):
            for line in lines:
                line.sendall(b"x")

    sender = threading.Thread(target=dribble, daemon=True)
    sender.start()
    slowest = 0.0
    for _number in range(3):
        began = time.perf_counter()
        status = Caller(door).ask("GET", "/accounts/login/")[0]
        slowest = max(slowest, time.perf_counter() - began)
        found.add(f"a page beside {SLOW_SENDERS} slow senders", status, status == 200)
    is_over.set()
    sender.join()
    for line in lines:
        line.close()
    found.add("  the slowest of three", f"{slowest:.2f} s", slowest < 2)


def main():
    start()

    from django.conf import settings  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415

    if not shutil.which("nginx"):
        sys.exit("nginx is not on PATH.")
    call_command("migrate", verbosity=0, interactive=False)
    found = Findings()
    with tempfile.TemporaryDirectory() as folder:
        photos = Path(folder) / "photos"
        settings.PHOTO_ROOT = photos
        photo = fill()
        with the_house(Path(folder), photos) as door:
            try_files(door, photo, found)
            try_bodies(door, found)
            try_hosts(door, found)
            try_passwords(door, found)
            try_times(door, found)
            try_slow_senders(door, found)
    sys.exit(1 if found.wrong else 0)


if __name__ == "__main__":
    main()
