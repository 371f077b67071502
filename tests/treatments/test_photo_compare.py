"""Two photos of one view side by side."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from tests.clinic.access import client_of
from tests.factories import (
    CourseFactory,
    LocationFactory,
    PhotoFactory,
    SessionFactory,
)

pytestmark = pytest.mark.django_db

FIRST = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


@pytest.fixture
def here():
    return LocationFactory()


@pytest.fixture
def nurse(here):
    return client_of("staff", here)


@pytest.fixture
def course(here):
    return CourseFactory(patient__location=here)


def compare(course, **query):
    return reverse("photo-compare", args=[course.public_id], query=query or None)


@pytest.fixture
def weighed(course):
    return [
        PhotoFactory(
            course=course,
            session=SessionFactory(course=course, performed_at=FIRST + timedelta(days=7 * n), weight_kg=kilograms),
            taken_at=FIRST + timedelta(days=7 * n),
        )
        for n, kilograms in enumerate(["70", "71", "73.5"])
    ]


def test_first_and_last_of_a_view_stand_side_by_side_with_day_and_weight(nurse, course, weighed):
    response = nurse.get(compare(course))

    pair = response.context["pair"]
    assert (pair.before, pair.after, str(pair.change_kg), pair.is_over) == (weighed[0], weighed[2], "3.50", True)
    words = response.content.decode()
    assert "Session 1, 2 Mar 2026" in words
    assert "Session 3, 16 Mar 2026" in words


def test_others_are_chosen(nurse, course, weighed):
    chosen = {"before": weighed[1].public_id, "after": weighed[0].public_id, "mode": "opacity"}

    response = nurse.get(compare(course, **chosen))

    assert (response.context["pair"].before, response.context["pair"].after) == (weighed[1], weighed[0])
    assert (response.context["mode"], response.context["pair"].is_over) == ("opacity", False)


def test_views_and_postures_are_never_mixed(nurse, course, weighed):
    other = PhotoFactory(course=course, posture="contracted")
    PhotoFactory(course=course, view="lateral-left")

    response = nurse.get(compare(course, after=other.public_id))

    assert [(series.key, len(series.photos)) for series in response.context["all_series"]] == [
        ("posterior/relaxed", 3)
    ]
    assert response.context["pair"].after == weighed[2]


@pytest.mark.parametrize("query", [{"mode": "x"}, {"shot": "x"}, {"before": "x", "after": "\u202e"}, {"shot": "/"}])
def test_address_that_was_tampered_with_shows_the_first_pair(nurse, course, weighed, query):
    assert nurse.get(compare(course, **query)).context["pair"].before == weighed[0]


def test_one_photo_cannot_be_compared(nurse, course):
    PhotoFactory(course=course)

    assert "There are no two photos of the same view yet." in nurse.get(compare(course)).content.decode()


def test_baseline_photo_of_no_session_has_the_weight_of_its_day(nurse, course, weighed):
    PhotoFactory(course=course, session=None, taken_at=FIRST - timedelta(hours=1))

    pair = nurse.get(compare(course)).context["pair"]

    assert pair.before.session is None
    assert pair.change_kg == Decimal("3.5")


def test_photo_of_no_weight_says_so(nurse, course):
    PhotoFactory.create_batch(2, course=course)

    assert nurse.get(compare(course)).context["pair"].change_kg is None


@pytest.mark.parametrize("count", [2, 4])
def test_comparison_asks_as_often_for_four_photos_as_for_two(nurse, course, django_assert_num_queries, count):
    for number in range(count):
        session = SessionFactory(course=course, performed_at=FIRST + timedelta(days=7 * number))
        PhotoFactory(course=course, session=session, area=course.areas.get())
    nurse.get(compare(course))

    with django_assert_num_queries(16):
        nurse.get(compare(course))
