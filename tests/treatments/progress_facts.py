"""The outcome of a course as its progress page has it, and the page as text."""

from datetime import UTC, datetime
from decimal import Decimal

from django.urls import reverse

from tests.factories import InstrumentFactory, ScoreFactory
from tests.treatments.courses_with_sessions import scored, treated
from treatments.models import Course
from treatments.outcome import outcome

NOW = datetime(2026, 7, 20, 18, 30, tzinfo=UTC)
NB = "\N{NO-BREAK SPACE}"


def found(course, **facts):
    return outcome(Course.objects.for_page().get(pk=course.pk), NOW, **facts)


def text(client, course, query=""):
    return client.get(reverse("course-progress", args=[course.public_id]) + query).content.decode()


def girth(assessment, side, value, code="girth-thigh-upper"):
    ScoreFactory(
        assessment=assessment, instrument=InstrumentFactory(code=code), area=None, side=side, value=Decimal(value)
    )


def with_ten_sessions(course):
    """Give ten sessions, scored at the first, the fifth and the tenth: 11 to 6 at the left, 10 to 7 at the right."""
    treated(course, 10)
    first = scored(course, 1, 11, 10)
    scored(course, 5, 9, 9)
    last = scored(course, 10, 6, 7)
    for assessment, left in ((first, "59.4"), (last, "57.1")):
        girth(assessment, "left", left)
    return course
