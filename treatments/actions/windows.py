"""The follow-up's window: opened by the first session, moved by the next, closed by the return (design rule 11)."""

from datetime import date

from treatments.models import Appointment, Course, FollowUp, Session
from treatments.rules.follow_up import Window, window


def answered_follow_up(session: Session) -> FollowUp | None:
    """Return the follow-up that a session after the end of its course answers, None inside the course.

    It is the one whose appointment the patient came to that day, else the course's latest.
    """
    course = session.course
    day = course.day_of(session.performed_at)
    if not course.has_ended or day <= course.status_on:
        return None
    if session.appointment and session.appointment.follow_up:
        return session.appointment.follow_up
    visits = Appointment.objects.on(day, course.location).done().of_follow_ups(course)
    visit = visits.select_related("follow_up").first()
    return visit.follow_up if visit else course.follow_ups.order_by("number").last()


def move_window(course: Course) -> FollowUp | None:
    """Set the window of the course's latest follow-up by its last performed session.

    The first signed session opens the first follow-up. One that was attended stays as it is, and the next opens.
    Returns None for a course without a signed session.
    """
    last = course.sessions.signed().order_by("performed_at", "pk").last()
    return _count_from(course, course.day_of(last.performed_at)) if last else None


def close_visit(appointment: Appointment) -> None:
    """Open the next window when a patient came to the follow-up and was not treated: nobody is forgotten.

    It counts from the visit. When a session of that visit is logged after all, the window counts from the session.
    """
    course = appointment.course
    if appointment.follow_up and course and not appointment.sessions.exists():
        _count_from(course, course.day_of(appointment.starts_at))


def _count_from(course: Course, day: date) -> FollowUp:
    frame = window(
        day, months_min=course.protocol.follow_up_months_min, months_max=course.protocol.follow_up_months_max
    )
    latest = course.follow_ups.order_by("number").last()
    if latest is None or latest.was_attended():
        return _open(course, frame, number=latest.number + 1 if latest else 1)
    if latest.window != frame:
        latest.opens_on, latest.closes_on = frame.opens, frame.closes
        latest.save_over(latest.version)
    return latest


def _open(course: Course, frame: Window, *, number: int) -> FollowUp:
    return FollowUp.objects.create(course=course, number=number, opens_on=frame.opens, closes_on=frame.closes)
