"""Desks of a clinic: each signs in and signs one session after the other, through the pages that people use.

A desk knows nothing of the database. What the server acknowledged it remembers, and what was not answered it sends
again as it was, as somebody does who presses “Send again”.
"""

import http.client
import re
import socket
import threading
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

PASSWORD = "wave-harbour-lantern"
HIDDEN = re.compile(r'<input[^>]*name="(csrfmiddlewaretoken|form_token|page|copy_version)"[^>]*value="([^"]*)"')
UNANSWERED = (OSError, http.client.HTTPException, socket.timeout)


@dataclass
class Facts:
    """What every form says beside its own: rows of the catalogue by the keys that the page's fields have."""

    areas: list[int]
    lots: list[str]
    questions: list[str]


@dataclass
class Sent:
    """One session as it was sent. `where` is the address that the server answered, empty as long as it has not."""

    course: str
    token: str
    note: str
    tries: int = 0
    where: str = ""


@dataclass
class Book:
    """What the desks share: what is acknowledged, what is under way, and what no answer should have been."""

    acknowledged: list[Sent] = field(default_factory=list)
    under_way: dict[str, Sent] = field(default_factory=dict)
    strange: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Desk(threading.Thread):
    def __init__(self, port, email, performer, courses, facts, book):
        super().__init__(daemon=True)
        self.port, self.email, self.performer = port, email, performer
        self.courses, self.facts, self.book = courses, facts, book
        self.cookies, self.line = {}, None
        self.takes_more, self.is_open = True, True

    def run(self):
        for course in self.courses:
            if not self.takes_more:
                return
            self.log(course)

    def log(self, course):
        """Open the page of a new session and send it until it is answered."""
        address = f"/courses/{course}/sessions/new/"
        form = self.empty_form(address)
        if form is None:
            return
        sent = Sent(course, form["form_token"], form["note"])
        with self.book.lock:
            self.book.under_way[sent.token] = sent
        while self.is_open:
            status, page, where = self.until_answered("POST", address, form, sent)
            if status == 302 and where.startswith("/sessions/"):
                sent.where = where
                with self.book.lock:
                    self.book.acknowledged.append(sent)
                    del self.book.under_way[sent.token]
                return
            if self.is_open:
                self.book.strange.append(f"{status} {where} {' '.join(re.findall('error[^<]*<[^>]*>([^<]+)', page))}")
                return

    def empty_form(self, address):
        """Return the form of a new session; None where the page has none, which is noted."""
        status, page, where = self.until_answered("GET", address)
        form = self.form(page)
        if form["form_token"]:
            return form
        if self.is_open:
            title = re.findall("<title>([^<]*)", page)
            self.book.strange.append(f"{status} {where} {' '.join(title).strip()} instead of a form")
        return None

    def form(self, page):
        taken = dict(HIDDEN.findall(page))
        return {
            "action": "sign",
            "csrfmiddlewaretoken": taken.get("csrfmiddlewaretoken", ""),
            "form_token": taken.get("form_token", ""),
            "page": taken.get("page", ""),
            "copy_version": taken.get("copy_version", "0"),
            "performed_at": f"{datetime.now(UTC) - timedelta(minutes=1):%Y-%m-%dT%H:%M}",
            "performed_by": self.performer,
            "areas": self.facts.areas,
            "technique": "nappage",
            "weight_kg": "69.2",
            "pain": "3",
            "source-0": self.facts.lots[0],
            "drawn-0": "2.0",
            "source-1": self.facts.lots[1],
            "drawn-1": "1.0",
            "asked_back": "none",
            "reactions": ["burning"],
            "note": f"Session {uuid.uuid4()}",
            **{f"screening-{code}": "no" for code in self.facts.questions},
        }

    def until_answered(self, method, address, form=None, sent=None):
        """Return (status, page, where it leads) of the first answer; a server that is down or busy is asked again."""
        while self.is_open:
            try:
                if sent:
                    sent.tries += 1
                status, page, where = self.ask(method, address, form)
                if where.startswith("/accounts/login/"):
                    self.sign_in()
                    continue
            except UNANSWERED:
                self.hang_up()
                time.sleep(0.05)
                continue
            if status != 503:
                return status, page, where
            time.sleep(0.1)
        return 0, "", ""

    def sign_in(self):
        page = self.ask("GET", "/accounts/login/")[1]
        form = {"csrfmiddlewaretoken": dict(HIDDEN.findall(page)).get("csrfmiddlewaretoken", "")}
        self.ask("POST", "/accounts/login/", form | {"login": self.email, "password": PASSWORD})

    def ask(self, method, address, form=None):
        if self.line is None:
            self.line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        body = urlencode(form, doseq=True) if form is not None else None
        self.line.request(method, address, body, headers)
        answer = self.line.getresponse()
        page = answer.read().decode()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer.status, page, answer.headers.get("Location", "")

    def hang_up(self):
        if self.line:
            self.line.close()
        self.line = None
