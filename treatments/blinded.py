"""What the pages of blinded scoring show: what can be scored, the photo that is next, and the raters side by side."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from treatments.models import BlindedRating, BlindedRun, Course, Photo, Score
from treatments.photos import Series, all_series
from treatments.rules.blinding import shuffled

MOST_RATERS = 6  # columns that a table still has room for; the newest runs are shown


def series_to_score(course: Course) -> list[Series]:
    """Return the views of a course whose photos can be scored blindly: two or more since it started."""
    since, _end = course.location.span(course.started_on)
    found = [
        Series(series.key, [photo for photo in series.photos if photo.taken_at >= since])
        for series in all_series(course)
    ]
    return [series for series in found if len(series.photos) > 1]


def photos_of(run: BlindedRun) -> list[Photo]:
    """Return the photos of a run, oldest first: those of its view that count, and none from before the course."""
    since, _end = run.course.location.span(run.course.started_on)
    photos = Photo.objects.of_course(run.course).comparable().of_shot(run.view, run.posture)
    return list(photos.filter(taken_at__gte=since).for_list().order_by("taken_at", "pk"))


@dataclass(frozen=True)
class Turn:
    """Where a rater stands: the photo that is next, None after the last one; `number` is its place among `total`."""

    photo: Photo | None
    number: int
    total: int
    skipped: int

    @property
    def done(self) -> int:
        return self.number - 1


def turn(run: BlindedRun) -> Turn:
    photos = {str(photo.public_id): photo for photo in photos_of(run)}
    rated = {rating.photo_id: rating for rating in run.ratings.all()}
    order = [photos[key] for key in shuffled(photos, run.token)]
    waiting = [photo for photo in order if photo.pk not in rated]
    skipped = sum(photo.pk in rated and rated[photo.pk].is_skipped for photo in order)
    return Turn(waiting[0] if waiting else None, len(order) - len(waiting) + 1, len(order), skipped)


@dataclass(frozen=True)
class Column:
    """One finished run; `places` says as which of its photos each was shown, by the photo's key."""

    run: BlindedRun
    places: dict[int, int]


@dataclass(frozen=True)
class Cell:
    """What one rater gave at one place of one photo: a value, or None; and as which photo it was shown, if it was."""

    value: Decimal | None
    place: int | None


@dataclass(frozen=True)
class Row:
    """One photo at one place of the body, as each rater scored it; `apart` is the widest difference of two."""

    photo: Photo
    cells: list[Cell]

    @property
    def apart(self) -> Decimal | None:
        values = [cell.value for cell in self.cells if cell.value is not None]
        return max(values) - min(values) if len(values) > 1 else None


@dataclass(frozen=True)
class Table:
    """One place of the body: its photos by day, each with what every rater gave."""

    title: str
    rows: list[Row]


@dataclass(frozen=True)
class Revealed:
    """The finished runs over the same photos by the same scale, oldest first, and their scores beside each other."""

    columns: list[Column]
    tables: list[Table]


def revealed(run: BlindedRun) -> Revealed:
    """Return what every rater gave, now that the order may be known, in a constant number of queries."""
    newest = BlindedRun.objects.finished().like(run).select_related("rater").prefetch_related("ratings__photo")
    runs = sorted(newest.order_by("-finished_at", "-pk")[:MOST_RATERS], key=lambda each: (each.finished_at, each.pk))
    columns = [Column(each, _places(each, each.ratings.all())) for each in runs]
    photos = photos_of(run)
    values: dict[str, dict[tuple[int, int], Decimal | None]] = {}
    scores = Score.objects.standing().filter(assessment__blinded_rating__run__in=runs)
    for score in scores.select_related("area", "assessment__blinded_rating").order_by("area__order", "side", "pk"):
        rating = score.assessment.blinded_rating
        values.setdefault(score.place, {})[rating.run_id, rating.photo_id] = score.value
    tables = [Table(title, [_row(photo, columns, given) for photo in photos]) for title, given in values.items()]
    return Revealed(columns, tables)


def _places(run: BlindedRun, ratings: Iterable[BlindedRating]) -> dict[int, int]:
    keys = {str(rating.photo.public_id): rating.photo_id for rating in ratings}
    return {keys[key]: place for place, key in enumerate(shuffled(keys, run.token), 1)}


def _row(photo: Photo, columns: list[Column], given: dict[tuple[int, int], Decimal | None]) -> Row:
    return Row(
        photo,
        [Cell(given.get((column.run.pk, photo.pk)), column.places.get(photo.pk)) for column in columns],
    )
