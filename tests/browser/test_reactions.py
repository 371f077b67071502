"""A suspected late infection in a browser: its lot is held, it is reviewed, followed up, and read on a phone."""

from datetime import timedelta

import pytest
from django.utils import timezone

from clinic.roles import Role
from tests.browser.test_csp_and_axe import look_at
from tests.factories import (
    InjectionFactory,
    LocationFactory,
    LotFactory,
    PatientFactory,
    SessionFactory,
    SideEffectFactory,
    UserFactory,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


@pytest.fixture
def here():
    return LocationFactory()


@pytest.fixture
def doctor(here):
    return UserFactory(title="Dr", role=Role.CLINICIAN, locations=[here])


@pytest.fixture
def nodule(here):
    patient = PatientFactory(location=here, phone="+14155550117")
    given = timezone.now() - timedelta(days=40)
    session = SessionFactory(
        course__patient=patient, course__started_on=here.today(given), signed=True, performed_at=given
    )
    InjectionFactory(session=session, lot=LotFactory(location=here, number="A-117"))
    return SideEffectFactory(session=session, kind__code="nodule", onset_at=given + timedelta(days=34))


def test_a_suspected_infection_is_taken_through_its_steps(visit, doctor, nodule):
    desk = visit(doctor)
    page = desk.page
    desk.go("/side-effects/?tab=watch")
    page.get_by_role("link", name="Review", exact=True).click()
    assert desk.shows("Nodule 34 days after session 1.")

    page.get_by_role("button", name="Take a culture or biopsy").click()
    assert page.get_by_role("button", name="Take a culture or biopsy").get_attribute("aria-pressed") == "true"

    page.get_by_role("link", name="Hold").click()
    assert page.locator("#id_reason").input_value() == "Suspected late infection: nodule 34 days after session 1."
    page.get_by_role("button", name="Put on hold").click()

    desk.go(nodule.get_absolute_url())
    page.get_by_text("Probable", exact=True).click()
    page.locator("#id_review-note").fill("Firm, 2 cm, tender.")
    page.get_by_text("In 2 days").click()
    page.get_by_role("button", name="Save the review").click()
    assert desk.shows("Firm, 2 cm, tender.")

    page.get_by_role("button", name="I follow this up").click()
    page.get_by_text("Log a contact", exact=True).click()
    page.get_by_text("Message left").click()
    page.get_by_role("button", name="Log the contact").click()
    page.locator("#follow .reviews").get_by_text("Message left").wait_for()

    nodule.refresh_from_db()
    assert (nodule.owner, nodule.reviewed_by) == (doctor, doctor)
    assert nodule.next_review_on == nodule.session.course.location.today(timezone.now()) + timedelta(days=2)
    assert desk.complaints == []


@pytest.mark.parametrize("dark", [False, True])
def test_its_pages_can_be_used_by_everybody(visit, doctor, nodule, dark):
    desk = visit(doctor, reduced_motion="reduce")
    pages = [nodule.get_absolute_url(), "/side-effects/?tab=watch", "/side-effects/?tab=contact"]
    assert [fault for address in pages for fault in look_at(desk, address, dark=dark)] == []
