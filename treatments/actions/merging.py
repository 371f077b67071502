"""Merging two records of one person, and taking that back: all or nothing, each changed row with its history."""

import uuid
from collections.abc import Mapping
from copy import copy
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from clinic.models import Versioned
from patients.models import Allergy, DistinctPair, MergeOfRecords, Patient
from treatments.merging import MOVES, THERE, Pair
from treatments.models import Course, Waiting
from treatments.unmerging import Undoing

if TYPE_CHECKING:
    from clinic.models import User


class StalePreviewError(Exception):
    """Something of the two records changed since the preview was read."""


class Pen:
    """Writes rows, each with its history, and remembers what stood there before."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        self.written: list[dict[str, Any]] = []

    def write(self, row: Any, **facts: Any) -> None:
        """Give a row these values (by field name, a row by itself or by its key); what stands there is not written."""
        before = {name: plain(row, name) for name in facts}
        for name, value in facts.items():
            is_key = row._meta.get_field(name).is_relation and not isinstance(value, models.Model)
            setattr(row, f"{name}_id" if is_key else name, value)
        after = {name: plain(row, name) for name in facts}
        changed = [name for name in facts if before[name] != after[name]]
        if not changed:
            return
        if isinstance(row, Versioned):
            row.because(self.reason).save_over(row.version)
        else:
            row.save(update_fields=changed)
        self.written.append(
            {
                "model": row._meta.label,
                "pk": row.pk,
                "before": {name: before[name] for name in changed},
                "after": {name: after[name] for name in changed},
            }
        )


def plain(row: models.Model, name: str) -> Any:
    """Return the value of a field as JSON has it; of a row it names, the key."""
    value = row._meta.get_field(name).value_from_object(row)  # type: ignore[union-attr]
    return value.isoformat() if isinstance(value, (date, datetime)) else value


def hold(*patients: Patient) -> list[Patient]:
    """Return the patients as stored, in the order given; until the transaction ends nobody else writes their rows.

    Courses first of all rows, as everywhere. The patients are locked with their keys: a new row that names one of
    them waits, or is seen.
    """
    keys = [patient.pk for patient in patients]
    list(Course.objects.select_for_update(no_key=True).filter(patient__in=keys).order_by("pk").values_list("pk"))
    locked = Patient.objects.select_for_update(of=("self",)).filter(pk__in=keys).order_by("pk")
    found = {patient.pk: patient for patient in locked.select_related("location")}
    return [found[key] for key in keys]


@transaction.atomic
def merge(
    survivor: Patient,
    other: Patient,
    *,
    chosen: Mapping[str, str],
    reason: str,
    mark: str,
    token: uuid.UUID,
    by: "User",
    now: datetime,
) -> MergeOfRecords:
    """Let `other` become part of `survivor`; a form that is sent twice merges once.

    `chosen` says by the name of each `Value` that differs whose stays, `mark` is that of the preview. Raises
    `StalePreviewError` when the records are not what was previewed, `ValidationError` while something stands against
    it.
    """
    kept, gone = hold(survivor, other)
    made = MergeOfRecords.objects.filter(form_token=token).first()
    if made:
        return made
    pair = Pair(kept, gone)
    if pair.mark != mark or kept.merged_into_id or gone.merged_into_id:
        raise StalePreviewError
    if pair.stops:
        raise ValidationError([against.words for against in pair.stops])
    pen = Pen(f"{gone.record_number} was merged into {kept.record_number}: {reason}")
    newest = {model._meta.label: model._default_manager.aggregate(last=Max("pk"))["last"] or 0 for model in MOVES}
    _choose(pair, chosen, pen)
    left = {there.pk for _here, there in pair.same_allergies}
    for model in MOVES:
        for row in pair.of(model, gone):
            if model is not Allergy or row.pk not in left:
                pen.write(row, patient=kept)
    _wait_once(kept, pen, by=by, now=now)
    pen.write(gone, merged_into=kept, archived_at=gone.archived_at or now)
    return MergeOfRecords.objects.create(
        merged=gone,
        survivor=kept,
        reason=reason,
        made_at=now,
        made_by=by,
        written=pen.written,
        newest=newest,
        form_token=token,
    )


def _choose(pair: Pair, chosen: Mapping[str, str], pen: Pen) -> None:
    """Give the record that goes on what was chosen of the other, and the later day of asking for allergies."""
    facts: dict[str, Any] = {}
    for value in pair.differing:
        if chosen[value.name] != THERE:
            continue
        if value.allergies:
            here, there = value.allergies
            pen.write(here, severity=there.severity, reaction=there.reaction)
        facts |= {name: getattr(pair.other, name) for name in value.fields}
    days = [day for patient in (pair.survivor, pair.other) if (day := patient.allergies_asked_on)]
    facts["allergies_asked_on"] = max(days, default=None)
    _refuse_misfits(pair.survivor, facts)
    pen.write(pair.survivor, **facts)


def _wait_once(patient: Patient, pen: Pen, *, by: "User", now: datetime) -> None:
    """Let a person who waits for the same in both records wait once, from the earlier moment and for the graver need.

    Asked once everything has moved: an appointment of the one record may have ended the waiting of the other.
    """
    rows = Waiting.objects.of_patient(patient).filter(kind__in=Waiting.WITHOUT_COURSE).with_facts()
    first: dict[str, Waiting] = {}
    for row in rows.waiting(now, patient.location.today(now)).order_by("joined_at", "pk"):
        longest = first.setdefault(row.kind, row)
        if longest is not row:
            pen.write(longest, need=min(longest.need, row.need))
            reason = _("Was on the list in both records when they were merged.")
            pen.write(row, removed_at=now, removed_by=by, removed_reason=reason)


def _refuse_misfits(patient: Patient, facts: Mapping[str, Any]) -> None:
    """Raise `ValidationError` where what was chosen does not fit together."""
    tried = copy(patient)
    for name, value in facts.items():
        setattr(tried, name, value)
    tried.validate_constraints()


@transaction.atomic
def undo(merged: MergeOfRecords, *, reason: str, mark: str, by: "User", now: datetime) -> MergeOfRecords:
    """Put back what a merge wrote, as far as it still stands; what came later stays with the record that goes on.

    Raises `StalePreviewError` when it is not what was previewed, `ValidationError` when it cannot be exact.
    """
    survivor, gone = hold(merged.survivor, merged.merged)
    stored = MergeOfRecords.objects.select_for_update(of=("self",)).for_page().get(pk=merged.pk)
    stored.survivor, stored.merged = survivor, gone
    undoing = Undoing(stored)
    if undoing.stops:
        raise ValidationError(undoing.stops)
    if undoing.mark != mark:
        raise StalePreviewError
    pen = Pen(f"The merge of {gone.record_number} into {survivor.record_number} was undone: {reason}")
    stored.undone_at, stored.undone_by, stored.undo_reason = now, by, reason
    try:
        with transaction.atomic():
            # The record first: rows that go back to it are those of a record that stands for itself.
            for change in sorted(undoing.changes, key=lambda change: not isinstance(change.row, Patient)):
                pen.write(change.row, **change.facts)
            for row in undoing.followers:
                pen.write(row, patient=gone)
    except IntegrityError:
        words = _("What goes back does not fit together any more, so the merge cannot be undone exactly.")
        raise ValidationError(words, code="fit") from None
    return stored.because(reason).save_over(stored.version)


@transaction.atomic
def tell_apart(one: Patient, other: Patient, *, reason: str, by: "User", now: datetime) -> DistinctPair:
    """Keep that two records are of two people; what was said already stands."""
    first, second = sorted((one, other), key=lambda patient: patient.pk)
    pair, _is_new = DistinctPair.objects.get_or_create(
        first=first,
        second=second,
        taken_back_at=None,
        defaults={"reason": reason, "said_by": by, "said_at": now},
    )
    return pair
