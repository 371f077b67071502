"""Pages without JavaScript: slower to use, and complete."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from clinic.roles import Role
from patients.models import Patient, ScreeningQuestion
from tests.factories import CourseFactory, LocationFactory, LotFactory, PatientFactory, UserFactory, make_ready
from treatments.models import Course, Lot, Session, SideEffect

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


@pytest.fixture
def here():
    return LocationFactory()


@pytest.fixture
def doctor(here):
    return UserFactory(title="Dr", role=Role.CLINICIAN, locations=[here])


@pytest.fixture
def desk(visit, doctor):
    return visit(doctor, java_script_enabled=False)


def test_patient_is_registered(desk):
    page = desk.page
    desk.go("/patients/new/")
    page.locator("#id_given_name").fill("Amara")
    page.locator("#id_family_name").fill("Okonkwo")
    page.locator("#id_birth_date").fill("1988-02-02")
    page.locator("label:has(input[name='sex'][value='female'])").click()
    page.locator("#id_phone").fill("415 555 0182")
    page.get_by_role("button", name="Register").click()

    assert desk.path == Patient.objects.get().get_absolute_url()


def test_course_is_started(desk, here):
    page = desk.page
    desk.go(f"{PatientFactory(location=here).get_absolute_url()}courses/new/")
    page.locator("label:has(input[name='protocol'])", has_text="Cellulite").click()
    page.get_by_role("button", name="Show areas and plan").click()
    page.locator("label:has(input[name='areas'])", has_text="Abdomen").click()
    page.get_by_role("button", name="Start the course").click()

    assert desk.path == Course.objects.get().get_absolute_url()


def test_session_is_logged_with_a_reaction_and_signed(desk, here, doctor):
    page = desk.page
    course = make_ready(CourseFactory(patient__location=here, clinician=doctor), by=timezone.now())
    lot = LotFactory(location=here, expires_on=here.today(timezone.now()) + timedelta(days=300))
    desk.go(f"{course.get_absolute_url()}sessions/new/")
    page.locator("#id_source-0").select_option(f"lot:{lot.public_id}")
    page.locator("#id_drawn-0").fill("2.5")
    page.get_by_role("checkbox", name="Back thigh, left").check()
    for question in ScreeningQuestion.objects.asked_in("short"):
        page.locator(f"label:has(input[name='screening-{question.code}'][value='no'])").click()
    page.locator("#id_weight_kg").fill("69.5")
    page.locator("label:has(input[name='reactions'][value='swelling'])").click()
    page.locator("label:has(input[name='severity-swelling'][value='moderate'])").click()
    page.locator("label:has(input[name='pain'][value='4'])").click()
    page.get_by_role("button", name="Sign", exact=True).click()

    assert desk.path == Session.objects.signed().get().get_absolute_url()
    assert SideEffect.objects.get().severity == "moderate"
    assert Lot.objects.with_stock().get().remaining_ml == Decimal("97.5")


def test_menus_open_and_search_finds(desk, here):
    amara = PatientFactory(location=here, family_name="Okonkwo")
    desk.go(amara.get_absolute_url())
    desk.page.locator("details.menu summary[aria-label='More']").click()
    desk.page.get_by_role("link", name="Allergies", exact=True).wait_for()

    desk.go("/search/")
    desk.page.locator("main [name=q]").fill("okon")
    desk.page.get_by_role("button", name="Find", exact=True).click()
    desk.page.get_by_role("link", name="Amara Okonkwo").first.wait_for()
