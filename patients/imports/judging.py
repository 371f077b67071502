"""One row of a file: the patient it would make, or why it makes none; and how it stands to a patient already here."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from clinic.fields import fold, normalize
from clinic.models import Location
from clinic.phones import parse_phone
from clinic.validators import validate_plain_text
from patients.imports import values
from patients.imports.columns import Columns
from patients.imports.reading import Row
from patients.imports.values import DateOrder
from patients.models import Patient

# These come from no cell, or are held against the database once a batch and not once a row.
NOT_CLEANED = {"location", "record_number", "form_token", "allergies_asked_on", "archived_at", "public_id"}


@dataclass(frozen=True)
class Problem:
    """Why a row was not taken: the line of the file, the column, what is wrong, and what stands there."""

    line: int
    column: str
    reason: str
    value: str = ""

    def __str__(self) -> str:
        where = _("Line %(line)s, %(column)s") if self.column else _("Line %(line)s")
        said = f"{where % {'line': self.line, 'column': self.column}}: {self.reason}"
        return f"{said} [{self.value[:80]}]" if self.value else said


@dataclass(frozen=True)
class Candidate:
    """A row that was understood: what its cells say by field (blank ones left out), and the patient it would make."""

    row: Row
    said: dict[str, Any]
    patient: Patient

    @property
    def digest(self) -> int:
        return hash(tuple(sorted((field, str(value)) for field, value in self.said.items())))

    def differences(self, stored: Patient) -> list[str]:
        """Return the fields of which the file says something else than the record."""
        return [field for field, value in self.said.items() if fold(str(value)) != fold(str(getattr(stored, field)))]


def identity(patient: Patient) -> tuple[Any, ...]:
    """Return what makes two people the same where no number does: name, birth date and phone."""
    return (fold(f"{patient.family_name} {patient.given_name}"), patient.birth_date, patient.phone)


class RowRefusedError(Exception):
    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(problems)
        self.problems = problems


class Judge:
    """Reads rows by the file's columns, its order of dates, and the places that patients may be treated at."""

    def __init__(
        self, columns: Columns, *, locations: Iterable[Location], location: Location | None, order: DateOrder | None
    ) -> None:
        self.columns = columns
        self.locations = {fold(here.name): here for here in locations}
        self.location = location
        self.order = order

    def candidate(self, row: Row) -> Candidate:
        """Return the row as understood. Raises `RowRefusedError` with every problem it has."""
        if row.problem:
            raise RowRefusedError([Problem(row.line, "", row.problem)])
        cells = {field: row.cells[place] for field, place in self.columns.by_field.items()}
        problems: dict[str, str] = {}
        here = self._read("location", cells.get("location", ""), self._location, problems)
        said = {}
        for field, reader in self._readers(here).items():
            value = self._read(field, cells[field], reader, problems) if field in cells else None
            if field in cells and field not in problems and cells[field].strip():
                said[field] = value
        if here and cells.get("location", "").strip():
            said["location"] = here
        patient = Patient(**{"sex": Patient.Sex.UNKNOWN, "location": here or self.location, **said})
        problems |= rules_broken(patient, already=problems)
        if problems:
            raise RowRefusedError(
                [
                    Problem(row.line, self._column(field), text, cells.get(field, ""))
                    for field, text in problems.items()
                ]
            )
        return Candidate(row, said, patient)

    def _read(self, field: str, cell: str, reader: Callable[[str], Any], problems: dict[str, str]) -> Any:
        try:
            validate_plain_text(cell)
            return reader(normalize(cell))
        except ValidationError as error:
            problems[field] = error.messages[0]
            return None

    def _readers(self, here: Location | None) -> Mapping[str, Callable[[str], Any]]:
        place = here or self.location
        phone = partial(parse_phone, region=place.country_code if place else None)
        day = partial(values.day, order=self.order, zone=place.tz if place else ZoneInfo("UTC"))
        text = ["external_id", "given_name", "family_name", "email", "address_line", "city", "region", "postal_code"]
        return {
            **dict.fromkeys([*text, "emergency_name"], str),
            "birth_date": day,
            "deceased_on": day,
            "sex": values.sex,
            "language": values.language,
            "country_code": values.country,
            "phone": phone,
            "emergency_phone": phone,
        }

    def _location(self, text: str) -> Location | None:
        if not text and self.location:
            return self.location
        if fold(text) not in self.locations:
            raise ValidationError(_("No location of this name."))
        return self.locations[fold(text)]

    def _column(self, field: str) -> str:
        place = self.columns.by_field.get(field)
        return field if place is None else self.columns.head[place]


def rules_broken(patient: Patient, *, already: Iterable[str]) -> dict[str, str]:
    """Return field to message for each rule of a patient that does not hold, without asking the database."""
    broken = {}
    try:
        patient.clean_fields(exclude=NOT_CLEANED | set(already))
    except ValidationError as error:
        broken = {field: messages[0] for field, messages in error.message_dict.items()}
    if patient.deceased_on and patient.birth_date and patient.deceased_on < patient.birth_date:
        broken["deceased_on"] = _("The day of death is before the birth date.")
    return broken
