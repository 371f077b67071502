"""Scoring photos blindly: nothing tells the order while it is done, and the raters stand side by side after."""

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from clinic.roles import Role
from tests.factories import (
    AssessmentFactory,
    BlindedRunFactory,
    CourseFactory,
    InstrumentFactory,
    LocationFactory,
    PhotoFactory,
    ScoreFactory,
    SessionFactory,
    TreatmentAreaFactory,
    UserFactory,
)
from tests.factories.treatments import FIRST_SESSION
from tests.treatments.courses_with_sessions import scored, treated
from treatments.actions import blinded as actions
from treatments.blinded import revealed, turn
from treatments.models import Assessment, BlindedRating, BlindedRun, Course, Instrument, Photo, Score
from treatments.outcome import outcome
from treatments.rules.blinding import shuffled

WEEK = timedelta(days=7)
NOW = FIRST_SESSION + 30 * WEEK
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


def photos_of(course, count):
    found = []
    for number in range(count):
        taken = FIRST_SESSION + number * WEEK
        session = SessionFactory(course=course, performed_at=taken, signed=True)
        found.append(PhotoFactory(course=course, session=session, taken_at=taken))
    return found


@pytest.fixture
def doctor(client, course):
    client.force_login(course.clinician)
    return course.clinician


@pytest.fixture
def colleague(course):
    return UserFactory(role=Role.CLINICIAN, locations=[course.location])


def page(course):
    return reverse("blinded-scoring", args=[course.public_id])


def started(client, course, **fields):
    response = client.post(page(course), {"shot": "posterior/relaxed", "instrument": "hexsel-css", **fields})
    assert response.status_code == 302
    return BlindedRun.objects.get(finished_at=None)


def keys(photo, left="2111", right=""):
    """Return the form of one photo: the values of the items by area, of which the pinch is none."""
    form = {"photo": photo.public_id}
    for side, values in (("left", left), ("right", right)):
        form |= {f"hexsel-css--thigh-back-{side}--{item}": value for item, value in zip("abcd", values, strict=False)}
    return form


def shown(client, run):
    return client.get(run.get_absolute_url()).context["turn"].photo


def score_all(client, run, left="2111"):
    while photo := shown(client, run):
        client.post(run.get_absolute_url(), keys(photo, left))
    client.post(reverse("blinded-finish", args=[run.public_id]))


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


# Scoring.


def test_photo_is_scored_without_what_has_to_be_felt(client, doctor, course, photos):
    run = started(client, course)
    words = client.get(run.get_absolute_url()).content.decode()

    assert "0 to 12, lower is better" in words
    assert "hexsel-css--thigh-back-left--d" in words
    assert "hexsel-css--thigh-back-left--e" not in words


def test_finished_run_becomes_scorings_of_the_photos_days(client, doctor, course, photos):
    run = started(client, course)
    while photo := shown(client, run):
        given = photos.index(photo)
        client.post(run.get_absolute_url(), keys(photo, f"{3 - given // 2}111", "1111"))
    client.post(reverse("blinded-finish", args=[run.public_id]))

    left = Score.objects.filter(area__code="thigh-back-left").order_by("assessment__assessed_on")
    assert [(score.assessment.assessed_on, int(score.value)) for score in left] == [
        (date(2026, 3, 2), 6),
        (date(2026, 3, 9), 6),
        (date(2026, 3, 16), 5),
        (date(2026, 3, 23), 5),
        (date(2026, 3, 30), 4),
    ]
    scoring = left[0].assessment
    assert (scoring.photo_based, scoring.blinded, scoring.assessed_by, scoring.recorded_by) == (
        True,
        True,
        doctor,
        doctor,
    )
    assert left[0].items == {"a": "3", "b": "1", "c": "1", "d": "1"}
    assert left[0].label == ""  # the bands are of the whole scale


def test_photo_of_one_area_asks_for_that_area_alone(client, doctor, course, areas):
    for number in range(2):
        PhotoFactory(course=course, area=areas[1], taken_at=FIRST_SESSION + number * WEEK)
    run = started(client, course)

    form = client.get(run.get_absolute_url()).context["form"]

    assert [box.area for box in form.boxes] == [areas[1]]


def test_photo_is_skipped_and_stays_unscored(client, doctor, course, photos):
    run = started(client, course)
    first = shown(client, run)

    client.post(run.get_absolute_url(), {"photo": first.public_id, "skip": "1"})

    assert shown(client, run) != first
    score_all(client, run)
    assert BlindedRating.objects.get(photo=first).assessment is None
    assert Assessment.objects.count() == 4


def test_double_tap_scores_once_and_another_value_is_refused(client, doctor, course, photos):
    run = started(client, course)
    photo = shown(client, run)
    client.post(run.get_absolute_url(), keys(photo, "2111"))

    again = client.post(run.get_absolute_url(), keys(photo, "2111"), follow=True).content.decode()
    other = client.post(run.get_absolute_url(), keys(photo, "3333"), follow=True).content.decode()

    assert "scored already" not in again
    assert "This photo is scored already. What was given first stands." in other
    assert BlindedRating.objects.get().given == [
        {"area": "thigh-back-left", "side": "", "items": {"a": "2", "b": "1", "c": "1", "d": "1"}}
    ]


def test_start_and_finish_tapped_twice_make_one_of_each(client, doctor, course, photos):
    run = started(client, course)
    assert started(client, course) == run
    client.post(run.get_absolute_url(), keys(shown(client, run)))
    for _tap in range(2):
        client.post(reverse("blinded-finish", args=[run.public_id]))

    assert Assessment.objects.count() == 1


@pytest.mark.parametrize(
    ("left", "words"),
    [
        ("", "Nothing is scored yet."),
        ("21", "2 items of this area are missing."),
        ("9111", "Select a valid choice"),
    ],
)
def test_what_is_no_score_is_said_and_the_photo_stays(client, doctor, course, photos, left, words):
    run = started(client, course)
    photo = shown(client, run)

    response = client.post(run.get_absolute_url(), keys(photo, left))

    assert response.context["turn"].photo == photo
    assert words in response.content.decode()
    assert not BlindedRating.objects.exists()


@pytest.mark.parametrize("key", ["", "x", "00000000-0000-4000-8000-000000000000"])
def test_photo_of_another_course_is_none_of_this_scoring(client, doctor, course, photos, key):
    run = started(client, course)
    elsewhere = PhotoFactory()

    for tried in (key, str(elsewhere.public_id)):
        response = client.post(run.get_absolute_url(), keys(photos[0]) | {"photo": tried}, follow=True)
        assert "That photo is none of this scoring." in response.content.decode()
    assert not BlindedRating.objects.exists()


@pytest.mark.parametrize("fields", [{"shot": "anterior/relaxed"}, {"instrument": "gais-clinician"}, {"shot": "x"}])
def test_run_of_what_cannot_be_scored_does_not_start(client, doctor, course, photos, fields):
    response = client.post(page(course), {"shot": "posterior/relaxed", "instrument": "hexsel-css", **fields})

    assert response.status_code == 200
    assert not BlindedRun.objects.exists()


def test_run_that_is_finished_takes_no_more(course, photos):
    run = BlindedRunFactory(course=course)
    actions.finish(run, now=NOW)

    with pytest.raises(ValidationError, match="takes no more"):
        actions.rate(run, photo=photos[0], entries=[], now=NOW)


def test_archived_record_takes_no_scoring(client, doctor, course, photos):
    type(course.patient).objects.update(archived_at=NOW)

    assert (
        "The record is archived. Restore it first."
        in client.post(page(course), {"shot": "posterior/relaxed", "instrument": "hexsel-css"}).content.decode()
    )


def test_photo_withdrawn_meanwhile_makes_no_scoring(client, doctor, course, photos):
    run = started(client, course)
    photo = shown(client, run)
    client.post(run.get_absolute_url(), keys(photo))
    Photo.objects.filter(pk=photo.pk).update(entered_in_error_at=NOW, error_reason="Of her sister.")
    client.post(reverse("blinded-finish", args=[run.public_id]))

    assert not Assessment.objects.exists()


def test_photos_from_before_the_course_are_not_scored(client, doctor, course, photos):
    PhotoFactory(course=course, taken_at=FIRST_SESSION - 2 * WEEK)

    assert turn(started(client, course)).total == 5


def test_course_without_two_photos_says_so(client, doctor, course):
    PhotoFactory(course=course)

    assert (
        "There are no two photos of the same view since the course started."
        in client.get(page(course)).content.decode()
    )


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
    with django_assert_num_queries(QUERIES["turn"]):
        client.get(run.get_absolute_url())
    score_all(client, run)

    with django_assert_num_queries(QUERIES["result"]):
        client.get(run.get_absolute_url())
    with django_assert_num_queries(QUERIES["overview"]):
        client.get(page(course))


QUERIES = {"turn": 15, "result": 23, "overview": 22}
