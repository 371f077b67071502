"""The follow-up's window: opened by the first session, moved by the next, closed by the return (design rule 11)."""

from datetime import date

from treatments.models import Appointment, Course, FollowUp, Session
from treatments.rules.follow_up import Window, window


def lock(course_id: int) -> Course:
    """Return the course with its row locked, first of all rows: who signs and who ends a visit wait for each other.

    Keys are left out of the lock, here and wherever people wait for each other: a new row that names the course needs
    its key alone, and whoever writes one while holding what this transaction needs would wait for it forever.
    """
    return Course.objects.select_for_update(no_key=True).get(pk=course_id)


def answered_follow_up(session: Session) -> FollowUp | None:
    """Return the follow-up that a session after the end of its course answers, None inside the course.

    It is the one whose appointment the patient came to that day, else the one that is open longest.
    """
    course = session.course
    day = course.day_of(session.performed_at)
    if not course.is_over_on(day):
        return None
    if session.appointment and session.appointment.follow_up:
        return session.appointment.follow_up
    visits = Appointment.objects.on(day, course.location).done().of_follow_ups(course)
    visit = visits.select_related("follow_up").first()
    return visit.follow_up if visit else open_follow_up(course)


def open_follow_up(course: Course) -> FollowUp | None:
    """Return the first follow-up of the course that nobody came to, else the latest; None before any session."""
    follow_ups = course.follow_ups.order_by("number")
    return follow_ups.unattended().first() or follow_ups.last()


def move_window(course: Course) -> FollowUp | None:
    """Set the window of the course's latest follow-up by its last performed session.

    The first signed session opens the first follow-up. One that was attended stays as it is, and the next opens. So
    does one that calls or messages were about when a session of the running course overtook it: what was answered
    then was answered about that window. When that session was entered in error, the follow-up it overtook is open
    again, unless a later session overtook it, too. Returns None for a course without a signed session.
    """
    last = _last_session(course)
    if last is None:
        return None
    _look_again(course, last)
    latest = course.follow_ups.order_by("number").last()
    if latest and latest.was_spoken_of() and not latest.was_attended() and _starts_anew(course, latest, last):
        latest.overtaken_by = last
        latest.save_over(latest.version)
    return _count_from(course, course.day_of(last.performed_at))


def close_visit(appointment: Appointment) -> None:
    """Open the next window when a patient came to the follow-up and was not treated: nobody is forgotten.

    It counts from the visit, or from a later session. When a session of that visit is logged after all, the window
    counts from the session.
    """
    course = appointment.course
    if not appointment.follow_up or not course or appointment.sessions.standing().exists():
        return
    last = _last_session(course)
    days = [course.day_of(appointment.starts_at), *([course.day_of(last.performed_at)] if last else [])]
    _count_from(course, max(days))


def reopen_visit(appointment: Appointment) -> None:
    """Take back the window that `close_visit` opened when the visit is not over after all, while it is untouched."""
    course, follow_up = appointment.course, appointment.follow_up
    latest = course.follow_ups.order_by("number").last() if course else None
    if follow_up and latest and latest.number > follow_up.number and latest.is_untouched():
        latest.delete()


def _look_again(course: Course, last: Session) -> None:
    """Settle the follow-ups that a session entered in error had overtaken, by the last that stands."""
    for lost in course.follow_ups.filter(overtaken_by__entered_in_error_at__isnull=False).order_by("number"):
        if _starts_anew(course, lost, last):
            lost.overtaken_by = last
            lost.save_over(lost.version)
            continue
        for later in course.follow_ups.filter(number__gt=lost.number):
            # It was opened in place of the one that is open again; with both, somebody would call twice.
            if later.is_untouched():
                later.delete()


def _last_session(course: Course) -> Session | None:
    return course.sessions.signed().order_by("performed_at", "pk").last()


def _starts_anew(course: Course, follow_up: FollowUp, session: Session) -> bool:
    return _frame(course, course.day_of(session.performed_at)).opens > follow_up.opens_on


def _count_from(course: Course, day: date) -> FollowUp:
    frame = _frame(course, day)
    latest = course.follow_ups.order_by("number").last()
    if latest is None or latest.was_attended():
        number = latest.number + 1 if latest else 1
        return FollowUp.objects.create(course=course, number=number, opens_on=frame.opens, closes_on=frame.closes)
    if latest.window != frame:
        latest.opens_on, latest.closes_on = frame.opens, frame.closes
        latest.save_over(latest.version)
    return latest


def _frame(course: Course, day: date) -> Window:
    protocol = course.protocol
    return window(day, months_min=protocol.follow_up_months_min, months_max=protocol.follow_up_months_max)


def withdraw_window(course: Course) -> None:
    """Take back the first window of a course that has no signed session any more, while nobody acted on it."""
    latest = course.follow_ups.order_by("number").last()
    if latest and latest.is_untouched():
        latest.delete()
