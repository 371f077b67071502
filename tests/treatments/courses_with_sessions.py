"""Courses with signed sessions and scores, week by week."""

from datetime import date, timedelta
from decimal import Decimal

from tests.factories import AssessmentFactory, ScoreFactory, SessionFactory
from tests.treatments.session_forms import FIRST

START = date(2026, 3, 2)
WEEK = timedelta(days=7)


def treated(course, sessions, **facts):
    """Give a course signed sessions, one a week from 2 March 2026 on; return it."""
    for number in range(sessions):
        SessionFactory(course=course, performed_at=FIRST + WEEK * number, signed=True, **facts)
    return course


def scored(course, after, *values, **facts):
    """Score the areas of a course, in their order, on the day of session `after`; 0 and 1 are the day of the first."""
    day = START + WEEK * max(after - 1, 0)
    assessment = AssessmentFactory(course=course, assessed_on=day, **facts)
    for area, value in zip(course.areas.all(), values, strict=False):
        ScoreFactory(assessment=assessment, area=area, value=Decimal(value))
    return assessment
