"""Scoring in a browser: number keys lead on, taps do the same, and the page works without a script."""

from datetime import timedelta

import pytest
from django.utils import timezone

from clinic.roles import Role
from tests.factories import CourseFactory, LocationFactory, SessionFactory, TreatmentAreaFactory, UserFactory
from treatments.models import MilestoneReview, Score

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


@pytest.fixture
def course():
    here = LocationFactory(name="Harbour Street")
    areas = [TreatmentAreaFactory(code=code) for code in ("thigh-back-left", "thigh-back-right")]
    day = timezone.now() - timedelta(days=35)
    return CourseFactory(patient__location=here, areas=areas, started_on=day.date(), status_on=day.date())


@pytest.fixture
def doctor(course):
    return UserFactory(title="Dr", role=Role.CLINICIAN, locations=[course.location])


def values():
    return sorted((score.area.code, int(score.value)) for score in Score.objects.select_related("area"))


def test_two_areas_are_scored_with_the_number_keys_alone(visit, course, doctor):
    desk = visit(doctor)
    desk.go(f"{course.get_absolute_url()}assessments/new/")
    page = desk.page
    page.keyboard.type("3222221111")  # the first keys are ready
    assert page.locator(".score-sum").all_inner_texts() == ["now 11", "now 6"]
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Progress before the first session").wait_for()

    assert values() == [("thigh-back-left", 11), ("thigh-back-right", 6)]
    assert desk.complaints == []


def test_two_areas_are_scored_with_taps_on_a_phone(visit, course, doctor):
    phone = visit(doctor, viewport={"width": 390, "height": 844}, has_touch=True)
    phone.go(f"{course.get_absolute_url()}assessments/new/")
    for area in ("left", "right"):
        for item in "abcde":
            phone.page.locator(f"label:has([name='hexsel-css--thigh-back-{area}--{item}'][value='2'])").tap()
    phone.page.get_by_role("button", name="Save the scoring").tap()
    phone.page.get_by_role("heading", name="Progress before the first session").wait_for()

    assert values() == [("thigh-back-left", 10), ("thigh-back-right", 10)]
    assert phone.complaints == []


def test_photographs_hide_what_has_to_be_felt_and_a_third_reading_shows_when_wanted(visit, course, doctor):
    desk = visit(doctor)
    desk.go(f"{course.get_absolute_url()}assessments/new/")
    page = desk.page
    pinch = page.locator(".score-row[data-touch]").first
    pinch.wait_for()
    page.locator("#id_photo_based").check()
    assert not pinch.is_visible()

    page.locator("#girth-thigh-upper summary").first.click()
    third = page.locator("[name='girth-thigh-upper--left--3']")
    page.locator("[name='girth-thigh-upper--left--1']").fill("59.0")
    page.locator("[name='girth-thigh-upper--left--2']").fill("59.4")
    assert not third.is_visible()
    page.locator("[name='girth-thigh-upper--left--2']").fill("60.0")
    third.wait_for()


def test_inches_are_asked_and_kept_with_one_tick(visit, course, doctor):
    desk = visit(doctor)
    desk.go(f"{course.get_absolute_url()}assessments/new/")
    page = desk.page
    page.locator("#girth-thigh-upper summary").first.click()
    for number in (1, 2):
        page.locator(f"[name='girth-thigh-upper--left--{number}']").fill("22.5")
    page.get_by_role("button", name="Save the scoring").click()
    page.get_by_text("Were these inches").wait_for()
    page.get_by_label("It is as typed").check()
    page.get_by_role("button", name="Save the scoring").click()
    page.get_by_role("heading", name="Progress before the first session").wait_for()

    assert Score.objects.get().readings == ["22.50", "22.50"]


def test_without_a_script_a_course_is_scored_and_decided(visit, course, doctor):
    for number in range(5):
        performed = timezone.now() - timedelta(days=34 - 7 * number)
        SessionFactory(course=course, performed_at=performed, signed=True)
    desk = visit(doctor, java_script_enabled=False)
    desk.go(f"{course.get_absolute_url()}assessments/new/")
    page = desk.page
    for item in "abcde":
        page.locator(f"label:has([name='hexsel-css--thigh-back-left--{item}'][value='1'])").click()
    page.get_by_role("button", name="Save the scoring").click()
    page.locator("label:has(input[name='decision'][value='continue'])").click()
    page.get_by_label("Reason").fill("Response as expected.")
    page.get_by_role("button", name="Sign decision").click()

    assert values() == [("thigh-back-left", 5)]
    assert MilestoneReview.objects.get().after_session == 5
