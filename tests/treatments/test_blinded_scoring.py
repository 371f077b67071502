"""Scoring photos blindly: one after the other, each once, and scorings of the photos' days at the end."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from tests.factories import BlindedRunFactory, CourseFactory, LocationFactory, PhotoFactory, TreatmentAreaFactory
from tests.factories.treatments import FIRST_SESSION
from tests.treatments.blinded_runs import NOW, keys, page, photos_of, score_all, shown, started
from tests.treatments.courses_with_sessions import WEEK
from treatments.actions import blinded as actions
from treatments.blinded import turn
from treatments.models import Assessment, BlindedRating, BlindedRun, Photo, Score

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

    response = client.post(page(course), {"shot": "posterior/relaxed", "instrument": "hexsel-css"})

    assert "The record is archived. Restore it first." in response.content.decode()
    assert not BlindedRun.objects.exists()


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
