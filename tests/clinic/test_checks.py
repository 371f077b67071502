"""The clinic's own system checks."""

import pytest
from django.core.management import call_command
from django.db import models

from clinic import checks
from clinic.models import Location


def test_the_house_keeps_its_own_conventions():
    assert checks.check_date_fields(None) == []


def test_date_with_another_ending_is_found(monkeypatch):
    day, moment = models.DateField(name="day"), models.DateTimeField(name="came_on")
    fine = models.DateField(name="birth_date")
    fields = [(Location, day, "_on"), (Location, moment, "_at"), (Location, fine, "_on")]
    monkeypatch.setattr(checks, "_date_fields", lambda: fields)

    assert [(found.id, found.msg) for found in checks.check_date_fields(None)] == [
        ("clinic.E001", "Location.day should end in _on."),
        ("clinic.E001", "Location.came_on should end in _at."),
    ]


@pytest.mark.parametrize(
    ("backend", "found"),
    [
        ("django.core.cache.backends.locmem.LocMemCache", ["clinic.E002"]),
        ("django.core.cache.backends.dummy.DummyCache", ["clinic.E002"]),
        ("django.core.cache.backends.db.DatabaseCache", []),
        ("django.core.cache.backends.redis.RedisCache", []),
    ],
)
def test_cache_that_workers_do_not_share_is_found(settings, backend, found):
    settings.CACHES = {"default": {"BACKEND": backend}}

    assert [error.id for error in checks.check_shared_cache(None)] == found


@pytest.mark.parametrize(
    ("engine", "version", "found"),
    [
        ("django.db.backends.sqlite3", (3, 51, 2), ["clinic.W001"]),
        ("django.db.backends.sqlite3", (3, 51, 3), []),
        ("django.db.backends.postgresql", (3, 40, 0), []),
    ],
)
def test_sqlite_that_may_corrupt_is_found(settings, monkeypatch, engine, version, found):
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", engine)
    settings.SQLITE_VERSION = version

    assert [warning.id for warning in checks.check_sqlite_version(None)] == found


@pytest.mark.django_db
def test_system_check_finds_nothing():
    call_command("check", fail_level="WARNING")
