"""A scanner over the demo clinic, signed in: whether it was inside, which answers were faults, and what it found.

    DATABASE_URL=… python -m tests.benchmarks.scan --wapiti …/bin/wapiti --role clinician --into var/scan
    python -m tests.benchmarks.scan --wapiti …/bin/wapiti --holes --into var/scan

Wapiti lives in an environment of its own. It writes wherever it finds a form: give it an empty database and throw that
away. With --holes it is set on a page with known holes, signed in and signed out: a scanner that finds nothing there
proves nothing here.
"""

import argparse
import json
import subprocess
import threading
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from tests.benchmarks import holes
from tests.benchmarks.holes import REFUSED
from tests.benchmarks.start import say, start

MODULES = (
    *("sql", "xss", "permanentxss", "exec", "file", "ssrf", "redirect", "crlf", "xxe", "csp", "http_headers"),
    *("cookieflags", "methods", "backup", "htaccess", "upload"),
)
# Where a step would end the sign-in, or the account that it is of.
LEAVING = ("*/logout/*", "/switch/*", "/accounts/password/change/*", "/account/sign-ins/*", "/account/device/*")
INSIDE_HEADER = "X-Visitor: inside"
INSIDE = 0.9  # of the requests have to be somebody's: a scan of the sign-in page finds nothing, and says so proudly
LISTED = 12  # addresses are named for each kind that is found


def main():
    options = read_options()
    into = Path(options.into)
    into.mkdir(parents=True, exist_ok=True)
    if options.holes:
        scan_holes(options, into)
    else:
        scan_clinic(options, into)


def read_options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wapiti", required=True, help="the program")
    parser.add_argument("--role", choices=["staff", "clinician", "admin"], default="clinician")
    parser.add_argument("--holes", action="store_true", help="scan the page with known holes instead")
    parser.add_argument("--into", required=True, help="a folder for the reports")
    parser.add_argument("--port", type=int, default=8101)
    parser.add_argument("--crawl", type=int, default=180, help="seconds of looking for pages (default: %(default)s)")
    parser.add_argument("--attack", type=int, default=60, help="seconds of each module (default: %(default)s)")
    parser.add_argument("--links", type=int, default=60, help="links of a page that are followed: 1 leaves its forms")
    parser.add_argument("--only", default="", help='first parts of addresses, such as "patients search"')
    parser.add_argument("--serve", action="store_true", help="only serve, and say the header: for another scanner")
    return parser.parse_args()


def scan_clinic(options, into):
    """Serve the demo clinic to the scanner as somebody of the role, and say what became of it."""
    start()
    from tests.benchmarks import scanned  # noqa: PLC0415 -- needs the app registry

    user = scanned.prepare(options.role)
    log = []
    clinic = with_cookie(scanned.application(log), scanned.cookie_of(user))
    with serving(clinic, options.port) as base:
        if options.serve:
            say(f"{base} as {user.email}, with the header {INSIDE_HEADER}. Ctrl-C stops it.")
            threading.Event().wait()
        every, wanted = scanned.addresses(user), options.only.split()
        pages = [base + address for address in every if not wanted or part_of(address) in wanted]
        others = {f"/{part_of(address)}/*" for address in every if part_of(address) not in wanted} if wanted else set()
        spared = [base + address for address in (*LEAVING, *scanned.own_pages(user), *sorted(others))]
        found = wapiti(options, base, INSIDE_HEADER, into / f"{options.role}.json", pages, spared)
    write_log(log, into / f"{options.role}.log")
    tell(options.role, found, log)
    for method, path, status in sorted({line[:3] for line in log if line[2] >= 500}):
        say(f"  FAULT {status} {method} {path}")


def part_of(address):
    """Return the first part of an address: "patients" of /patients/new/."""
    return address.partition("?")[0].split("/")[1]


def scan_holes(options, into):
    """Say what the scanner finds where there is something to find, inside and outside."""
    for name, header in (("holes", INSIDE_HEADER), ("holes-signed-out", "X-Visitor: outside")):
        log = []
        with serving(with_cookie(holes.application(log), holes.COOKIE), options.port) as base:
            found = wapiti(options, base, header, into / f"{name}.json", [], [])
        tell(name, found, log)


def with_cookie(application, cookie):
    """Return the application for somebody who keeps the cookie: a scanner forgets its own at the first redirect."""

    def inside(environ, start_response):
        if environ.get("HTTP_X_VISITOR") == "inside":
            environ["HTTP_COOKIE"] = cookie
        return application(environ, start_response)

    return inside


@contextmanager
def serving(application, port):
    server = make_server("127.0.0.1", port, application, Server, Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.shutdown()
        server.server_close()


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    """Writes no line for each request: the log is kept by the application, which knows whose it was."""

    def log_message(self, *args):
        pass


def wapiti(options, base, header, report, pages, spared):
    """Run the scanner and return its report. It asks nothing outside this machine: its own server is named as ours."""
    command = [options.wapiti, "-u", f"{base}/", "--scope", "domain", "-m", ",".join(MODULES), "-l", "1"]
    command += ["-H", header, "--flush-session", "--no-bugreport", "-v", "0"]
    command += ["--store-session", str(report.with_suffix(".session")), "-f", "json", "-o", str(report)]
    command += ["--max-scan-time", str(options.crawl), "--max-attack-time", str(options.attack)]
    command += ["-d", "1", "-S", "polite", "--max-files-per-dir", "12", "--tasks", "4"]
    command += ["--max-links-per-page", str(options.links)]
    command += ["--endpoint", f"{base}/nowhere", "-t", "10"]
    command += ["--skip", "csrfmiddlewaretoken"]  # or each try would end at a token that is wrong
    command += [word for page in pages for word in ("-s", page)]
    command += [word for address in spared for word in ("-x", address)]
    with report.with_suffix(".out").open("w") as out:
        subprocess.run(command, stdout=out, stderr=subprocess.STDOUT, check=False)
    return json.loads(report.read_text())


def write_log(log, path):
    path.write_text("".join(f"{method} {where} {status} {who or '-'}\n" for method, where, status, who in log))


def tell(name, found, log):
    """Say how much of the log was somebody's, and what the report names, each kind with how often and where.

    What is refused before anybody is asked who it is, a NUL or a method that no page has, counts for neither.
    """
    asked = [who for *_rest, who in log if who != REFUSED]
    share = sum(1 for who in asked if who) / max(len(asked), 1)
    verdict = "inside" if share > INSIDE else "NOT inside: this scan says nothing"
    say(f"{name}: {len(log)} requests, {len(log) - len(asked)} of them refused before anybody was asked")
    say(f"  {share:.1%} of the others signed in ({verdict})")
    answers = Counter(f"{line[2] // 100}xx" for line in log)
    say(f"  {dict(answers)}; {dict(Counter(line[0] for line in log))}")
    say(f"  pages and forms found: {found['infos'].get('crawled_pages_nbr')}")
    for kind in ("vulnerabilities", "anomalies", "additionals"):
        for category, entries in found[kind].items():
            if entries:
                where = sorted({f"{each['method']} {each['path'].split('?')[0]}" for each in entries})
                say(f"  {kind}: {category} × {len(entries)}: {', '.join(where[:LISTED])}")


if __name__ == "__main__":
    main()
