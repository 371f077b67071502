from datetime import UTC, date, datetime, timedelta

import pytest

from tests.factories import AppointmentFactory, CourseFactory, SessionFactory
from treatments.actions.appointments import turn
from treatments.actions.windows import answered_follow_up, move_window
from treatments.models import Appointment, Course

LAST_SESSION = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
VISIT = datetime(2026, 9, 14, 15, 0, tzinfo=UTC)

pytestmark = [pytest.mark.django_db]


def windows(course):
    return list(course.follow_ups.order_by("number").values_list("opens_on", "closes_on"))


@pytest.fixture
def course():
    """Return a course that was completed with its one session on 2 March."""
    course = CourseFactory(status=Course.Status.COMPLETED, started_on=date(2026, 3, 2), status_on=date(2026, 3, 2))
    SessionFactory(course=course, performed_at=LAST_SESSION, signed=True)
    move_window(course)
    return course


@pytest.fixture
def visit(course):
    """Return the follow-up appointment of 14 September, the patient in the room."""
    return AppointmentFactory(
        patient=course.patient,
        course=course,
        follow_up=course.follow_ups.get(),
        kind=Appointment.Kind.FOLLOW_UP,
        starts_at=VISIT,
        status=Appointment.Status.IN_ROOM,
    )


def finish(visit):
    return turn(visit, Appointment.Status.DONE, now=VISIT + timedelta(hours=1), version=visit.version)


def test_window_counts_from_the_last_session(course):
    assert windows(course) == [(date(2026, 9, 2), date(2026, 11, 2))]


def test_patient_who_came_and_was_not_treated_is_expected_again_from_the_visit_on(course, visit):
    finish(visit)

    assert windows(course) == [(date(2026, 9, 2), date(2026, 11, 2)), (date(2027, 3, 14), date(2027, 5, 14))]


def test_visit_with_a_treatment_leaves_the_next_window_to_the_session(course, visit):
    SessionFactory(course=course, appointment=visit, follow_up=visit.follow_up, performed_at=VISIT)

    finish(visit)

    assert len(windows(course)) == 1


def test_treatment_logged_after_the_visit_was_done_answers_the_follow_up_of_the_visit(course, visit):
    finish(visit)
    session = SessionFactory(course=course, performed_at=VISIT + timedelta(minutes=20))

    assert answered_follow_up(session) == visit.follow_up


def test_treatment_without_an_appointment_answers_the_latest_follow_up(course):
    session = SessionFactory(course=course, performed_at=VISIT)

    assert answered_follow_up(session) == course.follow_ups.get()


def test_session_inside_the_course_answers_no_follow_up(course):
    session = SessionFactory(course=course, performed_at=LAST_SESSION + timedelta(hours=2))

    assert answered_follow_up(session) is None


def test_follow_up_attended_in_a_course_that_still_runs_opens_the_next(course, visit):
    course.status = Course.Status.ACTIVE
    course.save()
    session = SessionFactory(course=course, appointment=visit, performed_at=VISIT, signed=True)
    finish(visit)

    move_window(session.course)

    assert windows(course)[-1] == (date(2027, 3, 14), date(2027, 5, 14))
    assert len(windows(course)) == 2
