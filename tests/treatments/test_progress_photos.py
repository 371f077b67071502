"""The first photo against the last on the progress page."""

from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse

from clinic.roles import Role
from tests.factories import CourseFactory, LocationFactory, PhotoFactory, SessionFactory, TreatmentAreaFactory
from tests.treatments.courses_with_sessions import WEEK
from tests.treatments.progress_facts import NB, NOW, text, with_ten_sessions
from tests.treatments.session_forms import FIRST, signed_in

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
