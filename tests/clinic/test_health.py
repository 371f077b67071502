"""What a watchdog is told."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import time_machine
from django.db import OperationalError
from django.db.migrations.executor import MigrationExecutor

from clinic.models import Heartbeat
from clinic.views import health

NOW = datetime(2026, 9, 20, 16, 0, tzinfo=UTC)


@pytest.mark.django_db
def test_healthy_clinic_says_so_to_anyone(client):
    response = client.get("/healthz")

    assert (response.status_code, response.json()) == (
        200,
        {"database": "up", "migrations": "applied", "reminders": "never ran", "disk": "has room"},
    )
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.django_db
def test_pending_migration_is_not_healthy(client, monkeypatch):
    monkeypatch.setattr(MigrationExecutor, "migration_plan", lambda *args: [("clinic", "0009")])

    response = client.get("/healthz")

    assert (response.status_code, response.json()) == (503, {"database": "up", "migrations": "pending"})


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


@pytest.mark.django_db
def test_clinic_whose_worker_was_never_started_is_not_well(client, settings):
    settings.PRODUCTION = True

    assert client.get("/healthz").status_code == 503
