"""A screening from before a pause holds no more once the course is resumed."""

from datetime import UTC, date, datetime

import pytest

from tests.factories import CourseFactory, ScreeningFactory, make_ready
from treatments.actions.courses import turn
from treatments.drawn import Drawn
from treatments.gate import problems
from treatments.models import Course

pytestmark = pytest.mark.django_db


def test_course_resumed_after_a_pause_asks_for_a_new_screening():
    course = make_ready(CourseFactory(status="paused", status_reason="On a journey."))
    turn(course, Course.Status.ACTIVE, on=date(2026, 3, 9), version=course.version)
    drawn = Drawn(course=course, performed_at=datetime(2026, 3, 9, 18, 0, tzinfo=UTC))

    before = {problem.code for problem in problems(drawn, drawn.performed_at)}
    ScreeningFactory(patient=course.patient, answered_at=datetime(2026, 3, 9, 17, 0, tzinfo=UTC))
    after = {problem.code for problem in problems(drawn, drawn.performed_at)}

    assert ("screening-before-pause" in before, "screening-before-pause" in after) == (True, False)
