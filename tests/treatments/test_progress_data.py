"""The numbers of a course for other programs: those of the page, the picture and the paper."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse

from clinic.roles import Role
from tests.factories import (
    CourseFactory,
    InstrumentFactory,
    LocationFactory,
    MilestoneReviewFactory,
    ScoreFactory,
    SideEffectFactory,
    TreatmentAreaFactory,
)
from tests.treatments.courses_with_sessions import scored, treated
from tests.treatments.session_forms import FIRST, signed_in
from treatments.models import Course
from treatments.outcome import outcome
from treatments.rules.response import whole_percent
from treatments.verdict import percent, table

NOW = datetime(2026, 7, 20, 18, 30, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def course():
    areas = [TreatmentAreaFactory(code=code) for code in ("thigh-back-left", "thigh-back-right")]
    course = CourseFactory(patient__location=LocationFactory(name="Harbour Street"), areas=areas)
    treated(course, 10)
    scored(course, 1, 11, 10)
    scored(course, 5, 9, 9)
    scored(course, 10, 6, 7)
    return course


@pytest.fixture
def clinician(client, course):
    return signed_in(client, course, Role.CLINICIAN)


def numbers(client, course, query=""):
    response = client.get(reverse("course-progress-data", args=[course.public_id]) + query)
    assert response["Content-Type"] == "application/json"
    return response.json()


def test_each_area_has_its_points_its_baseline_and_its_change(client, clinician, course):
    left, right = numbers(client, course)["lines"]

    assert [left["place"], right["place"]] == ["thigh-back-left", "thigh-back-right"]
    assert (left["instrument"], left["unit"], left["better"]) == ("hexsel-css", "{score}", "lower")
    assert [(point["on"], point["value"], point["sessions_done"]) for point in left["points"]] == [
        ("2026-03-02", 11, 1),
        ("2026-03-30", 9, 5),
        ("2026-05-04", 6, 10),
    ]
    assert left["baseline"] == left["points"][0]
    assert left["change"] == {"difference": -5, "improvement": 0.454545, "improvement_percent": 45}
    assert right["change"] == {"difference": -3, "improvement": 0.3, "improvement_percent": 30}
    assert (left["response"], right["response"]) == ("on track", "slower than expected")
    assert left["expected"] == {"slow_percent": 40, "fast_percent": 60}


def test_data_say_what_the_page_says(client, clinician, course):
    rows = {row.label: row.cells for row in table(outcome(Course.objects.for_page().get(pk=course.pk), NOW)).rows}

    left, right = numbers(client, course)["lines"]

    for line, label in ((left, "Hexsel score, back thigh, left"), (right, "Hexsel score, back thigh, right")):
        *values, change = rows[label]
        assert [str(point["value"]) for point in line["points"]] == values
        assert f"({line['change']['improvement_percent']}\N{NO-BREAK SPACE}%)" in change


def test_course_its_weight_its_reactions_and_its_decisions_are_in_it(client, clinician, course):
    SideEffectFactory(session=course.sessions.first(), onset_at=FIRST, resolved_at=None)
    MilestoneReviewFactory(course=course, after_session=5)

    found = numbers(client, course, "?place=thigh-back-right")

    assert found["course"]["id"] == str(course.public_id)
    assert found["sessions"]["done"] == 10
    assert found["shown"] == "thigh-back-right"
    assert found["weight"]["points"][0] == {"on": "2026-03-02", "value": 70}
    assert [(reaction["state"], reaction["resolved_at"]) for reaction in found["reactions"]] == [("prolonged", None)]
    assert {each["after_session"]: each["decision"] for each in found["milestones"]}[5] == "continue"
    assert found["money"]["delivered"] == str(10 * course.price)


def test_claim_is_of_the_protocols_own_scale_and_of_no_girth(client, clinician, course):
    for assessment, left in zip(course.assessments.order_by("assessed_on"), ("59.4", "58.2", "57.1"), strict=True):
        girth = InstrumentFactory(code="girth-thigh-upper")
        ScoreFactory(assessment=assessment, instrument=girth, area=None, side="left", value=Decimal(left))

    line = numbers(client, course)["lines"][-1]

    assert (line["instrument"], line["unit"], line["place"]) == ("girth-thigh-upper", "cm", "left")
    assert line["change"]["difference"] == -2.3
    assert (line["response"], line["expected"]) == (None, None)


def test_what_is_not_known_is_null_and_says_why(client, clinician, course):
    course.assessments.order_by("assessed_on").first().scores.update(value=None)

    line = numbers(client, course)["lines"][0]

    assert (line["baseline"], line["change"], line["response"]) == (None, None, None)
    assert line["no_change_because"] == "no baseline"


@pytest.mark.parametrize(
    ("fraction", "whole"), [("0.454545", 45), ("0.005", 1), ("-0.005", -1), ("-0.125", -13), ("0", 0)]
)
def test_percent_is_rounded_once_for_page_and_data(fraction, whole):
    assert whole_percent(Decimal(fraction)) == whole
    assert percent(Decimal(fraction)) == f"{abs(whole)}\N{NO-BREAK SPACE}%"
