"""Who waits in the demo, and the hour that somebody gave up."""

from datetime import datetime, time, timedelta
from typing import Any

from clinic.models import Location, User
from treatments.actions.appointments import book, turn
from treatments.actions.waiting import join
from treatments.models import Appointment, Course, Waiting
from treatments.rules.waiting import Part
from treatments.rules.wall_time import at_wall

GIVEN_UP_IN, BOOKED_IN = 3, 16  # days
# How long each waits, and what they said.
WAITS: tuple[tuple[timedelta, dict[str, Any]], ...] = (
    (
        timedelta(days=4),
        {"need": Waiting.Need.CLINICAL, "note": "To be looked at before the next injections."},
    ),
    (
        timedelta(days=12),
        {"weekdays": [0, 1, 2, 3, 4], "notice_hours": Waiting.Notice.AN_HOUR, "note": "Works shifts."},
    ),
    (timedelta(days=6), {"parts": [Part.MORNING.value]}),
)


def waiting_list(place: Location, *, doctor: User, nurse: User, now: datetime) -> None:
    """Let three people wait for an earlier session and one of a paused course; somebody gives up an hour."""
    today = place.today(now)
    expected = Appointment.objects.filter(starts_at__gte=place.span(today)[0])
    free = Course.objects.running().filter(location=place).exclude(patient__in=expected.values("patient"))
    free = free.select_related("patient__location", "protocol", "location").order_by("pk")
    *waiting, leaving = free.exclude(status=Course.Status.PAUSED)[: len(WAITS) + 1]
    for number, (course, (since, said)) in enumerate(zip(waiting, WAITS, strict=True)):
        session(course, BOOKED_IN + number, doctor, now)
        join(wish(course, now, **said), by=nurse, now=now - since)
    for course in free.filter(status=Course.Status.PAUSED)[:1]:
        join(wish(course, now), by=nurse, now=now - timedelta(days=9))
    given_up = session(leaving, GIVEN_UP_IN, doctor, now)
    turn(given_up, Appointment.Status.CANCELLED, now=now, version=given_up.version, reason="Travels that day.")


def wish(course: Course, now: datetime, **said: Any) -> Waiting:
    return Waiting(
        patient=course.patient,
        course=course,
        kind=Appointment.Kind.SESSION,
        minutes=course.protocol.session_minutes,
        from_on=course.location.today(now),
        **said,
    )


def session(course: Course, days: int, doctor: User, now: datetime) -> Appointment:
    """Book a session of a course in some days, at ten."""
    day = course.location.today(now) + timedelta(days=days)
    appointment = Appointment(
        patient=course.patient,
        course=course,
        kind=Appointment.Kind.SESSION,
        location=course.location,
        starts_at=at_wall(day, time(10), course.location.tz).moment,
        minutes=course.protocol.session_minutes,
        practitioner=doctor,
    )
    return book(appointment)
