"""Whose record a row is: found by the foreign keys that lead from it to a patient."""

from functools import cache
from uuid import UUID

from django.db.models import ForeignKey, Model

LONGEST = 4  # steps from a row to its patient


def is_patient(model: type[Model] | Model) -> bool:
    """Say whether this is what records are of. An app above says so of one model: `is_subject_of_care = True`."""
    return getattr(model, "is_subject_of_care", False)


def patient_of(record: Model | None) -> UUID | None:
    """Return the public id of the patient a record is of; None for one that is of nobody."""
    if record is None:
        return None
    at: Model | None = record
    for name in path_to_patient(type(record)) or ():
        at = getattr(at, name) if at is not None else None
    return at.public_id if at is not None and is_patient(at) else None  # type: ignore[attr-defined]


def patients_of(record: Model) -> list[UUID]:
    """Return the public ids of everybody a record is of: both where it names two, as that of a merge does."""
    named = [getattr(record, field.name) for field in foreign_keys(type(record)) if is_patient(field.related_model)]
    both = [patient.public_id for patient in named if patient is not None]
    if len(both) > 1 and not is_patient(record):
        return both
    return [one] if (one := patient_of(record)) else []


@cache
def path_to_patient(model: type[Model]) -> tuple[str, ...] | None:
    """Return the foreign keys from a model to its patient, the fewest; those that are always filled go first."""
    if is_patient(model):
        return ()
    reached: list[tuple[type[Model], tuple[str, ...]]] = [(model, ())]
    for _step in range(LONGEST):
        steps = [
            (each.related_model, (*path, each.name))
            for place, path in reached
            for each in sorted(foreign_keys(place), key=lambda field: field.null)
        ]
        found = next((path for place, path in steps if is_patient(place)), None)
        if found is not None:
            return found
        reached = steps
    return None


def foreign_keys(model: type[Model]) -> list[ForeignKey]:
    return [field for field in model._meta.concrete_fields if isinstance(field, ForeignKey)]
