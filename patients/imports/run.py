"""The import itself: rows in batches, held against the people already here, and written or only counted."""

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from django.db import DataError, IntegrityError, transaction
from django.utils.translation import gettext as _
from simple_history.utils import bulk_create_with_history

from clinic.models import Location
from clinic.spreadsheets import safe_cell
from patients.imports import values
from patients.imports.columns import Columns, understand
from patients.imports.judging import Candidate, Judge, Problem, RowRefusedError, identity
from patients.imports.reading import ERRORS, Row, UnusableFileError, look_at
from patients.imports.values import DateOrder
from patients.models import Patient, RecordNumberSeries

if TYPE_CHECKING:
    from clinic.models import User

BATCH = 500
MOST_PROBLEMS = 200  # kept to be shown; the file of rejects has them all


class Kind(StrEnum):
    """What became of a row."""

    NEW = "new"
    HERE = "here"  # the record says the same already
    REPEATED = "repeated"  # an earlier line of the file says the same
    DIFFERING = "differing"  # the record says something else, and was left as it is
    REJECTED = "rejected"


@dataclass(frozen=True)
class Outcome:
    row: Row
    kind: Kind
    problems: list[Problem] = field(default_factory=list)


@dataclass
class Report:
    """What became of a file's rows. Each is counted once."""

    columns: Columns
    counts: Counter = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)
    not_shown: int = 0  # rows not taken beyond the problems kept

    def note(self, outcome: Outcome) -> None:
        self.counts[outcome.kind] += 1
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.extend(outcome.problems)
        elif outcome.problems:
            self.not_shown += 1

    @property
    def read(self) -> int:
        return self.counts.total()

    @property
    def new(self) -> int:
        return self.counts[Kind.NEW]

    @property
    def here(self) -> int:
        return self.counts[Kind.HERE]

    @property
    def repeated(self) -> int:
        return self.counts[Kind.REPEATED]

    @property
    def differing(self) -> int:
        return self.counts[Kind.DIFFERING]

    @property
    def rejected(self) -> int:
        return self.counts[Kind.REJECTED]

    @property
    def not_taken(self) -> int:
        return self.differing + self.rejected


class KnownPeople:
    """The patients already here whom the rows of one batch may be."""

    def __init__(self, candidates: Iterable[Candidate]) -> None:
        rows = [candidate.patient for candidate in candidates]
        numbers = [patient.external_id for patient in rows if patient.external_id]
        numbered = Patient.objects.filter(external_id__in=numbers).select_related("location")
        self.by_number = {patient.external_id: patient for patient in numbered}
        born = Patient.objects.filter(
            birth_date__in={patient.birth_date for patient in rows},
            sort_name__in={identity(patient)[0] for patient in rows},
        )
        self.by_identity = {identity(patient): patient for patient in born.select_related("location")}

    def against_record(self, candidate: Candidate) -> Outcome | None:
        """Return how the row stands to the patient it means, None for somebody new."""
        row, patient = candidate.row, candidate.patient
        stored = self.by_number.get(patient.external_id) if patient.external_id else None
        namesake = self.by_identity.get(identity(patient))
        if namesake and stored is None and patient.external_id:
            reason = _("%(number)s has the same name, birth date and phone, without this number: not changed.")
            number = {"number": namesake.record_number}
            return Outcome(row, Kind.DIFFERING, [Problem(row.line, "", reason % number, patient.external_id)])
        found = stored or namesake
        return compare(candidate, found) if found else None


def compare(candidate: Candidate, stored: Patient) -> Outcome:
    row = candidate.row
    differences = candidate.differences(stored)
    if not differences:
        return Outcome(row, Kind.HERE)
    reason = _("%(number)s says “%(stored)s”: differs, not changed.")
    return Outcome(
        row,
        Kind.DIFFERING,
        [
            Problem(
                row.line,
                name,
                reason % {"number": stored.record_number, "stored": getattr(stored, name)},
                str(candidate.said[name]),
            )
            for name in differences
        ],
    )


class PatientImport:
    """One file on its way in. Making it looks at the whole file once and raises `UnusableFileError`."""

    def __init__(
        self,
        path: Path,
        *,
        location: Location | None = None,
        mapping: dict[str, str] | None = None,
        order: DateOrder | None = None,
        user: "User | None" = None,
    ) -> None:
        self.source = look_at(path)
        self.columns = understand(self.source.head, mapping)
        locations = list(Location.objects.all())
        self.total = 0
        found_order = order or values.date_order(self._dates())
        self.judge = Judge(
            self.columns, locations=locations, location=self._place(location, locations), order=found_order
        )
        self.user = user
        # Who was seen in this file, by number and by identity: the line, and a digest of what it said.
        self.seen: dict[Any, tuple[int, int]] = {}

    def _place(self, chosen: Location | None, locations: list[Location]) -> Location | None:
        if chosen or "location" in self.columns.by_field:
            return chosen
        if len(locations) != 1:
            names = ", ".join(str(here) for here in locations) or "–"
            raise UnusableFileError(
                _("Say where these patients are treated. The locations are: %(names)s.") % {"names": names}
            )
        return locations[0]

    def _dates(self) -> Iterator[str]:
        """Yield the dates of the whole file, and count its rows on the way."""
        fields = [
            self.columns.by_field[name] for name in ("birth_date", "deceased_on") if name in self.columns.by_field
        ]
        for row in self.source.rows():
            self.total += 1
            if not row.problem:
                yield from (row.cells[place] for place in fields)

    def run(self, *, write: bool, rejects: TextIO | None = None, tick: Callable[[int], Any] | None = None) -> Report:
        """Take the file over, or only say what would happen. Rows not taken go to `rejects` as CSV.

        `tick` hears the size of each batch. Each batch is one transaction: what stops an import loses one batch, and
        importing the file again goes on from there.
        """
        report = Report(self.columns)
        # All in quotes, as in clinic.spreadsheets.
        sheet = csv.writer(rejects, delimiter=self.source.delimiter, quoting=csv.QUOTE_ALL) if rejects else None
        if sheet:
            sheet.writerow([safe_cell(name) for name in [*self._kept(self.source.head), ERRORS]])
        for batch in batches(self.source.rows(), BATCH):
            for outcome in sorted(self._take(batch, write=write), key=lambda outcome: outcome.row.line):
                report.note(outcome)
                if sheet and outcome.problems:
                    said = "; ".join(": ".join(filter(None, [it.column, it.reason])) for it in outcome.problems)
                    sheet.writerow([safe_cell(cell) for cell in [*self._kept(outcome.row.cells), said]])
            if tick:
                tick(len(batch))
        return report

    def _kept(self, cells: list[str]) -> list[str]:
        """Return the cells without what was wrong with them in an earlier round."""
        last = len(self.source.head) - 1
        return cells[:last] if self.source.head[last] == ERRORS else cells

    def _take(self, batch: list[Row], *, write: bool) -> list[Outcome]:
        """Judge one batch, and write what is new of it."""
        outcomes, candidates = [], []
        for row in batch:
            try:
                candidates.append(self.judge.candidate(row))
            except RowRefusedError as error:
                outcomes.append(Outcome(row, Kind.REJECTED, error.problems))
        if write:
            with transaction.atomic():
                RecordNumberSeries.hold()  # who imports the same people at this moment waits, and then finds them
                return outcomes + self._sort_out(candidates, write=True)
        return outcomes + self._sort_out(candidates, write=False)

    def _sort_out(self, candidates: list[Candidate], *, write: bool) -> list[Outcome]:
        """Hold the people of one batch against the file and the record, and write who is new."""
        known = KnownPeople(candidates)
        outcomes, fresh = [], []
        for candidate in candidates:
            outcome = self._against_file(candidate) or known.against_record(candidate)
            if outcome:
                outcomes.append(outcome)
            else:
                fresh.append(candidate)
        return outcomes + (self._write(fresh) if write else [Outcome(it.row, Kind.NEW) for it in fresh])

    def _against_file(self, candidate: Candidate) -> Outcome | None:
        """Return how the row repeats or contradicts an earlier line, None for somebody not seen before."""
        row, patient, digest = candidate.row, candidate.patient, candidate.digest
        keys = [identity(patient), *([patient.external_id] if patient.external_id else [])]
        earlier = next((self.seen[key] for key in reversed(keys) if key in self.seen), None)
        if earlier is None:
            self.seen |= dict.fromkeys(keys, (row.line, digest))
            return None
        line, said = earlier
        if said == digest:
            return Outcome(row, Kind.REPEATED)
        reason = _("Line %(line)s is the same person and says something else.") % {"line": line}
        return Outcome(row, Kind.REJECTED, [Problem(row.line, "", reason)])

    def _write(self, fresh: list[Candidate]) -> list[Outcome]:
        """Save a batch at once; where the database refuses it, save row by row to find the one it means."""
        if not fresh:
            return []
        try:
            self._save([candidate.patient for candidate in fresh])
        except (IntegrityError, DataError):
            return [self._write_one(candidate) for candidate in fresh]
        return [Outcome(candidate.row, Kind.NEW) for candidate in fresh]

    def _write_one(self, candidate: Candidate) -> Outcome:
        try:
            self._save([candidate.patient])
        except (IntegrityError, DataError) as error:
            reason = _("The database refused it: %(error)s") % {"error": str(error).splitlines()[0]}
            return Outcome(candidate.row, Kind.REJECTED, [Problem(candidate.row.line, "", reason)])
        return Outcome(candidate.row, Kind.NEW)

    @transaction.atomic
    def _save(self, patients: list[Patient]) -> None:
        for patient, number in zip(patients, RecordNumberSeries.take_many(len(patients)), strict=True):
            patient.pk, patient.record_number = None, number
        bulk_create_with_history(
            patients, Patient, default_user=self.user, default_change_reason=_("Imported from a file")
        )


def batches(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    rows = iter(rows)
    while batch := list(islice(rows, size)):
        yield batch
