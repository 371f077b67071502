"""Every question that an address of ours can ask, and every part of one, with what nobody would type: never a fault.

Which questions a page knows is found by watching what it looks for.
"""

import re
from itertools import cycle, islice
from urllib.parse import quote

import pytest
from django.http import QueryDict
from django.test import Client

from tests.clinic.access import client_of, records_at, routes, snapshot
from tests.clinic.test_access import LEAVING, TABLE, address
from tests.factories import LocationFactory

pytestmark = pytest.mark.django_db

NO_TEXT = ["a%00b", "%ff%fe", "%ed%a0%80", "%c0%af", "%E2%80%AEabc", "%0d%0aX: y", "%1b[31m", "%F4%90%80%80"]
SQL = [
    "' OR 1=1 --",
    '" OR ""="',
    "') UNION SELECT password FROM clinic_user --",
    "1; SELECT pg_sleep(9)--",
    "'||(SELECT pg_sleep(9))||'",
    "randomblob(900000000)",
    "/**/AND/**/1=(SELECT/**/1)",
    "-password",
    "clinic_user.password",
    "\\",
    "%",
    "_",
]
NUMBERS = [
    "9" * 30,
    "-1",
    "0",
    "1e309",
    "NaN",
    "-Infinity",
    "0x10",
    "\u0661\u0662",
    "2147483648",
    "9223372036854775808",
]
DAYS = ["0001-01-01", "9999-12-31", "2026-02-30", "2026-W60", "10000-01-01", "9999-12-31T23:59:59+14:00", "24:61"]
OTHERS = [
    "x" * 5000,
    "{{7*7}}",
    "../../etc/passwd",
    "[]",
    "null",
    "00000000-0000-0000-0000-000000000000",
    "|",
    "a|b|c",
]
BAD = [*NO_TEXT, *(quote(text) for text in (*SQL, *NUMBERS, *DAYS, *OTHERS))]
# Each question with so many of them, the next ones in turn: every one is put to many.
EACH = 7


@pytest.fixture
def here():
    return LocationFactory()


@pytest.fixture
def records(here):
    return records_at(here)


@pytest.fixture
def asked(monkeypatch):
    """Return what fills with the names that a page looks for in its address."""
    names = set()
    for method in ("get", "getlist", "__getitem__", "__contains__"):
        real = getattr(QueryDict, method)

        def watched(self, key, *rest, real=real, **more):
            names.add(key)
            return real(self, key, *rest, **more)

        monkeypatch.setattr(QueryDict, method, watched)
    return names


def questions(who, here, records, asked):
    """Yield the browser, the address and a name for every question of every page that opens to somebody."""
    client = client_of(who, here)
    client.raise_request_exception = False
    for name, row in TABLE.items():
        if name in LEAVING or row.answer("get", who) not in {"200", "404"}:
            continue
        where = address(name, records)
        asked.clear()
        client.get(where + row.query.format(patient=records["patient"].public_id))
        for question in sorted(each for each in asked if isinstance(each, str)):
            yield client, where, row.query.format(patient=records["patient"].public_id), question


@pytest.mark.parametrize("who", ["clinician", "admin"])
def test_question_with_what_nobody_would_type_is_no_fault(here, records, asked, who):
    found, before, turn, known = {}, snapshot(), cycle(BAD), set()
    pages = list(questions(who, here, records, asked))
    if who == "admin":  # whose other pages the clinician has tried
        pages = [each for each in pages if "in 403 403 200" in {row.get for row in TABLE.values()} and is_admins(each)]

    for client, where, query, question in pages:
        known.add(question)
        for text in islice(turn, EACH):
            asked_for = f"{where}{query}{'&' if query else '?'}{question}={text}"
            found[asked_for] = client.get(asked_for).status_code

    assert {where: status for where, status in found.items() if status >= 500} == {}
    assert snapshot() == before
    assert {"clinician": {"q", "day", "tab", "after", "before", "location", "shot"}, "admin": {"q"}}[who] <= known


def is_admins(each):
    return each[1].startswith(("/staff/", "/audit/", "/privacy/", "/emergencies/", "/backups/", "/reports/"))


PART = re.compile(r"<[^>]+>|\(\?P<[^>]+>[^)]*\)")
UNSAID = re.compile(r"[\^$\\]|\\Z")  # what a pattern says of itself
PARTS = [
    *("00000000-0000-0000-0000-000000000000", "9" * 40, "-1", "0", "%00", "%ff%fe", "%ed%a0%80", "%E2%80%AE"),
    *(quote("' OR 1=1 --", safe=""), quote("1; SELECT pg_sleep(9)--", safe=""), "x" * 3000, "..%2f..%2fetc%2fpasswd"),
    *("%7B%7B7*7%7D%7D", "_00", "_3C", "9223372036854775808"),
]


@pytest.mark.parametrize("who", ["stranger", "admin"])
def test_address_with_a_part_that_is_none_is_not_there(here, records, who):
    client, found, turn = client_of(who, here), {}, cycle(PARTS)
    client.raise_request_exception = False
    patterns = sorted({where for where, _name in routes() if PART.search(where)})
    assert len(patterns) > 150

    for pattern in patterns:
        for part in islice(turn, 2):
            where = "/" + "".join(UNSAID.sub("", text) + part * (n > 0) for n, text in enumerate(PART.split(pattern)))
            found[where] = client.get(where).status_code

    assert {where: status for where, status in found.items() if status >= 500} == {}
    assert {status for where, status in found.items() if status == 200 and who == "stranger"} == set()


HEADERS = [
    *("accept", "accept-language", "accept-encoding", "authorization", "forwarded", "hx-current-url", "hx-request"),
    *("hx-target", "hx-trigger", "if-match", "if-modified-since", "if-none-match", "origin", "range", "referer"),
    *("sec-fetch-site", "user-agent", "x-csrftoken", "x-forwarded-for", "x-forwarded-proto", "sec-fetch-mode"),
    *("x-requested-with", "x-signature", "x-twilio-signature", "x-hub-signature-256", "content-encoding"),
]
COOKIES = ["csrftoken", "sessionid", "messages", "device", "theme"]
NO_HEADERS = [
    *("\x00", "a\x00b", "\xff\xfe", "\x1b[31m", "x" * 9000, "' OR 1=1 --", "bytes=-1,,", "9" * 400, "{{7*7}}"),
    "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
]


@pytest.mark.parametrize("text", NO_HEADERS)
def test_header_or_cookie_with_what_no_browser_sends_is_no_fault(here, text):
    inside, outside = client_of("clinician", here), Client()
    pages = ["/", "/search/?q=ana", "/accounts/login/", "/healthz", "/aftercare/a-token/", "/nowhere/"]
    found = {}

    for client in (inside, outside):
        client.raise_request_exception = False
        for where in pages:
            found[where, "header"] = client.get(where, headers=dict.fromkeys(HEADERS, text)).status_code
        for name in COOKIES:
            client.cookies[name] = text
        for where in pages[:3]:
            found[where, "cookie"] = client.get(where).status_code

    assert {each: status for each, status in found.items() if status >= 500} == {}
