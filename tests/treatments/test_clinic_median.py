"""What comparable courses came to: the SQL of many courses says what the rules say of each."""

from datetime import UTC, datetime
from decimal import Decimal
from random import Random

import pytest

from tests.factories import CourseFactory, LocationFactory, ProtocolFactory, ScoreFactory, TreatmentAreaFactory
from tests.treatments.courses_with_sessions import scored, treated
from treatments.models import Course, Score
from treatments.outcome import course_improvements, lines_of, outcome

NOW = datetime(2026, 7, 20, 18, 30, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture
def here():
    return LocationFactory(name="Harbour Street")


@pytest.fixture
def areas():
    return [TreatmentAreaFactory(code=code) for code in ("thigh-back-left", "thigh-back-right")]


def compared(course, **facts):
    instrument = course.protocol.instrument
    return Score.objects.all().compared_with(course, instrument, **{"photo_based": False, "most": 200} | facts)


def loaded(course):
    return Course.objects.for_page().get(pk=course.pk)


def test_sql_says_of_many_courses_what_the_rules_say_of_each(here, areas):
    dice = Random(7)  # noqa: S311 -- the same courses every time
    courses = []
    for _number in range(12):
        course = treated(CourseFactory(patient__location=here, areas=areas), dice.randint(0, 8))
        for after in sorted(dice.sample(range(8), dice.randint(0, 8))):
            values = [dice.choice([None, 0, 3, 7, 11]) for _area in areas]
            assessment = scored(course, after, photo_based=dice.random() < 0.4)
            for area, value in zip(areas, values, strict=True):
                if value is not None:
                    ScoreFactory(assessment=assessment, area=area, value=Decimal(value))
        courses.append(course)
    mine = CourseFactory(patient__location=here, areas=areas)

    for photo_based in (False, True):
        found = {(key, done): improved for key, done, improved in compared(mine, photo_based=photo_based)}

        expected = {}
        for course in courses:
            of_course = outcome(loaded(course), NOW)
            lines = lines_of(
                of_course.course,
                of_course.scores,
                of_course.days,
                instrument=course.protocol.instrument,
                photo_based=photo_based,
            )
            for done, improved in course_improvements(lines, of_course.first_on):
                expected[course.pk, done] = improved
        assert {key: float(value) for key, value in found.items()} == pytest.approx(
            {key: float(value) for key, value in expected.items()}, abs=1e-5
        )
        assert len(expected) >= 3


def test_day_of_a_session_is_that_of_the_place(here):
    here.time_zone = "Pacific/Auckland"
    here.save()
    course = treated(CourseFactory(patient__location=here), 2)  # 15:00 UTC is the next day there
    scored(course, 1, 10)
    scored(course, 2, 5)
    mine = CourseFactory(patient__location=here)

    # 9 March is the day before session 2 in Auckland: one session is done, and only the first scoring is a baseline.
    assert compared(mine) == [(course.pk, 1, Decimal("0.5"))]


def test_courses_of_another_place_protocol_and_way_are_not_compared(here):
    for other in (
        CourseFactory(),
        CourseFactory(patient__location=here, protocol=ProtocolFactory(name="Acne")),
    ):
        scored(treated(other, 5), 1, 10)
        scored(other, 5, 5)
    by_photograph = treated(CourseFactory(patient__location=here), 5)
    scored(by_photograph, 1, 10, photo_based=True)
    scored(by_photograph, 5, 6, photo_based=True)
    mine = treated(CourseFactory(patient__location=here), 5)
    scored(mine, 1, 10)
    scored(mine, 5, 9)

    assert compared(mine) == []
    assert compared(mine, photo_based=True) == [(by_photograph.pk, 5, Decimal("0.4"))]


def test_only_the_newest_courses_are_compared(here):
    courses = [treated(CourseFactory(patient__location=here), 2) for _number in range(3)]
    for course in courses:
        scored(course, 1, 10)
        scored(course, 2, 8)
    mine = CourseFactory(patient__location=here)

    assert len(compared(mine)) == 3
    assert [key for key, _done, _improved in compared(mine, most=1)] == [courses[-1].pk]


@pytest.mark.parametrize(("others", "has_median"), [(9, False), (10, True)])
def test_median_is_shown_from_ten_courses_on(here, others, has_median):
    for number in range(others):
        course = treated(CourseFactory(patient__location=here), 5)
        scored(course, 1, 10)
        scored(course, 5, 10 - number % 5)
    mine = treated(CourseFactory(patient__location=here), 5)
    scored(mine, 1, 10)
    scored(mine, 5, 7)

    comparison = outcome(loaded(mine), NOW).comparison

    assert comparison.n == others
    assert (5 in comparison.quartiles) is has_median
    if has_median:
        assert comparison.quartiles[5].median == Decimal("0.2")
        assert (comparison.better_than, comparison.among) == (6, 10)
