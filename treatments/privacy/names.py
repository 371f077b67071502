"""Under which names a person is in the record: those of now and of every earlier version."""

import re
from dataclasses import dataclass, field
from typing import Any

from patients.models import Consent, Patient
from treatments.rules.naming import pattern_of

NAMES = ("given_name", "family_name", "emergency_name")
TEXTS = ("email", "address_line", "external_id", "record_number")
PHONES = ("phone", "emergency_phone")


@dataclass
class Identity:
    """Who a person is: the records, and everything that leads to the person when it stands in a text."""

    records: list[Patient]
    names: set[str] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)
    phones: set[str] = field(default_factory=set)
    pattern: re.Pattern[str] | None = None

    def plain(self) -> list[dict[str, Any]]:
        """Return what leads back to the person: of each record its number, names and birth date."""
        return [
            {
                "record": str(record.public_id),
                "record_number": record.record_number,
                "given_name": record.given_name,
                "family_name": record.family_name,
                "birth_date": record.birth_date.isoformat(),
                "sex": record.sex,
            }
            for record in self.records
        ]


def identity_of(family: list[Patient]) -> Identity:
    """Return who a person is; a record that was erased already adds nothing, since it has no name."""
    found = Identity(family)
    keys = [record.pk for record in family if not record.is_erased]
    versions = [*Patient.objects.filter(pk__in=keys), *Patient.history.model.objects.filter(id__in=keys)]
    for version in versions:
        found.names.update(getattr(version, name) for name in NAMES)
        found.texts.update(getattr(version, name) for name in TEXTS)
        found.phones.update(getattr(version, name) for name in PHONES)
    signed = Consent.objects.filter(patient__in=keys)
    found.names.update(signed.values_list("signer_name", flat=True))
    found.pattern = pattern_of(found.names - {""}, found.texts - {""}, found.phones - {""})
    return found
