"""Scoring photos blindly in a browser: by keys alone, by taps on a phone, and without a script."""

from datetime import timedelta

import pytest
from django.urls import reverse

from clinic.roles import Role
from tests.browser.test_csp_and_axe import WIDE, grave_faults
from tests.factories import (
    CourseFactory,
    LocationFactory,
    PhotoFactory,
    SessionFactory,
    TreatmentAreaFactory,
    UserFactory,
)
from tests.factories.treatments import FIRST_SESSION
from treatments.models import Score

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "reduced_motion": "reduce"}


@pytest.fixture
def course():
    here = LocationFactory(name="Harbour Street")
    areas = [TreatmentAreaFactory(code=code) for code in ("thigh-back-left", "thigh-back-right")]
    course = CourseFactory(patient__location=here, areas=areas)
    for number in range(3):
        taken = FIRST_SESSION + timedelta(days=7 * number)
        session = SessionFactory(course=course, performed_at=taken, signed=True)
        PhotoFactory(course=course, session=session, taken_at=taken)
    return course


@pytest.fixture
def doctor(course):
    return UserFactory(title="Dr", role=Role.CLINICIAN, locations=[course.location])


def begin(visitor, course):
    visitor.go(reverse("blinded-scoring", args=[course.public_id]))
    visitor.page.get_by_role("button", name="Start scoring").click()
    visitor.page.get_by_role("heading", name="Photo 1 of 3").wait_for()


def test_photos_are_scored_with_the_number_keys_alone_and_then_the_order_is_shown(visit, course, doctor):
    desk = visit(doctor, reduced_motion="reduce")
    begin(desk, course)
    page = desk.page
    for number in (1, 2, 3):
        page.get_by_role("heading", name=f"Photo {number} of 3").wait_for()
        for width in (1440, 820, 390, 320):
            page.set_viewport_size({"width": width, "height": 844})
            assert page.evaluate(WIDE) is False
        assert grave_faults(page) == []
        page.keyboard.type("21112222")
        page.keyboard.press("Enter")
    page.get_by_role("heading", name="All 3 photos are done").wait_for()
    page.get_by_role("button", name="Finish and show the order").click()
    page.get_by_text("Session 3, 16 Mar 2026").first.wait_for()

    assert page.evaluate(WIDE) is False
    assert grave_faults(page) == []
    assert sorted((score.area.code, int(score.value)) for score in Score.objects.select_related("area")) == [
        *[("thigh-back-left", 5)] * 3,
        *[("thigh-back-right", 8)] * 3,
    ]
    assert desk.complaints == []


def test_photo_is_scored_with_taps_and_skipped_on_a_phone(visit, course, doctor):
    phone = visit(doctor, **PHONE)
    begin(phone, course)
    page = phone.page
    for item in "abcd":
        page.locator(f"label:has([name='hexsel-css--thigh-back-left--{item}'][value='2'])").tap()
    page.get_by_role("button", name="Save and go on").tap()
    page.get_by_role("heading", name="Photo 2 of 3").wait_for()
    page.get_by_role("button", name="Skip the photo").tap()
    page.get_by_role("heading", name="Photo 3 of 3").wait_for()
    page.get_by_text("Finish early").tap()
    page.get_by_role("button", name="Finish and show the order").tap()
    page.get_by_text("shown as 1").wait_for()

    assert [int(score.value) for score in Score.objects.all()] == [8]
    assert page.evaluate(WIDE) is False
    assert phone.complaints == []


def test_photo_is_scored_without_a_script(visit, course, doctor):
    desk = visit(doctor, java_script_enabled=False)
    begin(desk, course)
    for item in "abcd":
        desk.page.locator(f"label:has([name='hexsel-css--thigh-back-left--{item}'][value='1'])").click()
    desk.page.get_by_role("button", name="Save and go on").click()

    assert desk.shows("Photo 2 of 3")
