"""What a watchdog is told."""

import pytest
from django.db import OperationalError
from django.db.migrations.executor import MigrationExecutor

from clinic.views import health


@pytest.mark.django_db
def test_healthy_clinic_says_so_to_anyone(client):
    response = client.get("/healthz")

    assert (response.status_code, response.json()) == (200, {"database": "up", "migrations": "applied"})
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
def test_health_is_read_only(client):
    assert client.post("/healthz").status_code == 405
