"""The clinic's own system checks."""

import os
import subprocess
import sys

import pytest
from django.core.management import call_command
from django.db import models

from clinic import checks
from clinic.bootstrap import BASE_DIR
from clinic.models import Location
from tests.factories import UserFactory


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


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("DEBUG", True, ["clinic.E004"]),
        ("MFA_TOTP_INSECURE_BYPASS_CODE", "123456", ["clinic.E005"]),
        ("MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN", True, ["clinic.E006"]),
        ("DEBUG", False, []),
    ],
)
def test_doors_that_only_a_developer_leaves_open_are_found_in_production(settings, name, value, found):
    settings.MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = False
    setattr(settings, name, value)
    assert checks.check_open_doors(None) == []  # on a developer's machine

    settings.PRODUCTION = True

    assert [error.id for error in checks.check_open_doors(None)] == found


@pytest.mark.parametrize(("keys", "found"), [("", ["clinic.E003"]), ("no-key", ["clinic.E003"])])
def test_field_keys_that_are_none_are_found(settings, keys, found):
    assert checks.check_field_keys(None) == []

    settings.FIELD_KEYS = keys

    assert [error.id for error in checks.check_field_keys(None)] == found


@pytest.mark.django_db
def test_people_of_the_demo_are_found_in_production(settings):
    UserFactory(email="sam.adeyemi@demo.example")
    UserFactory(email="ines.moreau@demo.example", is_active=False)
    assert checks.check_demo_accounts(None) == []  # the demo itself

    settings.PRODUCTION = True

    assert [error.msg for error in checks.check_demo_accounts(None)] == [
        "Someone of the demo can sign in: sam.adeyemi@demo.example."
    ]


SETTINGS_OF = "import clinic.settings as s; print(sorted(s.MFA_REQUIRED_ROLES), s.ERASURE_GRACE_HOURS)"


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"MESOTRACK_FIELD_KEYS": ""}, "MESOTRACK_FIELD_KEYS is not set"),
        ({"MFA_REQUIRED_ROLES": "clinicans"}, "MFA_REQUIRED_ROLES names no role: clinicans"),
        ({}, "['admin', 'clinician']"),
        ({"MFA_REQUIRED_ROLES": "Staff, clinician"}, "['clinician', 'staff']"),
        ({"MFA_REQUIRED_ROLES": ""}, "[]"),
        ({}, "] 24"),
        ({"ERASURE_GRACE_HOURS": "0"}, "] 0"),
        ({"ERASURE_GRACE_HOURS": "672"}, "] 672"),
        ({"ERASURE_GRACE_HOURS": "673"}, "ERASURE_GRACE_HOURS is 0 to 672"),
        ({"ERASURE_GRACE_HOURS": "-1"}, "ERASURE_GRACE_HOURS is 0 to 672"),
    ],
)
def test_production_says_what_it_lacks(tmp_path, environment, said):
    production = {"MESOTRACK_ENV": "production", "SECRET_KEY": "x", "MESOTRACK_FIELD_KEYS": "k"}
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", SETTINGS_OF],
        env=kept | production | {"MESOTRACK_VAR": str(tmp_path)} | environment,
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )

    assert said in done.stdout + done.stderr


@pytest.mark.django_db
def test_system_check_finds_nothing():
    call_command("check", fail_level="WARNING")
