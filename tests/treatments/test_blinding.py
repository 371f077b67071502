"""Scoring photos blindly: nothing tells the order while it is done, and the raters stand side by side after."""

import re
from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from clinic.roles import Role
from tests.factories import (
    AssessmentFactory,
    CourseFactory,
    InstrumentFactory,
    LocationFactory,
    ScoreFactory,
    TreatmentAreaFactory,
    UserFactory,
)
from tests.treatments.blinded_runs import NOW, keys, page, photos_of, score_all, shown, started
from tests.treatments.courses_with_sessions import scored, treated
from treatments.actions import blinded as actions
from treatments.blinded import revealed
from treatments.models import Assessment, BlindedRun, Course, Instrument
from treatments.outcome import outcome
from treatments.rules.blinding import shuffled

pytestmark = pytest.mark.django_db


@pytest.fixture
def areas():
    return [TreatmentAreaFactory(code=code) for code in ("thigh-back-left", "thigh-back-right")]


@pytest.fixture
def course(areas):
    return CourseFactory(patient__location=LocationFactory(), areas=areas)


@pytest.fixture
def photos(course):
    return photos_of(course, 5)


@pytest.fixture
def doctor(client, course):
    client.force_login(course.clinician)
    return course.clinician


@pytest.fixture
def colleague(course):
    return UserFactory(role=Role.CLINICIAN, locations=[course.location])


# The order.


@given(st.sets(st.uuids()), st.text(max_size=32), st.randoms())
def test_order_is_the_tokens_alone_and_whoever_comes_or_goes_moves_nobody(keys, token, random):
    order = shuffled(keys, token)
    mixed = list(keys)
    random.shuffle(mixed)
    left = set(mixed[1:])

    assert sorted(order) == sorted(keys)
    assert shuffled(mixed, token) == order
    assert shuffled(left, token) == [key for key in order if key in left]


def test_two_runs_have_two_orders():
    names = [str(number) for number in range(12)]

    assert len({tuple(shuffled(names, token)) for token in "abcdef"}) == 6


def test_order_stays_while_a_rater_scores(client, doctor, course, photos):
    run = started(client, course)
    order = shuffled([str(photo.public_id) for photo in photos], run.token)
    seen = []
    while photo := shown(client, run):
        assert shown(client, run) == photo  # however often it is looked at
        seen.append(str(photo.public_id))
        client.post(run.get_absolute_url(), keys(photo))

    assert seen == order


def test_token_is_drawn_for_each_run_and_stands_on_no_page(client, doctor, colleague, course, photos):
    run = started(client, course)
    other = actions.start(
        course, view="posterior", posture="relaxed", instrument=run.instrument, by=colleague, now=NOW
    )

    assert run.token != other.token
    assert len(run.token) == 32
    assert run.token not in client.get(run.get_absolute_url()).content.decode()


# What a rater does not see.


def test_page_tells_no_day_no_session_no_weight_and_no_name(client, doctor, course, photos):
    run = started(client, course)
    response = client.get(run.get_absolute_url())
    words = re.sub(r'name="csrfmiddlewaretoken" value="\w+"|<p class="print-only.*', "", response.content.decode())

    assert "Photo 1 of 5" in words
    assert "Dates, session numbers and names are hidden." in words
    for told in ("2026", "Mar", "kg", "Session", "session_", course.patient.family_name, course.patient.given_name):
        assert told not in words
    assert course.patient.record_number not in words
    assert "taken" not in words.replace("taken back", "")
    others = [photo for photo in photos if photo != response.context["turn"].photo]
    assert not [photo for photo in others if str(photo.public_id) in words]


def test_file_of_the_photo_is_named_without_its_day(client, doctor, course, photos):
    run = started(client, course)
    words = client.get(run.get_absolute_url()).content.decode()
    address = re.search(r'<img src="([^"]+)"', words)[1]

    response = client.get(address)

    assert response["Content-Disposition"] == 'inline; filename="photo.webp"'
    assert "2026" not in "".join(f"{name}{value}" for name, value in response.headers.items() if name != "Date")


def test_scorings_appear_only_at_the_end(client, doctor, course, photos):
    run = started(client, course)
    client.post(run.get_absolute_url(), keys(shown(client, run)))

    assert not Assessment.objects.exists()


def test_run_that_goes_on_is_its_raters_alone(client, doctor, colleague, course, photos):
    run = started(client, course)
    client.post(run.get_absolute_url(), keys(shown(client, run)))
    client.force_login(colleague)

    assert client.get(run.get_absolute_url()).status_code == 404
    assert client.post(reverse("blinded-finish", args=[run.public_id])).status_code == 404
    assert started_by(client, course, colleague) != run


def started_by(client, course, rater):
    client.post(page(course), {"shot": "posterior/relaxed", "instrument": "hexsel-css"})
    return BlindedRun.objects.get(rater=rater, finished_at=None)


def test_result_of_another_waits_until_ones_own_is_finished(client, doctor, colleague, course, photos):
    run = started(client, course)
    score_all(client, run)
    client.force_login(colleague)
    own = started_by(client, course, colleague)

    response = client.get(run.get_absolute_url(), follow=True)

    assert response.redirect_chain[-1][0] == page(course)
    assert "Finish your own blinded scoring first" in response.content.decode()
    score_all(client, own)
    assert client.get(run.get_absolute_url()).status_code == 200


# After the end.


def test_both_raters_stand_beside_each_other_by_day(client, doctor, colleague, course, photos):
    first = started(client, course)
    score_all(client, first, "2111")
    client.force_login(colleague)
    second = started_by(client, course, colleague)
    score_all(client, second, "3111")

    found = revealed(first)

    assert [column.run.rater for column in found.columns] == [doctor, colleague]
    [table] = found.tables
    assert [row.photo for row in table.rows] == photos
    assert {tuple(int(cell.value) for cell in row.cells) for row in table.rows} == {(5, 6)}
    assert {row.apart for row in table.rows} == {Decimal(1)}
    assert sorted(row.cells[0].place for row in table.rows) == [1, 2, 3, 4, 5]
    words = client.get(first.get_absolute_url()).content.decode()
    assert "Session 5, 30 Mar 2026" in words
    assert doctor.get_short_name() in words


def test_what_was_scored_blindly_does_not_mix_with_what_a_course_is_followed_by(client, doctor, course):
    treated(course, 5)
    scored(course, 1, 11)
    scored(course, 5, 9)
    blind = AssessmentFactory(course=course, assessed_on=date(2026, 3, 30), photo_based=True, blinded=True)
    ScoreFactory(assessment=blind, area=course.areas.first(), value=Decimal(3))

    found = outcome(Course.objects.for_page().get(pk=course.pk), NOW)

    assert [point.value for point in found.focus.points] == [11, 9]
    assert blind not in [score.assessment for score in found.scores]


def test_blinded_score_is_not_corrected_but_can_be_an_error(client, doctor, course, photos):
    run = started(client, course)
    score_all(client, run)
    scoring = Assessment.objects.first()

    response = client.get(reverse("assessment-edit", args=[scoring.public_id]), follow=True)

    assert "the day is known, so the score is not corrected" in response.content.decode()
    form = {"reason": "The wrong photo.", "version": scoring.version}
    client.post(reverse("assessment-error", args=[scoring.public_id]), form)
    values = [row.cells[0].value for row in revealed(run).tables[0].rows]
    assert values.count(None) == 1


def test_scales_of_photographs_are_rows_of_the_catalogue(course):
    InstrumentFactory(code="hexsel-css")

    codes = [scale.code for scale in Instrument.objects.for_photos(course.protocol)]

    assert codes == ["hexsel-css", "cr-pcss"]


@pytest.mark.parametrize("count", [2, 6])
def test_pages_ask_as_often_for_six_photos_as_for_two(client, doctor, course, count, django_assert_num_queries):
    photos_of(course, count)
    run = started(client, course)
    client.post(run.get_absolute_url(), keys(shown(client, run)))
    with django_assert_num_queries(15):
        client.get(run.get_absolute_url())
    score_all(client, run)

    with django_assert_num_queries(23):
        client.get(run.get_absolute_url())
    with django_assert_num_queries(22):
        client.get(page(course))
