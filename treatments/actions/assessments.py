"""Recording a scoring, correcting it, and saying that it was an error."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from treatments.actions.courses import refuse_additions
from treatments.models import Assessment, Instrument, Score, TreatmentArea

if TYPE_CHECKING:
    from clinic.models import User

Key = tuple[int, int | None, str]  # instrument, area, side


@dataclass(frozen=True)
class Entry:
    """One value as it was taken: of a scale by its items, of a measure by its readings (in the stored unit)."""

    instrument: Instrument
    area: TreatmentArea | None
    side: str
    value: Decimal
    items: dict[str, str] = field(default_factory=dict)
    readings: tuple[str, ...] = ()

    @property
    def key(self) -> Key:
        return (self.instrument.pk, self.area.pk if self.area else None, self.side)


@transaction.atomic
def record(
    assessment: Assessment, save: Callable[[], Assessment], *, entries: Iterable[Entry], by: "User"
) -> Assessment:
    """Save a scoring, new or corrected, with its scores. `save` writes the row itself, as a form does.

    A score that is not among `entries` any more was taken back: its row stays without a value, its history with it.
    Raises `VersionConflictError` from `save`, `ValidationError` for a value its instrument does not have, and of a new
    one while the patient is being erased.
    """
    is_new = not assessment.pk
    if is_new:
        refuse_additions(assessment.course)
        assessment.recorded_by = by
    assessment = save()
    scores = [] if is_new else list(assessment.scores.all())
    stored = {(score.instrument_id, score.area_id, score.side): score for score in scores}
    for entry in entries:
        score = stored.pop(entry.key, None) or Score(
            assessment=assessment, instrument=entry.instrument, area=entry.area, side=entry.side
        )
        score.instrument = entry.instrument  # with its items loaded
        write(score, entry)
    for score in stored.values():
        if score.value is not None:
            score.value, score.items, score.readings, score.label = None, {}, [], ""
            score.save()
    return assessment


def write(score: Score, entry: Entry) -> None:
    """Save what was taken, unless it stands there already: the history keeps changes alone."""
    word = entry.instrument.word(entry.value, photo_based=score.assessment.photo_based)
    facts = {"value": entry.value, "items": dict(entry.items), "readings": list(entry.readings), "label": word}
    if score.pk and all(getattr(score, name) == value for name, value in facts.items()):
        return
    for name, value in facts.items():
        setattr(score, name, value)
    score.full_clean()
    score.save()


@transaction.atomic
def mark_as_error(assessment: Assessment, *, reason: str, by: "User", now: datetime, version: int) -> Assessment:
    """Say that a scoring was entered in error: it stays, and counts no more.

    Raises `ValidationError` without a reason or the second time, and `VersionConflictError` when somebody changed it.
    """
    if not reason.strip():
        raise ValidationError({"reason": _("Say why. It stays with the record.")})
    if assessment.error_by:
        if assessment.error_by == by and assessment.error_reason == reason:
            return assessment  # the second tap of two
        name = assessment.error_by.get_full_name()
        raise ValidationError(_("%(name)s said so already.") % {"name": name}, code="error")
    assessment.error_at, assessment.error_by, assessment.error_reason = now, by, reason
    return assessment.save_over(version)
