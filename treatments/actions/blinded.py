"""Scoring photos blindly: beginning, one photo after the other, and the end, which makes scorings of it all."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from treatments.actions.assessments import Entry, record
from treatments.blinded import photos_of
from treatments.models import Assessment, BlindedRating, BlindedRun, Course, Instrument, Photo, TreatmentArea

if TYPE_CHECKING:
    from clinic.models import User


@transaction.atomic
def start(course: Course, *, view: str, posture: str, instrument: Instrument, by: "User", now: datetime) -> BlindedRun:
    """Begin to score the photos of a view; who has not finished another run of the course goes on with that.

    Raises `ValidationError` for a record that is archived.
    """
    _refuse_archived(course)
    facts = {"view": view, "posture": posture, "instrument": instrument, "started_at": now}
    run, _made = BlindedRun.objects.get_or_create(course=course, rater=by, finished_at=None, defaults=facts)
    return run


@transaction.atomic
def rate(run: BlindedRun, *, photo: Photo, entries: Iterable[Entry], now: datetime) -> BlindedRating:
    """Keep what was given for one photo, without entries that it was skipped. The second tap of two finds the first.

    Raises `ValidationError` for a run that is finished, and for a photo that was scored otherwise in this run.
    """
    if not BlindedRun.objects.select_for_update().going_on().filter(pk=run.pk).exists():
        raise ValidationError(_("This blinded scoring is finished, so it takes no more."), code="finished")
    given = [as_given(entry) for entry in entries]
    rating, made = BlindedRating.objects.get_or_create(
        run=run, photo=photo, defaults={"given": given, "rated_at": now}
    )
    if not made and rating.given != given:
        raise ValidationError(_("This photo is scored already. What was given first stands."), code="rated")
    return rating


@transaction.atomic
def finish(run: BlindedRun, *, now: datetime) -> BlindedRun:
    """End a run, which reveals its order, and make a scoring of each photo that was scored, on the photo's day.

    The second tap of two changes nothing. Raises `ValidationError` for a record that is archived.
    """
    _refuse_archived(run.course)
    if not BlindedRun.objects.select_for_update().going_on().filter(pk=run.pk).exists():
        run.refresh_from_db(fields=["finished_at"])
        return run
    photos = {photo.pk: photo for photo in photos_of(run)}
    areas = TreatmentArea.objects.in_bulk(field_name="code")
    for rating in run.ratings.order_by("pk"):
        if rating.is_skipped or rating.photo_id not in photos:
            continue
        entries = [as_entry(run.instrument, one, areas) for one in rating.given]
        rating.assessment = _scoring(run, photos[rating.photo_id], entries)
        rating.save()
    run.finished_at = now
    run.save()
    return run


def _scoring(run: BlindedRun, photo: Photo, entries: list[Entry]) -> Assessment:
    scoring = Assessment(
        course=run.course,
        assessed_on=run.course.day_of(photo.taken_at),
        assessed_by=run.rater,
        recorded_by=run.rater,
        photo_based=True,
        blinded=True,
    )

    def save() -> Assessment:
        scoring.full_clean()
        scoring.save()
        return scoring

    return record(scoring, save, entries=entries, by=run.rater)


def as_given(entry: Entry) -> dict[str, Any]:
    return {"area": entry.area.code if entry.area else "", "side": entry.side, "items": entry.items}


def as_entry(instrument: Instrument, given: dict[str, Any], areas: dict[str, TreatmentArea]) -> Entry:
    """Return what `as_given` kept. The area is one that exists: areas are not deleted."""
    total = sum((Decimal(value) for value in given["items"].values()), Decimal(0))
    area = areas[given["area"]] if given["area"] else None
    return Entry(instrument, area, given["side"], total, items=given["items"])


def _refuse_archived(course: Course) -> None:
    if course.patient.archived_at:
        raise ValidationError(_("The record is archived. Restore it first."), code="archived")
