"""A patient on a phone, six days after the session, and what the clinic sees a moment later."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from clinic.roles import Role
from tests.browser.test_csp_and_axe import WIDE, grave_faults
from tests.factories import (
    AftercareLinkFactory,
    CourseFactory,
    LocationFactory,
    PatientFactory,
    SessionFactory,
    UserFactory,
)
from treatments.aftercare import token_of
from treatments.models import AftercareAnswer, SideEffect

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def here():
    return LocationFactory(phone="+14155550100")


@pytest.fixture
def doctor(here):
    return UserFactory(title="Dr", role=Role.CLINICIAN, locations=[here])


@pytest.fixture
def link(here, doctor):
    now = timezone.now()
    course = CourseFactory(
        patient=PatientFactory(location=here, birth_date=date(1956, 9, 14), language="fr"),
        clinician=doctor,
        started_on=here.today(now) - timedelta(days=7),
    )
    return AftercareLinkFactory(
        session=SessionFactory(course=course, performed_at=now - timedelta(days=6), signed=True)
    )


def open_page(phone, link):
    page = phone.page
    phone.go(f"/aftercare/{token_of(link)}/")
    page.locator("[name=day]").fill("14")
    page.locator("[name=month]").select_option("9")
    page.locator("[name=year]").fill("1956")
    page.get_by_role("button", name="Ouvrir").click()
    page.get_by_role("heading", name="Comment ça va aujourd'hui").wait_for()
    return page


def choose(page, name, text):
    page.locator(f"label:has(input[name='{name}'])", has_text=text).first.click()


@pytest.mark.parametrize("scripted", [True, False], ids=["script", "no script"])
def test_swelling_on_day_6_is_on_the_work_list_reviewed_and_gone(visit, link, doctor, scripted):
    phone = visit(viewport=PHONE, java_script_enabled=scripted)
    page = open_page(phone, link)
    choose(page, "how", "Il y a quelque chose")
    choose(page, "kinds", "Gonflement")
    choose(page, "areas", "Cuisse gauche")
    choose(page, "since", "Depuis la séance")
    choose(page, "severity", "Moyen")
    page.get_by_role("button", name="Envoyer à la clinique").click()
    page.get_by_role("heading", name="Envoyé à la clinique").wait_for()
    assert phone.complaints == []

    desk = visit(doctor)
    desk.go("/side-effects/")
    desk.page.get_by_role("link", name="Swelling").first.click()
    assert desk.shows("the patient through the aftercare link")
    choose(desk.page, "review-causality", "Probable")
    desk.page.locator("#id_review-note").fill("Cool it, call on Monday.")
    desk.page.get_by_role("button", name="Save the review").first.click()
    assert SideEffect.objects.get().reviewed_by == doctor

    phone.go(f"/aftercare/{token_of(link)}/")  # opened a moment ago, it does not ask for the birth date again
    choose(page, f"still_{SideEffect.objects.get().public_id.hex}", "Disparu")
    page.get_by_role("button", name="Envoyer à la clinique").click()
    page.get_by_role("heading", name="Bonne nouvelle").wait_for()
    assert SideEffect.objects.get().resolved_at is not None


def test_a_danger_sign_says_whom_to_call_and_heads_today(visit, link, doctor):
    phone = visit(viewport=PHONE)
    page = open_page(phone, link)
    choose(page, "red_flags", "fièvre")
    page.get_by_text("112 en Europe").first.wait_for()
    page.get_by_role("button", name="Envoyer à la clinique").click()
    alarm = page.get_by_role("alert")
    alarm.get_by_role("link", name="+1 415-555-0100").wait_for()

    desk = visit(doctor)
    desk.go("/")
    assert desk.shows(link.session.course.patient.full_name)
    assert desk.shows("Infection suspected")


def test_all_well_takes_two_taps(visit, link):
    page = open_page(visit(viewport=PHONE), link)
    choose(page, "how", "Tout va bien")
    assert not page.get_by_text("Qu'est-ce que c'est").is_visible()
    page.get_by_role("button", name="Envoyer à la clinique").click()
    page.get_by_role("heading", name="Bonne nouvelle").wait_for()
    assert AftercareAnswer.objects.get().all_well


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_state_is_accessible_and_no_wider_than_the_screen(visit, link, scheme):
    phone = visit(viewport={"width": 320, "height": 700}, color_scheme=scheme, reduced_motion="reduce")

    def check():
        assert grave_faults(phone.page) == []
        assert not phone.page.evaluate(WIDE)

    phone.go("/aftercare/nobody/")
    check()
    phone.complaints.clear()  # the browser says of a 404 that it is one
    phone.go(f"/aftercare/{token_of(link)}/")
    check()
    page = open_page(phone, link)
    check()
    choose(page, "how", "Il y a quelque chose")
    page.get_by_role("button", name="Envoyer à la clinique").click()
    page.get_by_role("alert").wait_for()
    check()
    choose(page, "red_flags", "fièvre")
    page.get_by_role("button", name="Envoyer à la clinique").click()
    page.wait_for_url("**/answered/")
    check()
    assert phone.complaints == []
