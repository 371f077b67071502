"""The picture of a course over time, what stands beside it, and the same numbers in tables."""

import itertools
import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
import time_machine

from clinic.roles import Role
from tests.factories import (
    AssessmentFactory,
    CourseFactory,
    LocationFactory,
    MilestoneReviewFactory,
    ScoreFactory,
    SideEffectFactory,
    TreatmentAreaFactory,
)
from tests.treatments.courses_with_sessions import START, scored, treated
from tests.treatments.progress_facts import NOW, found, text, with_ten_sessions
from tests.treatments.session_forms import FIRST, signed_in
from treatments import chart_tables as tables
from treatments.course_chart import NARROW, WIDE, course_chart
from treatments.models import Course
from treatments.outcome import outcome

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def areas():
    return [TreatmentAreaFactory(code=code) for code in ("thigh-back-left", "thigh-back-right")]


@pytest.fixture
def course(areas):
    return CourseFactory(patient__location=LocationFactory(name="Harbour Street"), areas=areas)


@pytest.fixture
def clinician(client, course):
    return signed_in(client, course, Role.CLINICIAN)


@pytest.fixture
def ten(course):
    return with_ten_sessions(course)


def test_picture_is_drawn_twice_and_named_in_one_sentence(client, clinician, ten):
    SideEffectFactory(session=ten.sessions.signed().first(), onset_at=FIRST + timedelta(days=63, hours=1))

    page = text(client, ten)

    assert page.count('class="chart chart-wide"') == page.count('class="chart chart-narrow"') == 1
    assert (
        page.count('aria-label="Course over time: Hexsel score, back thigh, left, from 11 on 2 March to 6 on 4 May."')
        == 2
    )
    assert "style=" not in page


@pytest.mark.parametrize("size", [WIDE, NARROW])
@pytest.mark.parametrize("sessions", [0, 1, 5, 20])
def test_picture_can_be_drawn_of_any_course(course, size, sessions):
    Course.objects.update(planned_sessions=max(sessions, 15))
    treated(course, sessions)
    for after in (1, 5, 20):
        if after <= sessions:
            scored(course, after, 11 - after // 2, 10)

    picture = course_chart(found(course), size)

    assert picture.count('class="chart-session"') == sessions
    assert picture.startswith("<svg")


@pytest.mark.parametrize("status", list(Course.Status))
def test_today_is_drawn_of_a_course_that_goes_on(ten, status):
    Course.objects.update(status=status, status_reason="A reason.", status_on=date(2026, 5, 10))

    assert ("chart-today" in course_chart(found(ten), WIDE)) is (status in Course.RUNNING)


def test_words_of_near_milestones_do_not_run_together_on_a_phone(course):
    Course.objects.filter(pk=course.pk).update(planned_sessions=20)
    treated(course, 20)
    scored(course, 1, 11, 10)

    months_later = outcome(Course.objects.for_page().get(pk=course.pk), NOW + timedelta(days=128))

    def labels(size):
        return re.findall(r'chart-label-milestone"[^>]*>([^<]+)<', str(course_chart(months_later, size)))

    assert labels(WIDE) == ["Review 5", "Review 10", "Review 20"]
    assert labels(NARROW) == ["5", "Review 10", "Review 20"]


def test_reaction_past_its_time_is_hatched_for_as_long_as_it_was(ten):
    session = ten.sessions.order_by("performed_at").first()
    SideEffectFactory(session=session, onset_at=FIRST, resolved_at=FIRST + timedelta(days=12))

    picture = course_chart(found(ten), WIDE)

    assert 'fill="url(#hatch-prolonged)"' in picture
    assert "7 days over" in picture


def test_picture_is_a_table_too(ten):
    table = tables.chart_table(found(ten))

    assert table.heads == ["Sessions done", "Back thigh, left", "Back thigh, right", "Weight"]
    assert [row.cells[:3] for row in table.rows if row.cells[1]] == [
        ["1", "11", "10"],
        ["5", "9", "9"],
        ["10", "6", "7"],
    ]
    assert len(table.rows) == 10


def test_claim_and_median_of_the_picture_are_a_table_too(ten):
    table = tables.claim_table(found(ten))

    assert table.heads == ["Measured", "Expected"]
    assert [(row.label, row.cells) for row in table.rows] == [
        ("Baseline", ["11", "11"]),
        ("Session 5", ["9", "11 to 7.7"]),
        ("Session 10", ["6", "6.6 to 4.4"]),
        ("Session 15", ["–", "6.6 to 4.4"]),
    ]


def test_median_of_the_picture_stands_in_the_table_with_its_n(ten):
    for number in range(10):
        other = treated(CourseFactory(patient__location=ten.location, areas=list(ten.areas.all())), 5)
        scored(other, 1, 10)
        scored(other, 5, 9 - number % 3)

    table = tables.claim_table(found(ten))

    assert table.heads == ["Measured", "Expected", "Slower quarter", "Median", "Better quarter", "Courses"]
    assert table.rows[1].cells[-4:] == ["9.9", "8.8", "8", "10"]
    assert table.rows[2].cells[-4:] == ["–", "–", "–", "–"]


def test_table_of_what_is_not_scored_has_no_rows(course):
    treated(course, 2)

    assert tables.claim_table(found(course)).rows == []


def test_numbers_of_near_days_do_not_run_together(course):
    treated(course, 10)
    for day in range(4):
        assessment = AssessmentFactory(course=course, assessed_on=START + timedelta(days=day))
        ScoreFactory(assessment=assessment, area=course.areas.first(), value=Decimal(11))

    places = re.findall(r'class="chart-value" x="([\d.]+)" y="([\d.]+)"', course_chart(found(course), NARROW))

    assert places
    for (x, y), (other_x, other_y) in itertools.combinations(places, 2):
        assert abs(float(other_x) - float(x)) >= 20 or abs(float(other_y) - float(y)) >= 15


@pytest.mark.parametrize("size", [NARROW, WIDE])
def test_numbers_beside_the_picture_have_room(course, size):
    treated(course, 1, weight_kg=Decimal("101.3"))
    scored(course, 1, 11)

    ticks = re.findall(r'class="chart-tick" x="([\d.]+)"[^>]*>([\d.]+)<', course_chart(found(course), size))

    assert "101.3" in [words for _x, words in ticks]
    assert all(float(x) >= 7.5 * len(words) for x, words in ticks)


@pytest.mark.parametrize("planned", [11, 12, 13, 14])
def test_last_month_is_whole_or_left_out(ten, planned):
    Course.objects.update(planned_sessions=planned, status="active")

    for size in (NARROW, WIDE):
        drawn = course_chart(found(ten), size)
        months = re.findall(r'class="chart-text chart-muted" x="([\d.]+)"[^>]*>([A-Z][a-z]{2})<', drawn)
        assert months
        assert all(float(x) + 28 <= size.width for x, _word in months)


def test_legend_names_what_is_drawn_and_how_many_courses(client, clinician, course):
    treated(course, 1)

    assert "Other areas" not in text(client, course)

    scored(course, 1, 11, 10)

    assert "Other areas" in text(client, course)


def test_review_that_is_due_leads_to_its_form(client, clinician, ten):
    assert '<a class="is-due" href="#decision">due</a>' in text(client, ten)


def test_stopped_course_lists_no_review_to_come(client, clinician, course):
    treated(course, 5)
    MilestoneReviewFactory(course=course, decision="stop")
    Course.objects.update(status="stopped", status_on=NOW.date(), status_reason="No response.")

    page = text(client, course)

    assert "Review 5" in page
    assert "after session 10" not in page
