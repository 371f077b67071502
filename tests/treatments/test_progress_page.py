"""The progress review: the verdict in words with its reasons, the table, and what is missing said."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse

from clinic.roles import Role
from tests.factories import (
    AssessmentFactory,
    CourseFactory,
    LocationFactory,
    MilestoneReviewFactory,
    PhotoFactory,
    ScoreFactory,
    SessionFactory,
    SideEffectFactory,
    TreatmentAreaFactory,
)
from tests.treatments.courses_with_sessions import START, WEEK, scored, treated
from tests.treatments.progress_facts import NB, NOW, found, girth, text, with_ten_sessions
from tests.treatments.session_forms import FIRST, signed_in
from treatments import verdict as words
from treatments.course_chart import WIDE, course_chart
from treatments.models import Course

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


def said(course):
    return words.verdict(found(course))


@pytest.fixture
def ten(course):
    return with_ten_sessions(course)


def test_verdict_comes_first_in_words_with_its_baseline_and_its_reasons(ten):
    verdict = said(ten)

    assert (verdict.word, verdict.headline, verdict.what) == ("On track", "11 to 6", "Hexsel score, back thigh, left")
    assert verdict.measured == "measured after session 10, 4 May"
    assert verdict.reasons == [
        f"Down 45{NB}% from the baseline of 11, 2 March 2026.",
        f"Expected after 10 sessions: 40{NB}% to 60{NB}%, which is the clinic's claim.",
        "Slower than expected: back thigh, right.",
    ]


def test_area_that_stands_worse_than_the_one_shown_is_named(course, areas):
    more = [TreatmentAreaFactory(code=code) for code in ("thigh-front-left", "thigh-front-right")]
    course.areas.add(*more)
    treated(course, 10)
    scored(course, 1, 9, 9, 11, 10)
    scored(course, 10, 9, 5, 5, 11)

    shown = words.verdict(found(course, focus="thigh-back-left"))
    worst = words.verdict(found(course, focus="thigh-back-right"))

    assert shown.reasons[-2:] == ["Worse: back thigh, right.", "No response: front thigh, left."]
    assert not any(reason.startswith(("Worse:", "No response:")) for reason in worst.reasons)


def test_table_sets_baseline_against_now(ten):
    MilestoneReviewFactory(course=ten)

    table = words.table(found(ten))

    assert table.heads == ["Baseline", "Session 5", "Session 10", "Change"]
    assert {row.label: row.cells for row in table.rows} == {
        "Hexsel score, back thigh, left": ["11", "9", "6", f"−5 (45{NB}%)"],
        "Hexsel score, back thigh, right": ["10", "9", "7", f"−3 (30{NB}%)"],
        "Thigh girth, left": [f"59.4{NB}cm", "–", f"57.1{NB}cm", f"−2.3{NB}cm"],
        "Weight": [f"70.0{NB}kg", f"70.0{NB}kg", f"70.0{NB}kg", f"±0.0{NB}kg"],
        "Decision": ["", "Continue, 6 Apr", "Due", ""],
    }


def test_newer_values_than_the_last_milestones_have_a_column_of_their_own(ten):
    SessionFactory(course=ten, performed_at=FIRST + 10 * WEEK, signed=True)
    scored(ten, 11, 5, 7)

    assert words.table(found(ten)).heads == ["Baseline", "Session 5", "Session 10", "Now", "Change"]


@pytest.mark.parametrize(
    ("after", "value", "word", "reason"),
    [
        (10, 8, "Slower than expected", f"Down 27{NB}% from the baseline of 11, 2 March 2026."),
        (5, 11, "No response", "The protocol expects something to see after session 5."),
        (5, 13, "Worse", f"Up 18{NB}% from the baseline of 11, 2 March 2026."),
        (3, 11, "On track", "No change from the baseline of 11, 2 March 2026."),
    ],
)
def test_status_has_its_reasons(course, after, value, word, reason):
    treated(course, after)
    scored(course, 1, 11)
    scored(course, after, value)

    verdict = said(course)

    assert verdict.word == word
    assert reason in verdict.reasons


def test_missing_baseline_is_said_and_asked_for(client, clinician, course):
    treated(course, 5)
    scored(course, 5, 9)

    verdict = said(course)

    assert verdict.word == "No baseline"
    assert verdict.reasons == [
        "The baseline is missing: nothing was scored up to the first session, 2 March 2026. No change can be told."
    ]
    link = f'{reverse("assessment-new", args=[course.public_id])}?on=2026-03-02"'
    assert link in text(client, course)


@pytest.mark.parametrize(("sessions", "word"), [(0, "Not scored"), (3, "Not scored")])
def test_nothing_scored_is_said(course, sessions, word):
    treated(course, sessions)

    assert said(course).word == word
    assert said(course).asks


def test_baseline_alone_waits_for_the_next(course):
    treated(course, 1)
    scored(course, 1, 11)

    assert (said(course).word, said(course).headline) == ("Baseline", "11")


def test_score_before_the_first_session_is_the_baseline(course):
    course.started_on = START - WEEK
    course.save()
    AssessmentFactory(course=course, assessed_on=START - WEEK)
    ScoreFactory(assessment=course.assessments.get(), value=Decimal(12))
    treated(course, 5)
    scored(course, 5, 9)

    assert said(course).headline == "12 to 9"


def test_protocol_without_a_scale_says_who_can_help(course):
    type(course.protocol).objects.update(instrument=None)

    assert said(course).reasons == ["This protocol names no scale. An admin chooses one in the catalogue."]
    assert "chart-wide" in course_chart(found(course), WIDE)


def test_palpated_and_photographed_totals_are_never_one_line(course):
    treated(course, 10)
    scored(course, 1, 11)
    scored(course, 10, 5, photo_based=True)

    shown = found(course)

    assert [len(line.points) for line in shown.lines if line.points] == [1]


def test_course_is_followed_in_the_way_that_has_a_baseline(course):
    treated(course, 10)
    scored(course, 1, 9, photo_based=True)
    scored(course, 5, 9)
    scored(course, 10, 5, photo_based=True)

    assert said(course).headline == "9 to 5"
    assert found(course).focus.photo_based


@pytest.mark.parametrize(
    ("from_photographs", "reason", "asks", "query"),
    [
        (
            True,
            "The baseline of 2 March 2026 was scored from photographs, this by hand: the two totals do not compare. "
            "Score photographs of now.",
            "Score photographs",
            "?from=photographs",
        ),
        (
            False,
            "The baseline of 2 March 2026 was scored by hand, this from photographs: the two totals do not compare. "
            "Score by hand.",
            "Score by hand",
            "",
        ),
    ],
)
def test_baseline_taken_in_the_other_way_is_not_called_missing(
    client, clinician, course, from_photographs, reason, asks, query
):
    treated(course, 5)
    scored(course, 1, 9, photo_based=from_photographs)
    scored(course, 5, 8, photo_based=not from_photographs)

    assert said(course).reasons == [reason]
    page = text(client, course)
    assert "The baseline is missing" not in page
    assert f'href="{reverse("assessment-new", args=[course.public_id])}{query}">' in page
    assert asks in page


def test_what_was_entered_in_error_is_no_baseline(course, clinician):
    treated(course, 5)
    wrong = scored(course, 1, 15)
    scored(course, 5, 9)
    wrong.error_at, wrong.error_by, wrong.error_reason = NOW, clinician, "Another patient's."
    wrong.save()

    assert said(course).word == "No baseline"


def test_area_shown_is_chosen_by_the_address_and_is_the_worst_at_first(client, clinician, ten):
    assert found(ten).focus.key == "thigh-back-left"
    assert found(ten, focus="thigh-back-right").focus.title == "Back thigh, right"
    assert found(ten, focus="nowhere").focus.key == "thigh-back-left"
    assert "10 to 7" in text(client, ten, "?place=thigh-back-right")


def test_weight_gain_over_the_limit_is_flagged(client, clinician, course):
    for number, weight in enumerate(["70.0", "73.2"]):
        SessionFactory(course=course, performed_at=FIRST + number * WEEK, signed=True, weight_kg=Decimal(weight))

    assert f"Weight +3.2{NB}kg since the first session." in text(client, course)
    fact = words.facts(found(course))[0]
    assert (fact.value, fact.is_over) == (f"73.2{NB}kg", True)


def test_limit_is_the_nearer_of_the_two(course):
    treated(course, 1, weight_kg=Decimal("50.0"))
    assert found(course).weight_limit == Decimal("52.5")  # 5 % before 3 kg

    course.sessions.update(weight_kg=Decimal("90.0"))
    assert found(course).weight_limit == Decimal("93.0")


def test_body_mass_index_follows_from_the_newest_height(course):
    treated(course, 1)
    girth(scored(course, 1, 11), "", "167.0", code="height")

    assert words.facts(found(course))[0].detail == f"±0.0{NB}kg, limit +3.0{NB}kg. BMI 25.1"


def test_imperial_place_reads_pounds_and_inches(areas):
    course = CourseFactory(patient__location__unit_system="imperial", areas=areas)
    treated(course, 1)
    girth(scored(course, 1, 11), "left", "57.15")

    rows = {row.label: row.cells for row in words.table(found(course)).rows}

    assert rows["Thigh girth, left"][0] == f"22.5{NB}in"
    assert rows["Weight"][0] == f"154.3{NB}lb"


def test_paused_course_says_why(client, clinician, course):
    Course.objects.update(status="paused", status_reason="Pregnant.")

    assert "Pregnant." in text(client, course)


def test_clinic_median_says_how_many_are_missing(client, clinician, ten):
    assert "Clinic median from 10 courses on, 0 so far." in text(client, ten)


@pytest.mark.parametrize("sessions", [1, 20])
def test_page_asks_as_often_after_twenty_sessions_as_after_one(
    client, clinician, course, sessions, django_assert_num_queries
):
    Course.objects.update(planned_sessions=20)
    treated(course, sessions)
    scored(course, 1, 11, 10)
    for after in (5, 10, 15, 20):
        if after <= sessions:
            scored(course, after, 9, 8)
    SideEffectFactory(session=course.sessions.last(), onset_at=FIRST + timedelta(days=140))
    for number in range(sessions + 1):
        PhotoFactory(course=course, session=course.sessions.last(), taken_at=FIRST + number * WEEK)
    client.get("/search/")

    with django_assert_num_queries(25):
        client.get(reverse("course-progress", args=[course.public_id]))
