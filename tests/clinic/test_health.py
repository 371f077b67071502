"""What a watchdog is told."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import time_machine
from django.core.mail import EmailMessage
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clinic.actions import letters
from clinic.append_only import guard, guarded_models
from clinic.models import Heartbeat, Letter
from clinic.views import health
from tests.factories import UserFactory

NOW = datetime(2026, 9, 20, 16, 0, tzinfo=UTC)


@pytest.mark.django_db
def test_healthy_clinic_says_so_to_anyone(client):
    response = client.get("/healthz")

    assert (response.status_code, response.json()) == (
        200,
        {
            "database": "up",
            "migrations": "applied",
            "reminders": "never ran",
            "letters": "none late",
            "disk": "has room",
        },
    )
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.django_db
def test_pending_migration_is_not_healthy(client, monkeypatch):
    monkeypatch.setattr(MigrationExecutor, "migration_plan", lambda *args: [("clinic", "0009")])

    response = client.get("/healthz")

    assert (response.status_code, response.json()) == (503, {"database": "up", "migrations": "pending"})


@pytest.mark.django_db
def test_tables_of_a_newer_version_are_not_healthy(client):
    """As after an upgrade, for a server of before that nobody stopped."""
    MigrationRecorder(connection).record_applied("treatments", "9999_of_the_next_version")

    response = client.get("/healthz")

    assert (response.status_code, response.json()) == (503, {"database": "up", "migrations": "newer than the program"})


@pytest.mark.django_db
def test_migrate_that_was_killed_before_the_past_was_guarded_is_not_healthy(client):
    table = "patients_historicalpatient"
    on = f' ON "{table}"' if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(f'DROP TRIGGER "{table}_delete"{on}')

    response = client.get("/healthz")
    guard(connection, guarded_models())

    assert (response.status_code, response.json()) == (503, {"database": "up", "migrations": "cut off"})
    assert client.get("/healthz").status_code == 200


def test_database_that_does_not_answer_is_not_healthy(client, monkeypatch):
    def refuse(connection):
        raise OperationalError("connection refused: password=secret")

    monkeypatch.setattr(health, "MigrationExecutor", refuse)

    response = client.get("/healthz")

    assert (response.status_code, response.json()) == (503, {"database": "down"})


@pytest.mark.django_db
@pytest.mark.parametrize(("megabytes", "status", "said"), [(65, 200, "has room"), (64, 503, "full")])
def test_disk_that_is_nearly_full_is_told_before_it_is(client, monkeypatch, megabytes, status, said):
    usage = SimpleNamespace(free=megabytes * 1024 * 1024)
    monkeypatch.setattr(health.shutil, "disk_usage", lambda path: usage)

    response = client.get("/healthz")

    assert (response.status_code, response.json()["disk"]) == (status, said)


@pytest.mark.django_db
@pytest.mark.skipif("connection.vendor != 'postgresql'")
def test_postgresql_without_room_is_not_healthy(client):
    """Its disk is another, perhaps, than the program's; here it may take no more than a megabyte."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL temp_file_limit = '1MB'")

    response = client.get("/healthz")

    assert (response.status_code, response.json()) == (503, {"database": "locked"})


@pytest.mark.django_db
def test_health_is_read_only(client):
    assert client.post("/healthz").status_code == 405


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("minutes", "status", "said"),
    [(5, 200, "running"), (20, 200, "running"), (21, 503, "stopped since 2026-09-20T15:39Z")],
)
def test_sweep_that_stopped_is_noticed(client, minutes, status, said):
    Heartbeat.beat("reminders", NOW - timedelta(minutes=minutes))

    with time_machine.travel(NOW, tick=False):
        response = client.get("/healthz")

    assert (response.status_code, response.json()["reminders"]) == (status, said)


def written(at):
    return letters.write(EmailMessage("Your password", "It was changed.", to=["x@x.example"]), kind="x", now=at)


@pytest.mark.django_db
@pytest.mark.parametrize(("minutes", "said"), [(15, "none late"), (16, "1 late since 2026-09-20T15:44Z")])
def test_letters_that_do_not_go_are_told_and_take_no_clinic_off_the_net(client, minutes, said):
    """The worker runs; the mail server takes nothing. Patients are treated all the same."""
    written(NOW - timedelta(minutes=minutes))

    with time_machine.travel(NOW, tick=False):
        response = client.get("/healthz")

    assert (response.status_code, response.json()["letters"]) == (200, said)


def given_up(at, *, after=timedelta(), **whose):
    facts = {"written_at": at, "due_at": at, "started_at": at + after, "ended_at": at + after}
    return Letter.objects.create(kind="x", state="failed", **facts, **whose)


@pytest.mark.django_db
def test_letters_that_were_given_up_are_late_for_a_day_or_until_another_goes():
    """A mail server that is gone for hours has each letter given up within half an hour, and is still gone."""
    for at in (NOW, NOW + timedelta(minutes=2)):
        given_up(at, person=UserFactory())
    said = "2 late since 2026-09-20T16:00Z"
    assert health.letters_state(NOW + timedelta(hours=3)) == said
    assert health.letters_state(NOW + timedelta(days=1, minutes=3)) == "none late"

    written(NOW + timedelta(hours=2))
    assert health.letters_state(NOW + timedelta(hours=3)) == said.replace("2", "3", 1)
    Letter.objects.filter(state="waiting").end(Letter.State.SENT, now=NOW + timedelta(hours=3))
    assert health.letters_state(NOW + timedelta(hours=3)) == "none late"


@pytest.mark.django_db
def test_stranger_who_names_an_address_that_no_server_takes_rings_no_alarm(client):
    """Signed out, anybody may ask for a password at an address without an account."""
    with time_machine.travel(NOW, tick=False):
        client.post("/accounts/password/reset/", {"email": "nobody@nowhere.example"})
    letter = Letter.objects.filter(kind="unknown_account", person=None)

    letter.update(attempts=2, started_at=NOW + timedelta(minutes=10), due_at=NOW + timedelta(minutes=20))
    assert health.letters_state(NOW + timedelta(minutes=16)) == "none late"
    assert health.letters_state(NOW + timedelta(minutes=36)) == "1 late since 2026-09-20T16:00Z"  # nobody sends
    letter.end(Letter.State.FAILED, now=NOW + timedelta(minutes=20), error="550 nobody here")
    assert health.letters_state(NOW + timedelta(minutes=36)) == "none late"


@pytest.mark.django_db
def test_one_address_that_is_refused_beside_letters_that_went_is_not_late():
    """Another letter went between the first try and the last: the mail server takes letters."""
    given_up(NOW, after=timedelta(minutes=20), person=UserFactory())
    assert health.letters_state(NOW + timedelta(hours=1)) == "1 late since 2026-09-20T16:00Z"

    written(NOW + timedelta(minutes=5))
    Letter.objects.filter(state="waiting").end(Letter.State.SENT, now=NOW + timedelta(minutes=6))
    assert health.letters_state(NOW + timedelta(hours=1)) == "none late"


@pytest.mark.django_db
def test_health_asks_as_often_for_three_letters_as_for_none(client, django_assert_num_queries):
    with CaptureQueriesContext(connection) as asked:
        client.get("/healthz")
    for minutes in (20, 30, 40):
        written(timezone.now() - timedelta(minutes=minutes))

    with django_assert_num_queries(len(asked)):
        assert "3 late" in client.get("/healthz").json()["letters"]


@pytest.mark.django_db
def test_clinic_whose_worker_was_never_started_is_not_well(client, settings):
    settings.PRODUCTION = True

    assert client.get("/healthz").status_code == 503
