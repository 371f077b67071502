"""The progress review: the verdict in words, the same numbers on page, picture and paper, and what is missing said."""

import io
import itertools
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse

from clinic.roles import Role
from tests.factories import (
    AssessmentFactory,
    CourseFactory,
    InstrumentFactory,
    LocationFactory,
    MilestoneReviewFactory,
    PhotoFactory,
    ScoreFactory,
    SessionFactory,
    SideEffectFactory,
    TreatmentAreaFactory,
)
from tests.treatments.courses_with_sessions import START, WEEK, scored, treated
from tests.treatments.session_forms import FIRST, signed_in
from treatments import chart_tables as tables
from treatments import verdict as words
from treatments.course_chart import NARROW, WIDE, course_chart
from treatments.models import Course
from treatments.outcome import outcome
from treatments.report import contents, report

NOW = datetime(2026, 7, 20, 18, 30, tzinfo=UTC)
NB = "\N{NO-BREAK SPACE}"

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


def found(course, **facts):
    return outcome(Course.objects.for_page().get(pk=course.pk), NOW, **facts)


def said(course):
    return words.verdict(found(course))


def text(client, course, query=""):
    return client.get(reverse("course-progress", args=[course.public_id]) + query).content.decode()


def girth(assessment, side, value, code="girth-thigh-upper"):
    ScoreFactory(
        assessment=assessment, instrument=InstrumentFactory(code=code), area=None, side=side, value=Decimal(value)
    )


@pytest.fixture
def ten(course):
    """Ten sessions, scored at the first, the fifth and the tenth: 11 to 6 at the left, 10 to 7 at the right."""
    treated(course, 10)
    first = scored(course, 1, 11, 10)
    scored(course, 5, 9, 9)
    last = scored(course, 10, 6, 7)
    for assessment, left in ((first, "59.4"), (last, "57.1")):
        girth(assessment, "left", left)
    return course


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


# The picture.


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


# The photos.


def photo_of(course, number, **facts):
    session = course.sessions.order_by("performed_at")[number - 1]
    return PhotoFactory(course=course, session=session, taken_at=session.performed_at, **facts)


def test_first_photo_and_last_of_a_view_stand_under_a_slider_with_day_and_weight(client, clinician, ten):
    first, _middle, last = (photo_of(ten, number) for number in (1, 5, 10))

    page = text(client, ten)

    assert 'data-compare="slider"' in page
    assert page.index(reverse("photo", args=[first.public_id, "1280"])) < page.index(
        reverse("photo", args=[last.public_id, "1280"])
    )
    assert f"Session 1, 2 Mar 2026, 70.0{NB}kg" in page
    assert f"Session 10, 4 May 2026, 70.0{NB}kg" in page
    assert 'name="shot"' not in page  # there is but one view


def test_view_is_chosen_where_there_are_several_and_the_area_stays(client, clinician, ten):
    for view in ("posterior", "lateral-left"):
        for number in (1, 10):
            photo_of(ten, number, view=view)

    response = client.get(
        reverse("course-progress", args=[ten.public_id]), {"shot": "lateral-left/relaxed", "place": "thigh-back-right"}
    )

    assert response.context["pair"].after.view == "lateral-left"
    assert '<input type="hidden" name="place" value="thigh-back-right">' in response.content.decode()
    assert "?place=thigh-back-left&amp;shot=lateral-left%2Frelaxed" in response.content.decode()


def test_weight_over_the_limit_is_said_beside_the_photos(client, clinician, ten):
    ten.sessions.order_by("performed_at").last().delete()
    SessionFactory(course=ten, performed_at=FIRST + 9 * WEEK, signed=True, weight_kg=Decimal(74))
    photo_of(ten, 1)
    photo_of(ten, 10)

    assert f"Weight +4.0{NB}kg between the two." in text(client, ten)


def test_one_photo_is_nothing_to_compare(client, clinician, ten):
    photo_of(ten, 1)

    page = text(client, ten)

    assert f'There are no two <a href="{reverse("course-photos", args=[ten.public_id])}">photos</a>' in page
    assert "data-compare" not in page


def test_who_may_see_no_photo_sees_none_on_the_progress_page(client, ten):
    signed_in(client, ten, Role.ADMIN)
    photo_of(ten, 1)
    photo_of(ten, 10)

    page = text(client, ten)

    assert "data-compare" not in page
    assert "First photo against the last" not in page


# Paper.


def test_paper_has_the_numbers_of_the_page(client, clinician, ten):
    MilestoneReviewFactory(course=ten, reason="Watch the weight.")
    page = text(client, ten).replace("&#x27;", "'")
    of_paper = contents(found(ten), for_patient=False)

    for row in of_paper["table"]["rows"]:
        for cell in row:
            assert cell in page
    for label, value, detail in of_paper["facts"]:
        assert all(part in page for part in (label, value, detail))
    assert of_paper["verdict"]["headline"] in page
    assert all(reason in page for reason in words.verdict(found(ten)).reasons)


def test_paper_is_a_tagged_pdf_that_says_the_same(ten):
    pypdf = pytest.importorskip("pypdf", reason="reading papers needs requirements-dev.txt")
    MilestoneReviewFactory(course=ten, reason="Watch the weight.")

    paper = pypdf.PdfReader(io.BytesIO(report(found(ten), for_patient=False)))

    printed = " ".join(" ".join(page.extract_text() for page in paper.pages).replace(NB, " ").split())
    assert paper.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert paper.metadata.title == "Progress report"
    assert "11 to 6" in printed
    assert "Down 45 % from the baseline of 11, 2 March 2026." in printed
    assert "Watch the weight." in printed
    for row in words.table(found(ten)).rows:
        assert row.label in printed
        assert all(cell.replace(NB, " ") in printed for cell in row.cells)


@pytest.mark.parametrize("for_patient", [True, False])
def test_paper_warns_of_the_weight_explains_its_picture_and_has_its_tables(course, for_patient):
    treated(course, 1, weight_kg=Decimal(70))
    SessionFactory(course=course, performed_at=FIRST + WEEK, weight_kg=Decimal(74), signed=True)
    scored(course, 1, 11, 10)
    scored(course, 2, 10, 10)

    paper = contents(found(course), for_patient=for_patient)

    assert paper["warning"].startswith(f"Weight +4.0{NB}kg since the first session.")
    assert paper["chart"]["legend"] == "Strong: measured. Pale: other areas. Shaded: expected, the clinic's claim."
    assert [row[0] for row in paper["days"]["rows"]] == ["2 Mar 2026", "9 Mar 2026"]
    assert [row[0] for row in paper["claims"]["rows"]] == ["Baseline", "Session 5", "Session 10", "Session 15"]
    assert report(found(course), for_patient=for_patient).startswith(b"%PDF")


def test_patients_paper_leaves_out_money_and_what_clinicians_wrote(ten):
    MilestoneReviewFactory(course=ten, reason="Watch the weight.")

    facts = contents(found(ten), for_patient=True)

    assert facts["decisions"]["rows"] == []
    assert "Delivered" not in [label for label, _value, _detail in facts["facts"]]
    assert "Delivered" in [label for label, _value, _detail in contents(found(ten), for_patient=False)["facts"]]


def test_report_is_served_as_a_file_of_the_patient(client, clinician, ten):
    response = client.get(reverse("course-report", args=[ten.public_id]) + "?for=patient")

    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == f'inline; filename="progress-{ten.patient.record_number}.pdf"'
    assert response.content.startswith(b"%PDF")


QUERIES = {"progress": 25}


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

    with django_assert_num_queries(QUERIES["progress"]):
        client.get(reverse("course-progress", args=[course.public_id]))
