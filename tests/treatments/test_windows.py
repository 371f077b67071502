from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError

from tests.factories import AppointmentFactory, ContactAttemptFactory, CourseFactory, SessionFactory
from treatments.actions.appointments import turn
from treatments.actions.courses import turn as end
from treatments.actions.windows import answered_follow_up, move_window
from treatments.models import Appointment, Course, FollowUp, Protocol
from treatments.rules.follow_up import State

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


def leave(visit):
    return turn(visit, Appointment.Status.IN_ROOM, now=VISIT + timedelta(hours=1), version=visit.version)


def test_done_by_a_slip_takes_its_next_window_back_with_it(course, visit):
    leave(finish(visit))

    assert windows(course) == [(date(2026, 9, 2), date(2026, 11, 2))]


def test_next_window_that_was_called_about_stays(course, visit):
    finish(visit)
    ContactAttemptFactory(follow_up=course.follow_ups.last())

    leave(visit)

    assert len(windows(course)) == 2


def test_visit_closed_late_does_not_pull_a_later_window_back(course, visit):
    SessionFactory(course=course, performed_at=VISIT + timedelta(days=14), signed=True)
    move_window(course)

    finish(visit)

    assert windows(course)[-1] == (date(2027, 3, 28), date(2027, 5, 28))


@pytest.fixture
def running():
    """Return a course that still runs, with its one session on 2 March."""
    course = CourseFactory(status=Course.Status.ACTIVE, started_on=date(2026, 3, 2), status_on=date(2026, 3, 2))
    SessionFactory(course=course, performed_at=LAST_SESSION, signed=True)
    move_window(course)
    return course


def test_no_given_for_one_window_does_not_silence_the_next(running):
    ContactAttemptFactory(follow_up=running.follow_ups.get(), outcome="declined")
    SessionFactory(course=running, performed_at=VISIT, signed=True)

    move_window(running)

    found = FollowUp.objects.of_course(running).with_facts(VISIT).order_by("number")
    assert [follow_up.state(date(2027, 4, 1)) for follow_up in found] == [State.ATTENDED, State.DUE]
    assert list(FollowUp.objects.with_facts(VISIT).to_call(date(2027, 4, 1))) == [found[1]]


def test_session_of_a_running_course_moves_the_window_nobody_spoke_of(running):
    SessionFactory(course=running, performed_at=VISIT, signed=True)

    move_window(running)

    assert windows(running) == [(date(2027, 3, 14), date(2027, 5, 14))]


def test_session_logged_late_for_an_earlier_day_leaves_an_answered_window_alone(running):
    ContactAttemptFactory(follow_up=running.follow_ups.get(), outcome="declined")
    SessionFactory(course=running, performed_at=LAST_SESSION - timedelta(hours=3), signed=True)

    move_window(running)

    assert windows(running) == [(date(2026, 9, 2), date(2026, 11, 2))]


def test_course_does_not_end_before_a_session_that_was_given_in_it(running):
    draft = SessionFactory(course=running, performed_at=LAST_SESSION + timedelta(days=7))

    with pytest.raises(ValidationError) as refusal:
        end(running, Course.Status.STOPPED, on=date(2026, 3, 5), reason="Moved away.", version=running.version)

    assert refusal.value.message_dict == {"on": ["The last session was on 9 March 2026."]}
    assert draft.follow_up is None


def test_session_is_not_logged_at_the_appointment_of_another_course(course, visit):
    other = CourseFactory(patient=course.patient, protocol=Protocol.objects.get(indication__code="acne"))

    assert Appointment.objects.given(other, str(visit.public_id)) is None
    assert Appointment.objects.given(course, str(visit.public_id)) == visit
