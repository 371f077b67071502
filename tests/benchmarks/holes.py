"""A page with six known holes behind a cookie: what a scanner that works has to find, and one left outside cannot."""

import html
import sqlite3
import subprocess
from pathlib import Path
from tempfile import gettempdir
from urllib.parse import parse_qs

COOKIE = "visitor=let-in"
REFUSED = "-"  # in a log: before anybody was asked who it is
LINKS = ("/say?words=a", "/find?name=a", "/go?to=/", "/read?file=readme.txt", "/ping?host=here", "/walls")
WALL = []


def application(log):
    """Return the page; whoever comes without the cookie is led to a sign-in that has nothing to find."""

    def page(environ, start_response):
        inside = COOKIE in environ.get("HTTP_COOKIE", "")
        path, asked = environ["PATH_INFO"], query_of(environ)
        status, headers, body = answer(path, asked) if inside else outside(path)
        log.append((environ["REQUEST_METHOD"], path, int(status[:3]), "visitor" if inside else None))
        start_response(status, [("Content-Type", "text/html; charset=utf-8"), *headers])
        return [body.encode(errors="replace")]

    return page


def query_of(environ):
    sent = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode(errors="replace")
    both = parse_qs(f"{environ.get('QUERY_STRING', '')}&{sent}", keep_blank_values=True)
    return {name: values[-1] for name, values in both.items()}


def outside(path):
    if path == "/sign-in":
        return "200 OK", [], "<p>Sign in</p>"
    return "302 Found", [("Location", "/sign-in")], ""


def answer(path, asked):
    if path in HOLES:
        return HOLES[path](asked)
    if path == "/":
        return "200 OK", [], "".join(f'<a href="{link}">{link}</a>' for link in LINKS)
    return "404 Not Found", [], "<p>Nothing here</p>"


def echo(asked):
    return "200 OK", [], f"<p>You said {asked.get('words', '')}</p>"


def query(asked):
    database = sqlite3.connect(":memory:")
    database.execute("create table person (name text)")
    try:
        rows = database.execute(f"select name from person where name = '{asked.get('name', '')}'").fetchall()  # noqa: S608 -- the hole
    except (sqlite3.Error, sqlite3.Warning) as error:
        return "500 Error", [], f"sqlite3.OperationalError: {html.escape(str(error))}"
    return "200 OK", [], f"<p>{len(rows)} found</p>"


def lead(asked):
    return "302 Found", [("Location", asked.get("to", "/").splitlines()[0] if asked.get("to") else "/")], ""


def read(asked):
    try:
        return "200 OK", [], html.escape(Path(asked.get("file", "")).read_text()[:2000])
    except (OSError, ValueError):
        return "200 OK", [], "<p>No such file</p>"


def ping(asked):
    command = f"echo {asked.get('host', '')}".replace("\0", "")
    said = subprocess.run(  # noqa: S602 -- the hole; what is written through it stays out of this folder
        command, shell=True, capture_output=True, text=True, check=False, timeout=20, cwd=gettempdir()
    )
    return "200 OK", [], html.escape(said.stdout[:2000])


def wall(asked):
    if "note" in asked:
        WALL.append(asked["note"])
    form = '<form method="post" action="/walls"><input name="note" value="a"><button>Write</button></form>'
    return "200 OK", [], form + "".join(WALL[-50:])


HOLES = {"/say": echo, "/find": query, "/go": lead, "/read": read, "/ping": ping, "/walls": wall}
