"""What follows from sessions: their numbers, the course's progress, and the window of the follow-up."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from clinic.models import VersionConflictError
from tests.factories import CourseFactory, SessionFactory, make_ready
from treatments.actions.courses import turn
from treatments.actions.sessions import sign
from treatments.models import Course, Session
from treatments.progress import progress
from treatments.rules.course import Pace

pytestmark = pytest.mark.django_db

FIRST = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
WEEK = timedelta(days=7)


@pytest.fixture
def course():
    return CourseFactory()


def perform(course, moment, *, signed=True):
    """Treat a patient who was screened and consented the day before."""
    session = SessionFactory(course=Course.objects.get(pk=course.pk), performed_at=moment, given=True)
    make_ready(course, by=moment)
    if signed:
        sign(session, by=course.clinician, now=moment + timedelta(minutes=30), version=session.version)
    return session


def numbers(course):
    return list(
        Session.objects.filter(course=course).with_number().order_by("performed_at").values_list("number", flat=True)
    )


def window(course):
    latest = course.follow_ups.order_by("number").last()
    return latest and (latest.number, latest.opens_on, latest.closes_on)


def end(course, status=Course.Status.COMPLETED, on=date(2026, 6, 1), reason=""):
    course = Course.objects.get(pk=course.pk)
    return turn(course, status, on=on, reason=reason, version=course.version)


def done(course, today=date(2026, 6, 1)):
    return progress(Course.objects.for_page().get(pk=course.pk), today).done


def test_sessions_are_numbered_by_the_time_they_were_performed(course):
    perform(course, FIRST + 2 * WEEK)
    perform(course, FIRST)
    perform(course, FIRST + WEEK, signed=False)

    assert numbers(course) == [1, 2, 3]


def test_drafts_have_a_number_but_do_not_count(course):
    perform(course, FIRST)
    perform(course, FIRST + WEEK, signed=False)

    assert (numbers(course), done(course)) == ([1, 2], 1)


def test_next_session_has_the_number_after_the_drafts(course):
    perform(course, FIRST)
    perform(course, FIRST + WEEK, signed=False)
    perform(course, FIRST + 2 * WEEK, signed=False)

    assert progress(Course.objects.for_page().get(), date(2026, 6, 1)).next_number == 4


def test_two_sessions_of_one_moment_have_two_numbers(course):
    perform(course, FIRST)
    perform(course, FIRST)

    assert sorted(Session.objects.with_number().values_list("number", flat=True)) == [1, 2]


def test_signing_the_first_session_makes_a_planned_course_active_and_opens_its_window():
    course = CourseFactory(status=Course.Status.PLANNED)

    perform(course, FIRST)

    course.refresh_from_db()
    assert (course.status, course.status_on) == (Course.Status.ACTIVE, date(2026, 3, 2))
    assert window(course) == (1, date(2026, 9, 2), date(2026, 11, 2))


def test_draft_opens_no_window(course):
    perform(course, FIRST, signed=False)

    assert window(course) is None


def test_later_session_moves_the_window_and_earlier_one_does_not(course):
    perform(course, FIRST + WEEK)
    perform(course, FIRST)

    assert window(course) == (1, date(2026, 9, 9), date(2026, 11, 9))


@pytest.mark.parametrize(
    ("last", "opens", "closes"),
    [
        (datetime(2026, 8, 31, 18, 0, tzinfo=UTC), date(2027, 2, 28), date(2027, 4, 30)),
        (datetime(2027, 8, 31, 18, 0, tzinfo=UTC), date(2028, 2, 29), date(2028, 4, 30)),
        (datetime(2026, 6, 30, 18, 0, tzinfo=UTC), date(2026, 12, 30), date(2027, 2, 28)),
        (datetime(2026, 9, 1, 6, 30, tzinfo=UTC), date(2027, 2, 28), date(2027, 4, 30)),  # 31 August in Los Angeles
    ],
)
def test_window_is_six_to_eight_calendar_months_after_the_last_session(course, last, opens, closes):
    perform(course, last)

    assert window(course) == (1, opens, closes)


def test_ending_a_course_early_leaves_the_window_where_its_last_session_put_it(course):
    perform(course, FIRST)
    end(course, on=date(2026, 5, 20))

    assert window(course) == (1, date(2026, 9, 2), date(2026, 11, 2))


def test_treatment_after_the_end_closes_the_follow_up_and_opens_the_next(course):
    perform(course, FIRST)
    end(course)

    treatment = perform(course, datetime(2026, 9, 14, 18, 0, tzinfo=UTC))

    assert treatment.follow_up.number == 1
    assert window(course) == (2, date(2027, 3, 14), date(2027, 5, 14))
    assert (numbers(course), done(course)) == ([1, None], 1)


def test_treatments_at_two_follow_ups_answer_one_each(course):
    perform(course, FIRST)
    end(course)
    first, second = (
        perform(course, datetime(year, month, 14, 18, 0, tzinfo=UTC)) for year, month in [(2026, 9), (2027, 3)]
    )

    assert [first.follow_up.number, second.follow_up.number] == [1, 2]
    assert window(course) == (3, date(2027, 9, 14), date(2027, 11, 14))


def test_session_of_the_course_signed_after_its_end_still_belongs_to_it(course):
    perform(course, FIRST)
    late = perform(course, FIRST + WEEK, signed=False)
    end(course)

    sign(Session.objects.get(pk=late.pk), by=course.clinician, now=FIRST + 20 * WEEK, version=late.version)

    assert (numbers(course), done(course)) == ([1, 2], 2)
    assert window(course) == (1, date(2026, 9, 9), date(2026, 11, 9))


def test_session_on_the_day_the_course_ends_belongs_to_it(course):
    perform(course, FIRST)
    end(course, on=date(2026, 3, 9))

    assert perform(course, FIRST + WEEK).follow_up is None


def test_course_stopped_before_any_session_has_no_follow_up(course):
    end(course, Course.Status.STOPPED, reason="Moved away.")

    assert window(course) is None


def test_signing_lacks_nothing_or_is_refused(course):
    session = SessionFactory(course=course, weight_kg=None, reactions_asked=Session.Asked.NOT_ASKED, areas=[])

    with pytest.raises(ValidationError) as refused:
        sign(session, by=course.clinician, now=FIRST, version=session.version)

    asked_today = {"pregnancy", "new_medicines", "fever_infection", "unwell_after_last"}
    assert {error.code for error in refused.value.error_list} == {
        *("areas", "weight_kg", "reactions_asked", "source-0"),
        *(f"screening-{code}" for code in asked_today),
    }


def test_signing_over_a_newer_version_writes_nothing(course):
    session = perform(course, FIRST, signed=False)
    Session.objects.get().save_over(1)

    with pytest.raises(VersionConflictError):
        sign(session, by=course.clinician, now=FIRST, version=1)

    assert not Session.objects.get().is_signed
    assert window(course) is None


@pytest.mark.parametrize(
    "facts",
    [
        {"pain": 11},
        {"weight_kg": 20},
        {"depth_mm": 26},
        {"signed_at": FIRST},
        {"signed_at": FIRST - WEEK, "signed": True},
    ],
)
def test_the_database_itself_refuses_what_cannot_be(course, facts):
    with pytest.raises(IntegrityError):
        SessionFactory(course=course, performed_at=FIRST, **facts)


def test_history_keeps_who_changed_what_and_the_areas(course):
    session = SessionFactory(course=course)
    session.note = "Changed."
    session.save_over(1)

    newest = session.history.first()
    assert newest.note == "Changed."
    assert [row.treatmentarea.code for row in newest.areas.all()] == ["thigh-back-left"]


@pytest.mark.parametrize(
    ("days", "pace"),
    [(6, Pace.EARLY), (7, Pace.DUE), (14, Pace.DUE), (15, Pace.LATE), (28, Pace.LATE), (29, Pace.LAPSED)],
)
def test_pace_follows_from_the_last_session_and_today(course, days, pace):
    perform(course, FIRST)

    now_at = progress(Course.objects.for_page().get(), date(2026, 3, 2) + timedelta(days=days))

    assert now_at.pace is pace


def test_course_not_begun_has_no_last_session(course):
    now_at = progress(Course.objects.for_page().get(), date(2026, 3, 2))

    assert (now_at.done, now_at.pace, now_at.days_since, now_at.next_session) == (0, Pace.NOT_STARTED, None, None)
    assert (now_at.spent, now_at.remaining.least, now_at.remaining.most) == (0, 7500, 7500)
