"""Two records of one person in a browser: found, compared, merged and taken apart, with a script and without."""

from datetime import date

import pytest
from django.urls import reverse

from clinic.roles import Role
from patients.models import MergeOfRecords, Patient
from tests.browser.test_csp_and_axe import look_at
from tests.factories import (
    AllergyFactory,
    ConsentFactory,
    CourseFactory,
    LocationFactory,
    PatientFactory,
    SessionFactory,
    UserFactory,
)
from treatments.models import Session

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


@pytest.fixture
def here():
    return LocationFactory()


@pytest.fixture
def admin(here):
    return UserFactory(role=Role.ADMIN, locations=[here])


@pytest.fixture
def pair(here):
    common = {"given_name": "Ida", "birth_date": date(1990, 5, 4), "phone": "+14155550177", "location": here}
    ida = PatientFactory(family_name="Twofold", **common)
    twin = PatientFactory(family_name="Twofold-Sample", email="ida@patient.example", **common)
    AllergyFactory(patient=ida, substance="Latex", severity="mild", reaction="itching")
    AllergyFactory(patient=twin, substance="latex", severity="severe", reaction="swelling")
    ConsentFactory(patient=twin)
    return ida, twin


@pytest.mark.parametrize("scripted", [True, False])
def test_an_admin_merges_two_records_and_takes_them_apart(visit, admin, pair, scripted):
    ida, twin = pair
    desk = visit(admin, java_script_enabled=scripted)
    page = desk.page
    desk.go("/patients/")
    page.get_by_role("link", name="Duplicates").click()
    page.get_by_role("link", name="Compare").click()
    assert desk.shows("Are these one person?")
    page.get_by_role("row", name="Last name").get_by_label("Twofold-Sample").check()
    page.get_by_label("How it is known that both are one person").fill("Asked at the desk.")
    page.get_by_role("button", name="Merge the records").click()

    page.get_by_role("heading", name="Ida Twofold-Sample").wait_for()
    assert desk.path == ida.get_absolute_url()
    assert desk.shows("latex: swelling, severe") or desk.shows("Latex: swelling, severe")
    desk.go(twin.get_absolute_url())
    assert desk.path == ida.get_absolute_url()
    assert desk.shows(f"Record {twin.record_number} was merged into this one")

    page.get_by_role("link", name=f"Also {twin.record_number}").click()
    page.get_by_label("Why it is undone").fill("Two people after all.")
    page.get_by_role("button", name="Undo the merge").click()
    page.get_by_text("Undone by").wait_for()
    assert desk.complaints == []
    assert Patient.objects.get(pk=ida.pk).family_name == "Twofold"
    assert MergeOfRecords.objects.get().is_undone


def test_a_session_is_put_into_the_right_record(visit, admin, here, pair):
    ida, _twin = pair
    session = SessionFactory(course__patient__location=here, signed=True, given=True)
    right = CourseFactory(patient=ida)
    desk = visit(admin)
    page = desk.page
    desk.go(session.get_absolute_url())
    page.get_by_role("link", name="Logged for the wrong patient").click()
    page.get_by_role("main").get_by_role("searchbox").fill(ida.record_number)
    page.get_by_role("main").get_by_role("button", name="Find").click()
    page.get_by_role("link", name=ida.full_name).click()
    page.get_by_role("link", name="Cellulite", exact=False).first.click()
    page.get_by_label("How it is known whose it is").fill("Two patients of one name.")
    page.get_by_role("button", name=f"Put it into {ida.record_number}").click()

    page.get_by_text("First logged for another patient").wait_for()
    assert Session.objects.standing().get().course == right
    assert desk.complaints == []


@pytest.mark.parametrize("dark", [False, True])
def test_pages_of_merging_keep_to_the_screen_and_to_everybody(visit, admin, here, pair, dark):
    ida, twin = pair
    session = SessionFactory(course__patient__location=here, signed=True, given=True)
    CourseFactory(patient=ida)
    merge = reverse("patient-merge", args=[ida.public_id])
    wrong = reverse("session-wrong-patient", args=[session.public_id])
    desk = visit(admin, reduced_motion="reduce")

    course = ida.courses.get()
    addresses = [
        reverse("patient-duplicates"),
        merge,
        f"{merge}?with={twin.public_id}",
        wrong,
        f"{wrong}?to={ida.public_id}",
        f"{wrong}?to={ida.public_id}&course={course.public_id}",
    ]
    assert [fault for address in addresses for fault in look_at(desk, address, dark=dark)] == []
