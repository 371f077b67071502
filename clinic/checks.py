"""System checks: conventions of the house and settings that would hurt a clinic, found before a patient is."""

import sqlite3
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, models

from clinic import field_keys

OUR_APPS = ("clinic", "patients", "treatments")
# Django's own names, and the one date everybody calls by its name.
EXCEPTIONS = {"birth_date", "last_login", "date_joined", "history_date"}
DEMO_DOMAIN = "@demo.example"
FIXED_SQLITE = (3, 51, 3)


@register(Tags.models)
def check_date_fields(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Dates end in `_on`, moments in `_at`: a reader knows which without looking."""
    return [
        Error(
            f"{model.__name__}.{field.name} should end in {suffix}.",
            hint="Dates end in _on, moments in _at.",
            obj=model,
            id="clinic.E001",
        )
        for model, field, suffix in _date_fields()
        if field.name not in EXCEPTIONS and not field.name.endswith(suffix)
    ]


def _date_fields() -> Iterator[tuple[type[models.Model], models.Field, str]]:
    for label in OUR_APPS:
        for model in apps.get_app_config(label).get_models():
            for field in model._meta.local_fields:
                if isinstance(field, models.DateTimeField):
                    yield model, field, "_at"
                elif isinstance(field, models.DateField):
                    yield model, field, "_on"


@register(Tags.caches, deploy=True)
def check_shared_cache(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Sign-in limits are counted in the cache: one per process would multiply the tries by the workers."""
    backend = settings.CACHES["default"]["BACKEND"]
    if backend.rpartition(".")[2] in {"LocMemCache", "DummyCache"}:
        return [
            Error(
                "The cache is not shared between workers, so sign-in limits do not hold.",
                hint="Use the database cache (the default) or Redis.",
                id="clinic.E002",
            )
        ]
    return []


@register(Tags.database)
def check_sqlite_version(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    uses_sqlite = settings.DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3"
    if uses_sqlite and settings.SQLITE_VERSION < FIXED_SQLITE:
        return [
            checks.Warning(
                f"SQLite {sqlite3.sqlite_version} can, rarely, corrupt a database in WAL mode (fixed in 3.51.3).",
                hint="Install the requirements on a platform that has the pysqlite3 wheel, or use PostgreSQL.",
                id="clinic.W001",
            )
        ]
    return []


@register(Tags.security)
def check_field_keys(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Second factors are sealed with these; a key that is none would be noticed at somebody's sign-in."""
    try:
        field_keys.keys()
    except ImproperlyConfigured as error:
        return [Error(str(error), hint="Several keys stand with commas between.", id="clinic.E003")]
    return []


@register(Tags.security)
def check_open_doors(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """What a developer's machine may have and a clinic's may not."""
    if not settings.PRODUCTION:
        return []
    found: list[CheckMessage] = []
    if settings.DEBUG:
        found.append(Error("DEBUG is on: error pages would show records to anybody.", id="clinic.E004"))
    if getattr(settings, "MFA_TOTP_INSECURE_BYPASS_CODE", None):
        found.append(Error("MFA_TOTP_INSECURE_BYPASS_CODE opens every account.", id="clinic.E005"))
    if settings.MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN:
        found.append(Error("Passkeys are taken from any site.", id="clinic.E006"))
    return found


@register(Tags.security, deploy=True)
def check_demo_accounts(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The passwords of the demo's people are in the README."""
    if not settings.PRODUCTION:
        return []
    try:
        emails = list(
            get_user_model().objects.filter(email__iendswith=DEMO_DOMAIN, is_active=True).values_list("email")
        )
    except DatabaseError:  # a new clinic checks its settings before it migrates
        return []
    return [
        Error(
            f"Someone of the demo can sign in: {email}.",
            hint="A clinic begins with an empty database. Make the account inactive.",
            id="clinic.E007",
        )
        for (email,) in emails
    ]
