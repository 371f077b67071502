"""Booking, and moving an appointment through the day."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.models import Location, Room, User
from patients.models import Patient
from treatments.actions.windows import close_visit, lock, open_follow_up, reopen_visit
from treatments.models import Appointment, Course, FollowUp

Status = Appointment.Status
FIRST_HOUR, LAST_HOUR, SUNDAY = 9, 17, 6  # what a booking starts from; the person booking chooses
# From a status to those it may turn into: forward through the day, and back again when a tap was a slip.
TURNS = {
    Status.BOOKED: {Status.ARRIVED, Status.CANCELLED, Status.NO_SHOW},
    Status.ARRIVED: {Status.IN_ROOM, Status.BOOKED, Status.CANCELLED, Status.DONE},
    Status.IN_ROOM: {Status.DONE, Status.ARRIVED},
    Status.DONE: {Status.IN_ROOM},
    Status.CANCELLED: {Status.BOOKED},
    Status.NO_SHOW: {Status.BOOKED, Status.ARRIVED},
}


@transaction.atomic
def turn(appointment: Appointment, status: str, *, now: datetime, version: int, reason: str = "") -> Appointment:
    """Give an appointment another status.

    Raises `ValidationError` when it cannot follow, a cancellation has no reason, or a fallen appointment comes back
    while its time is taken or nothing may be booked for the patient; `VersionConflictError` when somebody changed it
    since `version` was read.
    """
    before = Status(appointment.status)
    refuse_turn(before, status, reason)
    refuse_hour(appointment, status, now)
    if appointment.course_id and Status.DONE in {before, status}:
        lock(appointment.course_id)
    came_back = not appointment.is_standing
    appointment.status, appointment.status_reason = status, reason
    if status == Status.BOOKED:
        appointment.arrived_at = None
    elif before == Status.BOOKED and status == Status.ARRIVED:
        appointment.arrived_at = now
    appointment.room = room_after(appointment, before)
    if came_back:
        refuse_return(appointment)
    with said_as_the_form_does(appointment):
        appointment.save_over(version)
    if status == Status.DONE:
        close_visit(appointment)
    elif before == Status.DONE:
        reopen_visit(appointment)
    return appointment


def refuse_hour(appointment: Appointment, status: str, now: datetime) -> None:
    """Refuse what cannot have happened yet: an arrival before its day, a miss before its hour."""
    location = appointment.location
    if status == Status.ARRIVED and location.today(now) < location.today(appointment.starts_at):
        raise ValidationError(_("This appointment is on another day: move it first."))
    if status == Status.NO_SHOW and now < appointment.starts_at:
        raise ValidationError(_("The appointment is still ahead. Cancel it, with the reason."))


def room_after(appointment: Appointment, before: Appointment.Status) -> Room | None:
    """Return the room of an appointment that has just turned from `before` into its status."""
    if (before, appointment.status) == (Status.ARRIVED, Status.IN_ROOM):
        return free_room(appointment)
    if (before, appointment.status) == (Status.IN_ROOM, Status.ARRIVED):
        return room_still_planned(appointment)
    return appointment.room


def free_room(appointment: Appointment) -> Room | None:
    """Return the room booked, or the first free one of the place while somebody else is in it, else none."""
    Location.objects.select_for_update(no_key=True).get(pk=appointment.location_id)
    rooms = list(Room.objects.filter(location=appointment.location_id))
    here = Appointment.objects.in_rooms(appointment.location, appointment.location.today(appointment.starts_at))
    return choose_room(
        appointment.room, rooms, taken=set(here.exclude(pk=appointment.pk).values_list("room", flat=True))
    )


def room_still_planned(appointment: Appointment) -> Room | None:
    """Return the room of somebody who comes out of it again, none when it is booked for another at that time.

    Who is in a room is a fact and may overtake the plan of others; whoever waits again is part of the plan again.
    """
    Location.objects.select_for_update(no_key=True).get(pk=appointment.location_id)
    others = Appointment.objects.planned().overlapping(appointment.starts_at, appointment.minutes)
    if appointment.room_id and others.taking("room", appointment.room_id).exclude(pk=appointment.pk).exists():
        return None
    return appointment.room


def choose_room(booked: Room | None, rooms: list[Room], *, taken: set[int | None]) -> Room | None:
    """Return the booked room unless it is taken (by key), else the first that is not, else none."""
    if booked and booked.pk not in taken:
        return booked
    return next((room for room in rooms if room.pk not in taken), None)


def refuse_turn(before: Appointment.Status, status: str, reason: str) -> None:
    if status not in TURNS[before]:
        raise ValidationError(_("This appointment is %(now)s by now.") % {"now": before.label.lower()})
    if status == Status.CANCELLED and not reason:
        raise ValidationError(_("Say why the appointment is cancelled."))


@transaction.atomic
def refuse_return(appointment: Appointment) -> None:
    """Raise `ValidationError` when a fallen appointment cannot stand again: for its patient, or who and what it takes.

    The patient is read under the lock: a death may have been entered since the page was opened.
    """
    refuse_untreated(lock_taken(appointment))
    refuse_taken(appointment)


def refuse_untreated(patient: Patient) -> None:
    """Raise `ValidationError` when nothing is planned or booked for this person."""
    if refusal := patient.refusal_to_treat:
        raise ValidationError(refusal)


@transaction.atomic
def refuse_overlap(appointment: Appointment) -> None:
    """Raise `ValidationError` when the patient, the practitioner or the room is taken at that time.

    All three rows are locked first, so that of two bookings at once the second sees the first.
    """
    lock_taken(appointment)
    refuse_taken(appointment)


def lock_taken(appointment: Appointment) -> Patient:
    """Lock the rows that an appointment takes, always in this order: patient, location, practitioner.

    Returns the patient as read under the lock. Raises `RecordMergedError` when the patient's record became part of
    another meanwhile, `ValidationError` while the patient is being erased.
    """
    patient = Patient.objects.select_for_update(no_key=True).get(pk=appointment.patient_id)
    patient.refuse_merged().refuse_additions()
    Location.objects.select_for_update(no_key=True).get(pk=appointment.location_id)
    User.objects.select_for_update(no_key=True).get(pk=appointment.practitioner_id)
    return patient


def refuse_taken(appointment: Appointment) -> None:
    """Raise `ValidationError` with who and what is taken, each sentence at its field."""
    errors: dict[str, Any] = {}
    for constraint in Appointment.taken_once():
        try:
            constraint.validate(Appointment, appointment)
        except ValidationError as error:
            errors = error.update_error_dict(errors)
    if errors:
        raise ValidationError(errors)


@contextmanager
def said_as_the_form_does(appointment: Appointment) -> Iterator[None]:
    """Save inside: what the database itself refuses is said in the form's words."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError:
        refuse_taken(appointment)
        raise


@transaction.atomic
def book(appointment: Appointment, *, named: FollowUp | None = None) -> Appointment:
    """Save a new appointment if nobody and nothing it needs is taken.

    A follow-up appointment answers the follow-up `named`, else the first open one of its course.
    """
    refuse_overlap(appointment)
    appointment.follow_up = answered(appointment, named)
    with said_as_the_form_does(appointment):
        appointment.save()
    return appointment


@transaction.atomic
def move(appointment: Appointment, *, version: int) -> Appointment:
    """Save an appointment that was changed, under the same conditions as `book` and over this version only."""
    refuse_overlap(appointment)
    appointment.follow_up = answered(appointment, appointment.follow_up)
    with said_as_the_form_does(appointment):
        return appointment.save_over(version)


def proposal(patient: Patient, course: Course | None, follow_up: FollowUp | None, now: datetime) -> dict[str, Any]:
    """Return what a booking starts from: the kind that fits, the first possible day at the hour of last time."""
    course = course or patient.courses.running().select_related("protocol", "location").first()
    if course is None:
        return {"kind": Appointment.Kind.CONSULTATION, "minutes": 30, "starts_at": next_full_hour(now)}
    last = course.sessions.standing().order_by("-performed_at").first()
    start = next_full_hour(now)
    if last and follow_up is None:
        local = course.location.local(last.performed_at)
        same_hour = local.replace(minute=local.minute // 15 * 15, second=0, microsecond=0)
        start = max(same_hour + timedelta(days=course.protocol.interval_days_min), start)
    return {
        "kind": Appointment.Kind.FOLLOW_UP if follow_up or course.has_ended else Appointment.Kind.SESSION,
        "course": course,
        "minutes": course.protocol.session_minutes,
        "practitioner": last.performed_by if last else course.clinician,
        "starts_at": start,
    }


def next_full_hour(now: datetime) -> datetime:
    """Return the next full hour at which people come: from 9 to 17, and on no Sunday. In the page's time zone."""
    local = timezone.localtime(now).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    if local.hour < FIRST_HOUR:
        local = local.replace(hour=FIRST_HOUR)
    elif local.hour > LAST_HOUR:
        local = local.replace(hour=FIRST_HOUR) + timedelta(days=1)
    return local + timedelta(days=1) if local.weekday() == SUNDAY else local


def answered(appointment: Appointment, named: FollowUp | None) -> FollowUp | None:
    if appointment.kind != Appointment.Kind.FOLLOW_UP or appointment.course is None:
        return None
    if named and named.course_id == appointment.course_id:
        return named
    return open_follow_up(appointment.course)
