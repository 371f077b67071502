"""The database is locked, gone, full or read-only: a page that says so, nothing half-written, and on by itself."""

import errno
import html
import re
import sqlite3
import tempfile
import uuid
from contextlib import ExitStack, contextmanager

import psycopg
import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.core.signals import got_request_exception
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from clinic.outage import outage_of
from tests.clinic.access import snapshot
from tests.factories import PASSWORD, CourseFactory, LocationFactory, SideEffectFactory, UserFactory
from tests.treatments.photographs import file as photo
from treatments.models import Session

# A fault is one of the whole connection, and not of the test's own transaction.
at_work = pytest.mark.django_db(transaction=True, serialized_rollback=True)

ON_SQLITE = connection.vendor == "sqlite"
only_sqlite = pytest.mark.skipif(not ON_SQLITE, reason="it is about SQLite's file")
only_postgres = pytest.mark.skipif(ON_SQLITE, reason="it is about PostgreSQL's server")
TITLES = {
    "locked": "The records are busy",
    "full": "There is no room to save",
    "read-only": "Nothing can be saved at the moment",
    "gone": "The records cannot be reached",
}
WRITING = [
    "locked",
    pytest.param("full", marks=only_sqlite),
    "read-only",
    "gone",
]


@pytest.fixture
def opened(monkeypatch):
    """Return a way to have the database opened otherwise, as a fault of the machine would have it."""

    def open_with(options=None, **values):
        connection.close()
        for name, value in values.items():
            monkeypatch.setitem(connection.settings_dict, name, value)
        changed = connection.settings_dict["OPTIONS"] | (options or {})
        monkeypatch.setitem(connection.settings_dict, "OPTIONS", changed)

    yield open_with
    connection.close()


@pytest.fixture
def fault(opened, monkeypatch):
    """Return a context in which the database is at fault; after it, nobody has done anything but end the fault."""

    @contextmanager
    def at_fault(kind):
        before = dict(connection.settings_dict)
        with FAULTS[kind](opened):
            yield
        for name in ("NAME", "PORT", "OPTIONS"):
            monkeypatch.setitem(connection.settings_dict, name, before[name])

    return at_fault


@contextmanager
def locked(opened):
    if ON_SQLITE:
        opened({"timeout": 0.1})
        other = sqlite3.connect(connection.settings_dict["NAME"])
        other.execute("BEGIN IMMEDIATE")
    else:
        opened({"options": "-c lock_timeout=100ms"})
        values = connection.settings_dict
        other = psycopg.connect(dbname=values["NAME"], user=values["USER"], host=values["HOST"], port=values["PORT"])
        other.execute("LOCK TABLE treatments_session IN EXCLUSIVE MODE")
    try:
        yield
    finally:
        other.rollback()
        other.close()


@contextmanager
def full(opened):
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")
        cursor.execute("PRAGMA page_count")
        used = cursor.fetchone()[0]
    opened({"init_command": f"PRAGMA max_page_count={used}"})
    yield


@contextmanager
def read_only(opened):
    if ON_SQLITE:
        opened(NAME=f"file:{connection.settings_dict['NAME']}?mode=ro")
    else:
        opened({"options": "-c default_transaction_read_only=on"})
    yield


@contextmanager
def gone(opened):
    if ON_SQLITE:
        opened(NAME="/nowhere/mesotrack.sqlite3")
    else:
        opened(PORT=1)
    yield


FAULTS = {"locked": locked, "full": full, "read-only": read_only, "gone": gone}


@pytest.fixture
def course():
    return CourseFactory(patient__location=LocationFactory(time_zone="UTC"))


@pytest.fixture
def nurse(course):
    """Return the browser of somebody signed in."""
    browser = Client(raise_request_exception=False, enforce_csrf_checks=True)
    browser.force_login(UserFactory(locations=[course.location]))
    browser.get(reverse("session-new", args=[course.public_id]))
    return browser


NOTE = 'Calm, "no" <complaints> & none. ' * 120  # longer than the room that is left in the pages of a full file


def session_form(nurse, course):
    return {
        "csrfmiddlewaretoken": nurse.cookies["csrftoken"].value,
        "form_token": str(uuid.uuid4()),
        "performed_at": "2026-03-10T11:00",
        "performed_by": course.clinician.pk,
        "areas": [area.pk for area in course.areas.all()],
        "technique": "nappage",
        "weight_kg": "69.2",
        "pain": "3",
        "reactions": ["burning"],
        "note": NOTE.strip(),
    }


def kept(response):
    """Return what the page would send again, as a browser reads it."""
    fields = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', response.content.decode())
    return [(html.unescape(name), html.unescape(value)) for name, value in fields]


@at_work
@pytest.mark.parametrize("kind", WRITING)
def test_fault_of_the_database_is_a_page_that_keeps_what_was_typed_and_sending_it_again_works(
    nurse, course, fault, kind
):
    url, form = reverse("session-new", args=[course.public_id]), session_form(nurse, course)
    before = snapshot()

    with fault(kind):
        response = nurse.post(url, form)

    assert (response.status_code, int(response.headers["Retry-After"]) > 0) == (503, True)
    assert "no-store" in response.headers["Cache-Control"]
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    words = html.unescape(response.content.decode())
    assert TITLES[kind] in words
    assert "What you typed is kept on this page." in words
    assert ("not saved, no part of it" in words) is (kind != "gone")
    assert snapshot() == before

    sent = {}
    for name, value in kept(response):
        sent.setdefault(name, []).append(value)
    again = nurse.post(url, sent)

    made = Session.objects.get()
    assert (again.status_code, again.url) == (302, made.get_absolute_url())
    assert (made.note, made.side_effects.count()) == (form["note"], 1)


@at_work
@pytest.mark.parametrize("kind", ["locked", pytest.param("full", marks=only_sqlite), "read-only"])
def test_pages_are_read_while_nothing_can_be_written(nurse, course, fault, kind):
    with fault(kind):
        assert nurse.get(course.get_absolute_url()).status_code == 200


@at_work
def test_page_of_a_database_that_is_gone_asks_it_nothing_and_leads_back_to_itself(nurse, course, fault):
    with fault("gone"):
        response = nurse.get(f"{course.get_absolute_url()}?a=1&b=2")

    assert response.status_code == 503
    words = response.content.decode()
    assert f'href="{course.get_absolute_url()}?a=1&amp;b=2"' in words
    assert "What you typed" not in words
    assert nurse.get(course.get_absolute_url()).status_code == 200


@at_work
def test_database_that_goes_as_the_use_of_a_sign_in_is_kept_is_an_outage_too(
    nurse, course, fault, monkeypatch, settings
):
    settings.SESSION_NOTED_AFTER_SECONDS = 0
    keep, end_of_fault = SessionStore.save, ExitStack()

    def keep_too_late(*arguments, **options):
        end_of_fault.enter_context(fault("gone"))
        keep(*arguments, **options)

    monkeypatch.setattr(SessionStore, "save", keep_too_late)
    with end_of_fault:
        response = nurse.get(course.get_absolute_url())

    assert response.status_code == 503
    assert TITLES["gone"] in response.content.decode()


@at_work
@pytest.mark.parametrize(
    ("kind", "said"),
    [
        pytest.param("locked", "locked", marks=only_sqlite),
        ("read-only", "read-only"),
        ("gone", "down"),
    ],
)
def test_health_tells_the_fault_and_that_it_is_over(client, fault, monkeypatch, kind, said):
    monkeypatch.setattr("clinic.views.health.PATIENCE_MS", 100)

    with fault(kind):
        response = client.get("/healthz")

    assert (response.status_code, response.json()) == (503, {"database": said})
    assert client.get("/healthz").status_code == 200


@at_work
@pytest.mark.parametrize("kind", ["locked", "read-only", "gone"])
def test_sign_in_waits_for_the_database_and_shows_no_password(course, fault, kind):
    if kind == "locked" and not ON_SQLITE:
        pytest.skip("a table that is locked there is not one of the sign-in's")
    browser = Client(raise_request_exception=False)
    user = UserFactory(locations=[course.location])

    with fault(kind):
        response = browser.post("/accounts/login/", {"login": user.email, "password": PASSWORD})

    assert response.status_code == 503
    assert PASSWORD not in response.content.decode()
    assert kept(response) == []
    assert browser.post("/accounts/login/", {"login": user.email, "password": PASSWORD}).status_code == 302


@at_work
def test_form_from_elsewhere_is_not_laid_before_a_person_to_be_sent(nurse, course, fault):
    url, form = reverse("session-new", args=[course.public_id]), session_form(nurse, course)

    with fault("gone"):
        without_token = nurse.post(url, form | {"csrfmiddlewaretoken": ""})
        from_elsewhere = nurse.post(url, form, headers={"origin": "https://evil.example"})

    assert [response.status_code for response in (without_token, from_elsewhere)] == [503, 503]
    assert kept(without_token) == kept(from_elsewhere) == []


@at_work
def test_patient_is_told_to_call_the_clinic(fault):
    with fault("gone"):
        response = Client(raise_request_exception=False).get("/aftercare/a-token/")

    assert response.status_code == 503
    assert "If it cannot wait, call the clinic." in response.content.decode()


@at_work
def test_disk_that_takes_no_upload_is_told_and_the_next_one_is_taken(nurse, course, monkeypatch, settings):
    def refuse(*args, **kwargs):
        raise OSError(errno.ENOSPC, "the disk refuses")

    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 0
    url = reverse("course-photos", args=[course.public_id])
    with monkeypatch.context() as patch:
        patch.setattr(tempfile, "NamedTemporaryFile", refuse)
        patch.setattr("django.core.files.uploadedfile.tempfile.NamedTemporaryFile", refuse)
        response = nurse.post(url, {"photos": photo(), "csrfmiddlewaretoken": nurse.cookies["csrftoken"].value})

    assert (response.status_code, kept(response)) == (503, [])
    after = nurse.post(url, {"photos": photo(), "csrfmiddlewaretoken": nurse.cookies["csrftoken"].value})
    assert after.status_code in {200, 302}


@at_work
@only_sqlite
def test_file_that_was_read_only_when_it_was_opened_is_opened_anew(nurse, course, fault):
    """SQLite falls back to reading by itself, and a connection that is kept for good would stay so."""
    form = session_form(nurse, course)
    with fault("read-only"):
        nurse.get(course.get_absolute_url())
        assert nurse.post(reverse("session-new", args=[course.public_id]), form).status_code == 503

    assert nurse.post(reverse("session-new", args=[course.public_id]), form).status_code == 302


@at_work
@only_postgres
def test_server_that_was_restarted_is_not_noticed_by_the_next_page(nurse, course):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    values = connection.settings_dict
    with psycopg.connect(
        dbname=values["NAME"], user=values["USER"], host=values["HOST"], port=values["PORT"], autocommit=True
    ) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [pid])

    answers = [nurse.get(course.get_absolute_url()).status_code for _ in range(2)]

    assert answers[-1] == 200
    assert answers[0] in {200, 503}  # the test's client begins no request anew, as a server does


@at_work
def test_fault_of_ours_stays_one(nurse, course, monkeypatch):
    def fail(*args, **kwargs):
        raise ZeroDivisionError

    monkeypatch.setattr("treatments.views.courses.get_course", fail)
    told = []
    got_request_exception.connect(lambda **kwargs: told.append(kwargs), weak=False, dispatch_uid="told")
    try:
        response = nurse.get(course.get_absolute_url())
    finally:
        got_request_exception.disconnect(dispatch_uid="told")

    assert (response.status_code, len(told)) == (500, 1)
    assert "The fault is ours" in response.content.decode()


def raised(action, *args, **facts):
    try:
        with transaction.atomic():
            action(*args, **facts)
    except Exception as error:
        return error
    return None


def ask(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "sql", ["SELECT * FROM nothing_of_that_name", "SELECT FROM WHERE", "SELECT nothing FROM clinic_user"]
)
def test_question_that_is_wrong_is_no_outage(sql):
    error = raised(ask, sql)

    assert isinstance(error, DatabaseError)
    assert outage_of(error) is None


@pytest.mark.django_db
def test_row_that_breaks_a_rule_is_no_outage(course):
    error = raised(SideEffectFactory, session__course=course, severity="mild", grade=9)

    assert isinstance(error, IntegrityError)
    assert outage_of(error) is None
