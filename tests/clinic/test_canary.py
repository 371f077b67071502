"""One name that nobody else has, and every place where it must not turn up: logs, addresses, mails about faults."""

import base64
import inspect
import io
import logging
import pickle
import re
from urllib.parse import unquote

import pytest
from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.db import IntegrityError, connection, transaction
from django.test import Client

import clinic.tasks
import patients.tasks
import treatments.tasks
from clinic.logs import HidePrivateAddresses, without_private
from clinic.roles import Role
from patients.emergencies import tell_admins
from patients.models import Patient
from tests.clinic.access import client_of, records_at
from tests.clinic.page_forms import forms_of
from tests.clinic.test_access import LEAVING, TABLE, address
from tests.factories import EmergencyAccessFactory, LocationFactory, PatientFactory, UserFactory

pytestmark = pytest.mark.django_db

CANARY = "Zanzibarova"
NOTE = "Quillverdant"  # and a word that stands in a note alone


@pytest.fixture
def here():
    return LocationFactory()


@pytest.fixture
def log():
    """Return what the console of the clinic's settings would have got, from the level of the settings on."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter(settings.LOGGING["formatters"]["plain"]["format"], style="{"))
    handler.addFilter(HidePrivateAddresses())
    handler.setLevel(logging.WARNING)
    logging.getLogger().addHandler(handler)
    yield stream
    logging.getLogger().removeHandler(handler)


@pytest.fixture
def records(here):
    records = records_at(here)
    patient = records["patient"]
    patient.family_name, patient.email = CANARY, f"{CANARY.lower()}@patient.example"
    patient.save()
    return records


def test_name_of_a_patient_is_in_no_line_of_the_log_and_no_address(here, records, log):
    client = client_of("clinician", here)
    client.raise_request_exception = False
    form = {"q": CANARY, "family_name": CANARY, "note": CANARY}

    went = [client.get(f"{path}?q={CANARY}") for path in ("/search/", "/nowhere/", "/patients/", "/patients/%00")]
    went += [client.post(path, form) for path in ("/search/", "/patients/", "/nowhere/")]
    went += [client.post(address(name, records), form) for name, row in TABLE.items() if row.post]
    Client(enforce_csrf_checks=True).post("/patients/new/", form)

    assert [line for line in log.getvalue().splitlines() if CANARY.lower() in line.lower()] == []
    led = [answer.headers.get("Location", "") for answer in went]
    assert [where for where in led if CANARY.lower() in where.lower()] == []


def test_fault_is_mailed_to_nobody_since_such_a_mail_has_all_that_was_typed(here, settings, monkeypatch, log):
    settings.ADMINS = [("Robin", "robin@clinic.example")]
    client = client_of("staff", here)
    client.raise_request_exception = False
    monkeypatch.setattr(Patient, "full_clean", lambda *args, **kwargs: 1 / 0)

    answer = client.post("/patients/new/", {"family_name": CANARY, "given_name": "Ana", "sex": "female"})

    assert (answer.status_code, mail.outbox) == (500, [])
    assert "ZeroDivisionError" in log.getvalue()
    assert CANARY not in log.getvalue()


def test_row_that_breaks_a_rule_is_not_shown_in_the_log(here, log):
    """PostgreSQL says the whole row beside the rule that it breaks."""
    patient = PatientFactory(location=here, family_name=CANARY, given_name="Ana\n\nMaria")
    try:
        with transaction.atomic():
            Patient.objects.filter(pk=patient.pk).update(sex=None)
    except IntegrityError:
        logging.getLogger("django.request").exception("Internal Server Error: /patients/")

    said = log.getvalue()
    assert "IntegrityError" in said
    assert CANARY not in said
    assert "Maria" not in said


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite shows no question")
def test_question_that_is_wrong_is_not_shown_in_the_log(log):
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT nothing FROM clinic_user WHERE last_name = %s", [CANARY])
    except Exception:
        logging.getLogger("django.request").exception("Internal Server Error: /")

    assert CANARY not in log.getvalue()


def test_of_a_chain_of_errors_each_is_told_and_none_of_the_rows():
    said = (
        'psycopg.errors.NotNullViolation: null value in column "sex"\n'
        f"DETAIL:  Failing row contains (1, {CANARY},\n\nand a note of two lines).\n"
        "\nThe above exception was the direct cause of the following exception:\n\n"
        "Traceback (most recent call last):\n  File …\n"
        'django.db.utils.IntegrityError: null value in column "sex"\n'
        f"DETAIL:  Failing row contains (1, {CANARY})."
    )

    left = without_private(said)

    assert CANARY not in left
    assert "two lines" not in left
    assert "psycopg.errors.NotNullViolation" in left
    assert "django.db.utils.IntegrityError" in left


def test_title_of_a_page_is_all_that_a_browser_remembers_beside_an_address(here, records):
    """Addresses carry public ids: a history of addresses names nobody."""
    assert [name for name in TABLE if CANARY.lower() in address(name, records).lower()] == []


def readable(text):
    """Return a text with whatever in it reads as base64 opened, as anybody can who finds it in a list of addresses."""
    parts = re.findall(r"[\w+/-]{8,}", unquote(text))
    opened = [
        base64.urlsafe_b64decode(part[: len(part) // 4 * 4].replace("+", "-").replace("/", "_")) for part in parts
    ]
    return " ".join([text, *(each.decode("latin-1") for each in opened)])


@pytest.mark.parametrize(
    "path", ["/patients/?standing=all", "/patients/?sort=name", "/search/", "/patients/duplicates/"]
)
def test_address_of_the_next_page_tells_nobody_whose_row_was_the_last(here, path):
    person = UserFactory(role=Role.ADMIN)
    client = Client()
    client.force_login(person)
    for number in range(60):
        born = f"19{number // 2 + 50}-01-01"
        PatientFactory(location=here, family_name=CANARY, given_name="Ana", birth_date=born)
    if path == "/search/":
        path = client.post(path, {"q": CANARY}).url

    first = client.get(path)
    second = client.get(re.sub(r"\?.*", "", path) + first.context["page"].next)

    shown = [second.context["page"].previous, *re.findall(r'href="([^"]*)"', first.content.decode())]
    assert first.context["page"].next
    assert second.context["page"].previous
    assert [link for link in shown if CANARY.lower() in readable(link).lower()] == []


# Further on: what a browser keeps, what stands beside a page, what goes out, what waits in between.


def said_beside(answer):
    """Return what an answer says outside of its page to whoever looks on: its headers and its cookies.

    A message for the next page is of the page: it names the patient, signed, in a cookie that goes with that page.
    """
    told = [f"{name}: {value}" for name, value in answer.headers.items()]
    return told + [f"{name}={cookie.value}" for name, cookie in answer.cookies.items()]


@pytest.mark.parametrize("who", ["clinician", "admin"])
def test_name_of_a_patient_is_in_no_header_no_cookie_and_no_cache(here, records, log, who):
    client = client_of(who, here)
    client.raise_request_exception = False
    found, asked = [], 0

    for name, row in TABLE.items():
        if name in LEAVING or row.answer("get", who) != "200":
            continue
        page = client.get(address(name, records) + row.query.format(patient=records["patient"].public_id))
        answers = [page]
        for form in [] if name.startswith(("account", "switch", "mfa")) else forms_of(page):
            with transaction.atomic():
                answers.append(client.post(form.action, form.filled() | {"note": NOTE}))
                transaction.set_rollback(True)
        found += [(name, told) for answer in answers for told in said_beside(answer) if is_told(told)]
        asked += len(answers)

    assert asked > 60
    assert found == []
    assert not is_told(repr([(key, pickle.loads(value)) for key, value in cache._cache.items()]))  # noqa: S301 -- ours
    assert not is_told(log.getvalue())


def is_told(text):
    return any(word.lower() in text.lower() for word in (CANARY, NOTE))


@pytest.mark.parametrize("status", [400, 403, 404, 405, 500])
def test_page_of_an_error_repeats_nothing_that_was_asked(here, records, monkeypatch, status):
    client = client_of("staff", here)
    client.raise_request_exception = False
    client.handler.enforce_csrf_checks = status == 403
    form = {"family_name": CANARY, "note": NOTE}
    if status == 500:
        monkeypatch.setattr(Patient, "full_clean", lambda *args, **kwargs: 1 / 0)
        form |= {"given_name": "Ana", "sex": "female"}
    where = {400: "/patients/%00/", 404: f"/nowhere/{CANARY}/", 405: "/settings/theme/"}.get(status, "/patients/new/")

    answer = client.get(f"{where}?q={CANARY}") if status in {400, 404, 405} else client.post(where, form)

    assert answer.status_code == status
    assert not is_told(answer.content.decode())


def test_mail_to_the_admins_about_an_emergency_names_nobody(records):
    UserFactory(role=Role.ADMIN)
    opened = EmergencyAccessFactory(patient=records["patient"], reason=f"{CANARY} fainted. {NOTE}")
    tell_admins(opened.opened_at)

    assert mail.outbox != []
    assert [each for each in mail.outbox if is_told(str(each.message()))] == []


def test_bell_of_the_worker_says_nothing_but_its_name():
    """What is to be done stands in its row; the queue, a file of its own, holds no fact of anybody."""
    found = [each for module in (clinic.tasks, patients.tasks, treatments.tasks) for each in vars(module).values()]
    works = [each for each in found if hasattr(each, "enqueue")]

    assert len(works) >= 5
    assert [each for each in works if inspect.signature(each.func).parameters] == []
