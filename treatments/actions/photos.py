"""Taking in photos, saying what they show, moving them to whom they belong, and withdrawing them."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.template.defaultfilters import filesizeformat
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from simple_history.utils import bulk_update_with_history

from clinic.background import ring
from clinic.images import Head, ImageRefusedError, inspect
from clinic.validators import DIRECTION_MARKS
from clinic.vault import new_name
from treatments.actions.courses import refuse_additions
from treatments.models import Course, Photo, Session
from treatments.models.photo import PhotoQuerySet
from treatments.photo_files import INCOMING, vault
from treatments.tasks import develop_photos

if TYPE_CHECKING:
    from clinic.models import User

CAMERA_KNOWS = timedelta(days=730)  # a clock that is further back was never set


class ThereAlreadyError(ImageRefusedError):
    """The course has this photo."""

    def __init__(self, words: str, photo: Photo) -> None:
        super().__init__(words)
        self.photo = photo


@dataclass(frozen=True)
class Refusal:
    """A file that was not taken, and why; `twin` is the same photo where the course has it."""

    name: str
    why: str
    twin: Photo | None = None

    def __str__(self) -> str:
        return f"{self.name}: {self.why}"


@dataclass
class Arrival:
    """What came of a sending: the photos that are kept, and the files that are not."""

    photos: list[Photo] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)


def receive(
    course: Course, files: Iterable[UploadedFile], *, facts: dict[str, Any], by: "User", now: datetime
) -> Arrival:
    """Keep each file that is a photo, and have it drawn; each by itself, so that one that is none spoils no other.

    `facts` are fields of `Photo`. Without `taken_at` the camera's clock is asked, then the wall's.
    """
    arrival = Arrival()
    for file in files:
        name = shown_name(file.name or "")
        try:
            arrival.photos.append(_keep(course, file, name, facts, by, now))
        except ImageRefusedError as error:
            twin = error.photo if isinstance(error, ThereAlreadyError) else None
            arrival.refusals.append(Refusal(name, str(error), twin))
    if arrival.photos:
        ring(develop_photos)
    return arrival


def shown_name(name: str) -> str:
    """Return a file's name without what would not show, or would turn what stands beside it."""
    return "".join(sign for sign in name if sign.isprintable() and sign not in DIRECTION_MARKS)[-100:]


def _keep(course: Course, file: UploadedFile, name: str, facts: dict[str, Any], by: "User", now: datetime) -> Photo:
    size = file.size or 0
    if size > settings.PHOTO_MAX_BYTES:
        sizes = {"size": filesizeformat(size), "most": filesizeformat(settings.PHOTO_MAX_BYTES)}
        raise ImageRefusedError(_("The file has %(size)s; up to %(most)s are taken.") % sizes)
    data = file.read()
    head = inspect(data)
    digest = hashlib.sha256(data).hexdigest()
    _refuse_twice(course, digest)
    photo = Photo(
        course=course,
        taken_by=by,
        sha256=digest,
        file_name=name,
        stored_name=new_name(),
        bytes=len(data),
        **from_camera(head, course, now),
    )
    for fact, value in facts.items():
        if value is not None:
            setattr(photo, fact, value)
    store = vault()
    store.write(photo.stored_name, INCOMING, data)
    try:
        with transaction.atomic():
            refuse_additions(course)
            photo.save()
    except ValidationError as error:
        store.remove(photo.stored_name, INCOMING)
        raise ImageRefusedError(error.message) from None
    except BaseException as error:
        store.remove(photo.stored_name, INCOMING)
        if isinstance(error, IntegrityError):  # the same file came in the same moment
            _refuse_twice(course, digest)
        raise
    return photo


def _refuse_twice(course: Course, digest: str) -> None:
    same = Photo.objects.of_course(course).usable()
    twin = same.filter(sha256=digest).select_related("area").first()
    if twin:
        day = date_format(course.location.local(twin.taken_at), "j F Y")
        raise ThereAlreadyError(
            _("This photo is in the course already: %(what)s, %(day)s.") % {"what": twin.title, "day": day}, twin
        )


def from_camera(head: Head, course: Course, now: datetime) -> dict[str, Any]:
    """Return what the camera said of a photo. Its clock has no zone: it is taken to show the time of the place."""
    at = head.taken_at.replace(tzinfo=course.location.tz) if head.taken_at else now
    known = now - CAMERA_KNOWS < at <= now
    return {"taken_at": at if known else now, "focal_length_mm": head.focal_length_mm}


@transaction.atomic
def move(photo: Photo, course: Course, *, reason: str, version: int) -> Photo:
    """Let a photo belong to another course: of another patient, where it was sent to the wrong one.

    What it shows stays; the session was one of the other course, and a reaction it showed is another patient's then.
    Raises `VersionConflictError` when somebody changed
    it since `version` was read, `IntegrityError` when the other course has the same photo.
    """
    if photo.course.patient_id != course.patient_id:
        photo.side_effects.clear()
    photo.course, photo.session = course, None
    return photo.because(f"Moved: {reason}").save_over(version)


@transaction.atomic
def keep_photos_of_day(session: Session, *, now: datetime) -> int:
    """Let what was taken of a course on the day of a session, and belongs to no other, belong to it; return how many.

    Photos are taken before a session is saved. Each photo's history says so.
    """
    day = session.course.day_of(session.performed_at)
    free = Photo.objects.free_on(day, session.course).usable()
    return _give(free, session, reason="Taken on the day of the session", now=now)


@transaction.atomic
def free_photos(session: Session, *, now: datetime) -> int:
    """Let the photos of a session that never was belong to none; return how many."""
    return _give(Photo.objects.of_session(session), None, reason="The session was entered in error", now=now)


def _give(photos: PhotoQuerySet, session: Session | None, *, reason: str, now: datetime) -> int:
    """Write the session of many photos at once, as a new version of each; one that is being edited is then refused."""
    found = list(photos.select_for_update())
    for photo in found:
        photo.session, photo.version, photo.updated_at = session, photo.version + 1, now
    if found:
        bulk_update_with_history(found, Photo, ["session", "version", "updated_at"], default_change_reason=reason)
    return len(found)


def withdraw(photo: Photo, *, reason: str, now: datetime, version: int) -> Photo:
    """Say that a photo was entered in error, and why. It is shown no longer but on its own page."""
    photo.entered_in_error_at, photo.error_reason = now, reason
    return photo.because(f"Entered in error: {reason}").save_over(version)


def restore(photo: Photo, *, version: int) -> Photo:
    """Say that a photo was no error after all."""
    photo.entered_in_error_at, photo.error_reason = None, ""
    return photo.because("No error").save_over(version)


@transaction.atomic
def sort(photos: Iterable[tuple[Photo, str, str]]) -> int:
    """Say of photos that had no view which they show, as (photo, view, posture); return how many were said.

    One whose view somebody said meanwhile keeps it.
    """
    count = 0
    for photo, view, posture in photos:
        stored = Photo.objects.select_for_update().get(pk=photo.pk)
        if stored.view == "":
            stored.view, stored.posture = view, posture
            stored.save_over(stored.version)
            count += 1
    return count
