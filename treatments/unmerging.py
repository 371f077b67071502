"""What undoing a merge would do: what goes back, what changed since and stays, what came later."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import Q
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from patients.models import Consent, MergeOfRecords, MessageChoice, Patient, Screening
from treatments.merging import MOVES, Moving, label_of
from treatments.models import Appointment, Course, Reminder, Session, Waiting

MOST_NAMED = 20
SAID_WITH: dict[type[models.Model], tuple[str, ...]] = {
    Appointment: ("patient",),
    Consent: ("form",),
    Course: ("protocol",),
    MessageChoice: ("patient",),
    Waiting: ("patient",),
}


@dataclass(frozen=True)
class Change:
    """One row with the values that go back into it, by field name."""

    row: Any
    facts: dict[str, Any]


@dataclass(frozen=True)
class Later:
    """Rows of one kind that came after the merge, the first of them by name."""

    label: str
    count: int
    names: list[str]


@dataclass
class Undoing:
    """A merge as it would be taken back now. Each kind of row is read once."""

    merge: MergeOfRecords

    @property
    def survivor(self) -> Patient:
        return self.merge.survivor

    @cached_property
    def stops(self) -> list[str]:
        """Return why it cannot be taken back."""
        found = []
        if self.merge.is_undone:
            found.append(_("This merge was undone already."))
        elif self.survivor.is_erased:
            found.append(_("The patient was erased since. Nobody is left to go back to."))
        elif self.survivor.erasure_decided_at:
            words = _("%(number)s is being erased, and both records with it. Withdraw the erasure first.")
            found.append(words % {"number": self.survivor.record_number})
        elif self.survivor.merged_into_id:
            words = _("%(number)s was itself merged into another record since. Undo that merge first.")
            found.append(words % {"number": self.survivor.record_number})
        return found

    @cached_property
    def _rows(self) -> dict[tuple[str, int], models.Model]:
        """Return the rows that were written, by label and key."""
        keys: dict[str, set[int]] = defaultdict(set)
        for entry in self.merge.written:
            keys[entry["model"]].add(entry["pk"])
        found: dict[tuple[str, int], models.Model] = {}
        for label, wanted in keys.items():
            model = apps.get_model(label)
            found |= {(label, row.pk): row for row in _named(model).filter(pk__in=wanted)}
        return found

    @cached_property
    def _judged(self) -> tuple[list[Change], list[str]]:
        changes, kept = [], []
        for entry in self.merge.written:
            row = self._rows.get((entry["model"], entry["pk"]))
            if row is None:  # nobody here deletes it; what the law has erased is not put back
                kept.append(capfirst(str(apps.get_model(entry["model"])._meta.verbose_name)))
                continue
            facts = dict(self._unchanged(row, entry))
            if isinstance(row, Patient):
                facts = self._with_wishes(row, facts)
            if "patient" in facts and self._belongs_elsewhere(row):
                facts.pop("patient")
            if facts:
                changes.append(Change(row, facts))
            kept += [self._name(row, name) for name in entry["after"] if name not in facts]
        return changes, kept

    @staticmethod
    def _unchanged(row: models.Model, entry: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        """Yield (field name, value before) of what still stands as the merge wrote it."""
        for name, after in entry["after"].items():
            column = row._meta.get_field(name)
            if column.value_from_object(row) == column.to_python(after):  # type: ignore[union-attr]
                yield name, column.to_python(entry["before"][name])  # type: ignore[union-attr]

    def _with_wishes(self, row: Patient, facts: dict[str, Any]) -> dict[str, Any]:
        """Return what goes back into one of the two records, but for what the patient asked for since."""
        if row.pk == self.survivor.pk:
            return {name: value for name, value in facts.items() if name not in self.wishes}
        return facts | self.wishes

    @cached_property
    def wishes(self) -> dict[str, Any]:
        """Return what the patient asked for since the merge and both records have to heed, by field name.

        Two records are merged only when both or neither is restricted.
        """
        found: dict[str, Any] = {}
        if self.survivor.is_restricted and not self.merge.merged.is_restricted:
            found |= {name: getattr(self.survivor, name) for name in ("restricted_at", "restriction_reason")}
        if not self.survivor.contact_permission and self._was_permitted():
            found["contact_permission"] = False
        return found

    def _was_permitted(self) -> bool:
        """Say whether the record that goes on permitted messages when the merge was done, or at any time since."""
        versions = self.survivor.history.order_by("-history_id")
        if versions.filter(history_date__gt=self.merge.made_at, contact_permission=True).exists():
            return True
        written = [
            after for entry in self.merge.written if (after := entry["after"].get("contact_permission")) is not None
        ]
        if written:
            return any(written)
        before = versions.filter(history_date__lte=self.merge.made_at).first()
        return before is not None and before.contact_permission

    @property
    def heeded(self) -> list[str]:
        """Return in words what was asked for since and holds for both records."""
        words = {
            "restricted_at": _("The restriction since the merge holds for both records."),
            "contact_permission": _("The no to messages since the merge holds for both records."),
        }
        return [said for name, said in words.items() if name in self.wishes]

    @cached_property
    def _courses_back(self) -> set[int]:
        courses = [row for row in self._rows.values() if isinstance(row, Course)]
        return {course.pk for course in courses if course.patient_id == self.survivor.pk}

    def _belongs_elsewhere(self, row: models.Model) -> bool:
        """Say whether a visit was used since for a course that stays."""
        if not isinstance(row, Appointment):
            return False
        is_of_other_course = row.course_id is not None and row.course_id not in self._courses_back
        return is_of_other_course or row.pk in self._visits_elsewhere

    @cached_property
    def _visits_elsewhere(self) -> set[int]:
        """Return the keys of moved visits at which a session of a course was given that stays."""
        keys = [key for label, key in self._rows if label == Appointment._meta.label]
        given = Session.objects.filter(appointment__in=keys).exclude(course__in=self._courses_back)
        return set(given.values_list("appointment", flat=True))

    def _name(self, row: models.Model, name: str) -> str:
        if isinstance(row, Patient):
            return label_of(name)
        return f"{capfirst(str(row._meta.verbose_name))}: {row}"

    @property
    def changes(self) -> list[Change]:
        """Return what goes back."""
        return self._judged[0]

    @property
    def kept(self) -> list[str]:
        """Return what somebody changed since and that therefore stays as it is, in words."""
        return self._judged[1]

    @cached_property
    def followers(self) -> list[Any]:
        """Return what came later and hangs on a course that goes back: it goes along."""
        moved = {(entry["model"], entry["pk"]) for entry in self.merge.written}
        courses = self._courses_back
        sources: tuple[models.QuerySet, ...] = (
            Appointment.objects.filter(course__in=courses),
            Waiting.objects.filter(course__in=courses),
            Screening.objects.filter(session__course__in=courses),
            Reminder.objects.filter(
                Q(follow_up__course__in=courses)
                | Q(appointment__course__in=courses)
                | Q(aftercare_link__session__course__in=courses)
                | Q(alarming_answer__link__session__course__in=courses)
            ),
        )
        found = [row for source in sources for row in source.filter(patient=self.survivor).order_by("pk")]
        return [row for row in found if (row._meta.label, row.pk) not in moved]

    @cached_property
    def later(self) -> list[Later]:
        """Return what came after the merge and stays with the record that goes on."""
        goes = {(row._meta.label, row.pk) for row in self.followers}
        return [later for model in MOVES if (later := self._later(model, goes)).count]

    def _later(self, model: type[models.Model], goes: set[tuple[str, int]]) -> Later:
        label = model._meta.label
        found = _named(model).filter(patient=self.survivor, pk__gt=self.merge.newest.get(label, 0))
        rows = [row for row in found.order_by("pk") if (label, row.pk) not in goes]
        return Later(
            capfirst(str(model._meta.verbose_name_plural)), len(rows), [str(row) for row in rows[:MOST_NAMED]]
        )

    @cached_property
    def mark(self) -> str:
        """Return what the preview was of, folded to a short word."""
        back = [_mark_of(change.row) for change in self.changes]
        facts = (self.merge.version, back, [_mark_of(row) for row in self.followers], self.kept, self.wishes)
        later = [(each.label, each.count) for each in self.later]
        return hashlib.sha256(repr((facts, later)).encode()).hexdigest()[:16]

    @property
    def going_back(self) -> list[Moving]:
        """Return how many rows of each kind go back, and how many of those came later."""
        return list(_counted([change.row for change in self.changes if "patient" in change.facts], self.followers))

    @property
    def restored(self) -> list[str]:
        """Return the names of the values that go back, as the record that goes on has them."""
        return [label_of(name) for change in self.changes if change.row == self.survivor for name in change.facts]


def _named(model: type[models.Model]) -> models.QuerySet:
    """Return the rows of a kind with what their name is made of."""
    return model._default_manager.select_related(*SAID_WITH.get(model, ()))


def _counted(rows: Iterable[models.Model], followers: Iterable[models.Model]) -> Iterator[Moving]:
    old, new = list(rows), list(followers)
    for model in MOVES:
        here, there = (sum(type(row) is model for row in found) for found in (old, new))
        if here or there:
            yield Moving(capfirst(str(model._meta.verbose_name_plural)), here, there)


def _mark_of(row: Any) -> tuple[str, int, int]:
    return row._meta.label, row.pk, getattr(row, "version", 0)
