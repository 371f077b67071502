"""Bringing every sealed secret under the first key, one row a transaction: stopped anywhere, it goes on from there.

Sealed are the secrets of second factors, and the letters about accounts that did not go yet.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.db.models import QuerySet

from clinic import field_keys
from clinic.field_keys import UnsealError
from clinic.models import Letter

SEALED = (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES)
NAMES = ("secret", "seed")  # what is sealed of a phone app, and of recovery codes


@dataclass
class Rotation:
    """What came of it: rows that stood under the first key already, were brought under it, or do not open and why."""

    current: int = 0
    renewed: int = 0
    faults: list[str] = field(default_factory=list)


def factors() -> "QuerySet[Authenticator]":
    return Authenticator.objects.filter(type__in=SEALED).order_by("pk")


def letters() -> "QuerySet[Letter]":
    return Letter.objects.exclude(sealed="").order_by("pk")


def number_sealed() -> int:
    return factors().count() + letters().count()


def rotate(rotation: Rotation) -> Iterator[str]:
    """Renew row by row, note in `rotation` what came of each, and yield which it was.

    What does not open is left as it is, and named.
    """
    for rows in (factors(), letters()):
        for key in list(rows.values_list("pk", flat=True)):
            name = f"{rows.model._meta.verbose_name} {key}"
            try:
                renewed = renew(rows, key)
            except UnsealError as error:
                rotation.faults.append(f"{name}: {error}")
            else:
                rotation.renewed += renewed
                rotation.current += not renewed
            yield name


@transaction.atomic
def renew(rows: "QuerySet[Authenticator] | QuerySet[Letter]", key: int) -> bool:
    """Seal one row anew. Returns False where it stands under the first key, or is no more meanwhile."""
    row = rows.select_for_update().filter(pk=key).first()
    if row is None or all(field_keys.is_current(sealed) for sealed in held(row)):
        return False
    if isinstance(row, Letter):
        row.sealed = field_keys.seal(field_keys.unseal(row.sealed))
        row.save(update_fields=["sealed"])
    else:
        row.data |= {name: field_keys.seal(field_keys.unseal(row.data[name])) for name in NAMES if name in row.data}
        row.save(update_fields=["data"])
    return True


def held(row: Authenticator | Letter) -> list[str]:
    if isinstance(row, Letter):
        return [row.sealed]
    return [row.data[name] for name in NAMES if name in row.data]


def check() -> list[str]:
    """Open every row and change none. Returns what does not open, as "row: why"."""
    faults = []
    for row in chain(factors().iterator(), letters().iterator()):
        try:
            for sealed in held(row):
                field_keys.unseal(sealed)
        except UnsealError as error:
            faults.append(f"{row._meta.verbose_name} {row.pk}: {error}")
    return faults
