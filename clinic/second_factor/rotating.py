"""Bringing every sealed secret under the first key, one row a transaction: stopped anywhere, it goes on from there."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.db.models import QuerySet

from clinic import field_keys
from clinic.field_keys import UnsealError

SEALED = (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES)
NAMES = ("secret", "seed")  # what is sealed of a phone app, and of recovery codes


@dataclass
class Rotation:
    """What came of it: rows that stood under the first key already, were brought under it, or do not open and why."""

    current: int = 0
    renewed: int = 0
    faults: list[str] = field(default_factory=list)


def sealed_rows() -> "QuerySet[Authenticator]":
    return Authenticator.objects.filter(type__in=SEALED).order_by("pk")


def rotate(rotation: Rotation) -> Iterator[int]:
    """Renew row by row, note in `rotation` what came of each, and yield its key.

    What does not open is left as it is, and named.
    """
    for key in list(sealed_rows().values_list("pk", flat=True)):
        try:
            renewed = renew(key)
        except UnsealError as error:
            rotation.faults.append(f"{key}: {error}")
        else:
            rotation.renewed += renewed
            rotation.current += not renewed
        yield key


@transaction.atomic
def renew(key: int) -> bool:
    """Seal one row anew. Returns False where it stands under the first key, or was removed meanwhile."""
    row = sealed_rows().select_for_update().filter(pk=key).first()
    if row is None or all(field_keys.is_current(sealed) for sealed in held(row.data)):
        return False
    row.data |= {name: field_keys.seal(field_keys.unseal(row.data[name])) for name in NAMES if name in row.data}
    row.save(update_fields=["data"])
    return True


def held(data: dict[str, Any]) -> list[str]:
    return [data[name] for name in NAMES if name in data]


def check() -> list[str]:
    """Open every row and change none. Returns what does not open, as "row: why"."""
    faults = []
    for row in sealed_rows().iterator():
        try:
            for sealed in held(row.data):
                field_keys.unseal(sealed)
        except UnsealError as error:
            faults.append(f"{row.pk}: {error}")
    return faults
