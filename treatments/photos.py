"""The photos of a course as its pages show them: what a session wants, and two that can stand side by side."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from treatments.models import Course, Photo, Session, Shot
from treatments.models.photo import shot_in_words
from treatments.photo_consent import PhotoRefusal, refusal_of_photos
from treatments.rules.course import weight_alert
from treatments.rules.milestone import milestones_of

BEFORE = "none"  # in an address, as the session of photos that belong to none
SLOW = timedelta(minutes=5)  # the worker takes seconds: whatever waits longer waits for a worker that does not run


@dataclass(frozen=True)
class Slot:
    """One photo that a session wants: the one taken, and the last of the same view from another time."""

    shot: Shot
    photo: Photo | None
    last: Photo | None


def slots(course: Course, session: Session | None) -> list[Slot]:
    """Return what is wanted of a session, or before the first one, in the order of the protocol."""
    taken: dict[str, list[Photo]] = defaultdict(list)
    said = Photo.objects.of_course(course).usable().exclude(view="")
    for photo in said.for_list().order_by("-taken_at", "-pk"):
        taken[photo.shot_key].append(photo)
    of_session = session.pk if session else None
    return [
        Slot(
            shot,
            next((photo for photo in taken[shot.key] if photo.session_id == of_session), None),
            next((photo for photo in taken[shot.key] if photo.session_id != of_session and photo.is_ready), None),
        )
        for shot in Shot.objects.of_course(course)
    ]


@dataclass(frozen=True)
class SessionPhotos:
    """What the page of a session shows of its photos while it is written.

    `milestone` is its number where progress is reviewed after it, and its photos are wanted then; None elsewhere.
    `others` counts the photos of it that are of no view wanted. `takes` says whether one is taken straight from there:
    only on the day of the session.
    """

    slots: list[Slot]
    others: int
    milestone: int | None
    refusal: PhotoRefusal | None
    takes: bool

    @property
    def missing(self) -> int:
        return missing(self.slots)

    @property
    def taken(self) -> int:
        return len(self.slots) - self.missing

    @property
    def is_complete(self) -> bool:
        return not self.missing


def session_photos(course: Course, session: Session | None, performed_at: datetime, now: datetime) -> SessionPhotos:
    """Return the photos of a session that is logged or edited, in a constant number of queries.

    To one that is not saved yet belongs what was taken of its course on its day and belongs to no other.
    """
    day = course.day_of(performed_at)
    own = Photo.objects.free_on(day, course)
    if session is not None:
        own = own | Photo.objects.of_session(session)
    taken = list(own.usable().order_by("-taken_at", "-pk"))
    by_key = {photo.shot_key: photo for photo in reversed(taken)}
    wanted = [Slot(shot, by_key.get(shot.key), None) for shot in Shot.objects.of_course(course)]
    keys = {slot.shot.key for slot in wanted}
    return SessionPhotos(
        slots=wanted,
        others=sum(photo.shot_key not in keys for photo in taken),
        milestone=milestone_of(course, session, performed_at),
        refusal=refusal_of_photos(course.patient, Photo.Scope.RECORD, now),
        takes=day == course.location.today(now),
    )


def milestone_of(course: Course, session: Session | None, performed_at: datetime) -> int | None:
    """Return the number of a session after which progress is reviewed, None for another and for a follow-up's."""
    if course.is_over_on(course.day_of(performed_at)):
        return None
    number = Session.objects.number_at(course, performed_at, key=session.pk if session else None)
    return number if number in milestones_of(course.protocol.milestones, course.planned_sessions) else None


def missing(wanted: Sequence[Slot]) -> int:
    return sum(slot.photo is None for slot in wanted)


@dataclass(frozen=True)
class Waiting:
    """The photos that are being prepared: how many, since when the first, and whether that is too long."""

    count: int
    since: datetime
    is_slow: bool


def waiting(course: Course, now: datetime) -> Waiting | None:
    since = list(Photo.objects.of_course(course).counting().waiting().values_list("received_at", flat=True))
    return Waiting(len(since), since[0], now - since[0] > SLOW) if since else None


class Mode(StrEnum):
    SLIDER = "slider"
    SIDE_BY_SIDE = "side"
    OPACITY = "opacity"


MODE_NAMES = {Mode.SLIDER: _("Slider"), Mode.SIDE_BY_SIDE: _("Side by side"), Mode.OPACITY: _("Opacity")}


@dataclass(frozen=True)
class Series:
    """The photos of one view and posture, oldest first."""

    key: str
    photos: list[Photo]

    @property
    def title(self) -> str:
        return shot_in_words(*self.key.split("/"))


@dataclass(frozen=True)
class Pair:
    """Two photos of one view, and how the weight changed between them, in kg; None where one was not weighed."""

    before: Photo
    after: Photo
    change_kg: Decimal | None
    is_over: bool


def all_series(course: Course) -> list[Series]:
    """Return every view of a course that can be compared: of which there are two photos or more."""
    found: dict[str, list[Photo]] = defaultdict(list)
    for photo in Photo.objects.of_course(course).comparable().for_list().order_by("taken_at", "pk"):
        found[photo.shot_key].append(photo)
    wanted = [shot.key for shot in Shot.objects.of_course(course)]
    order = {key: place for place, key in enumerate(wanted)}
    several = [Series(key, photos) for key, photos in found.items() if len(photos) > 1]
    return sorted(several, key=lambda series: (order.get(series.key, len(order)), series.key))


def chosen(course: Course, key: str) -> tuple[list[Series], Series | None]:
    """Return every view that can be compared, and the one of this key, else the first; None where there is none."""
    found = all_series(course)
    return found, next((series for series in found if series.key == key), found[0] if found else None)


def pair(course: Course, series: Series, before: str = "", after: str = "") -> Pair:
    """Return the two photos asked for by their public ids, else the first and the last."""
    by_id = {str(photo.public_id): photo for photo in series.photos}
    first = by_id.get(before, series.photos[0])
    last = by_id.get(after, series.photos[-1])
    weighed, now = weights_of(course, first, last)
    protocol = course.protocol
    over = weight_alert(weighed, now, percent=protocol.weight_gain_percent, kilograms=protocol.weight_gain_kg)
    return Pair(first, last, now - weighed if now is not None and weighed is not None else None, over)


def weights_of(course: Course, *photos: Photo) -> list[Decimal | None]:
    """Return the weight at each photo: of its session, or of the session of its day, as before the first one."""
    by_day: dict[date, Decimal | None] = {}
    if not all(photo.session for photo in photos):
        by_day = {course.day_of(each.performed_at): each.weight_kg for each in course.sessions.standing()}
    return [
        photo.session.weight_kg if photo.session else by_day.get(course.day_of(photo.taken_at)) for photo in photos
    ]
