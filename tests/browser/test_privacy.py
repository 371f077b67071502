"""A patient's rights in a browser: the copy is made and fetched, the record restricted, the person erased."""

import zipfile
from datetime import timedelta

import pytest
from django.utils import timezone

from clinic.roles import Role
from patients.models import Erasure, Patient
from tests.browser.test_csp_and_axe import look_at
from tests.factories import PASSWORD, LocationFactory, UserFactory
from tests.treatments.forgotten import FAMILY, decided, found_in_tables, person
from treatments.privacy.erasing import erase_all

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


@pytest.fixture(autouse=True)
def folders(settings, tmp_path):
    settings.PHOTO_ROOT = tmp_path / "photos"
    settings.DOSSIER_ROOT = tmp_path / "dossiers"
    settings.TOMBSTONES = tmp_path / "tombstones.jsonl"


@pytest.fixture
def here():
    return LocationFactory()


@pytest.fixture
def boss(here):
    return UserFactory(role=Role.ADMIN, locations=[here])


@pytest.fixture
def patient(here):
    return person(location=here)


def type_password(page):
    page.locator("input[type=password]").fill(PASSWORD)
    page.locator("main form button[type=submit], main form button").first.click()
    page.wait_for_url(lambda url: "/reauthenticate/" not in url)


@pytest.mark.parametrize("scripts", [True, False])
def test_copy_is_asked_for_and_fetched(visit, boss, patient, scripts):
    desk = visit(boss, java_script_enabled=scripts, accept_downloads=True)
    page = desk.page
    desk.go(f"/patients/{patient.public_id}/export/")
    type_password(page)
    page.get_by_role("button", name="Make the dossier").click()

    page.get_by_text("here until").wait_for()
    with page.expect_download() as fetched:
        page.get_by_role("button", name="Download").click()

    names = zipfile.ZipFile(fetched.value.path()).namelist()
    assert {"data.json", "dossier.pdf", "manifest.json"} <= set(names)


@pytest.mark.parametrize("scripts", [True, False])
def test_patient_is_erased_and_the_certificate_names_nobody(visit, boss, patient, scripts):
    desk = visit(boss, java_script_enabled=scripts)
    page = desk.page
    number = patient.record_number
    desk.go(f"/patients/{patient.public_id}/erasure/")
    type_password(page)
    page.get_by_role("button", name="Erase the patient").click()  # with nothing typed
    page.get_by_text("Nothing you typed is lost.").wait_for()
    page.locator("#id_ground").select_option("withdrawn")
    page.locator("#id_record_number").fill(number)
    page.get_by_role("button", name="Erase the patient").click()

    page.get_by_text("until it begins it can be withdrawn").first.wait_for()
    assert erase_all(lambda: timezone.now() + timedelta(hours=24)) == 1
    page.reload()
    page.get_by_role("heading", name="Certificate of an erasure").wait_for()
    assert FAMILY not in page.content()
    assert Erasure.objects.get().done_at is not None
    assert found_in_tables(leaving_out=["patients_legalhold", "django_session"]) == []


def test_restriction_is_read_on_the_record(visit, boss, patient):
    desk = visit(boss)
    page = desk.page
    desk.go(f"/patients/{patient.public_id}/restriction/")
    page.locator("#id_reason").fill("The patient says that the entry of May is wrong.")
    page.get_by_role("button", name="Restrict the record").click()

    page.get_by_text("The patient says that the entry of May is wrong.").wait_for()
    assert Patient.objects.get(pk=patient.pk).is_restricted


def test_pages_are_accessible_and_never_wider_than_the_screen(visit, boss, patient):
    desk = visit(boss, reduced_motion="reduce")
    desk.go(f"/patients/{patient.public_id}/export/")
    type_password(desk.page)
    patient.restrict(patient.registered_at, reason="W" * 200)
    addresses = [
        "/privacy/",
        *(f"/patients/{patient.public_id}/{name}/" for name in ("export", "erasure", "restriction")),
    ]

    assert [wrong for address in addresses for wrong in look_at(desk, address, dark=True)] == []
    waits = decided(patient, {"clinical": "2036-01-01"}).get_absolute_url()
    addresses = [patient.get_absolute_url(), waits, f"{waits}withdraw/"]
    assert [wrong for address in addresses for wrong in look_at(desk, address, dark=True)] == []
    assert desk.complaints == []


@pytest.mark.parametrize("scripts", [True, False])
def test_decided_erasure_is_shown_on_the_record_and_withdrawn(visit, boss, patient, scripts):
    erasure = decided(patient, {"clinical": "2036-01-01"})
    desk = visit(boss, java_script_enabled=scripts)
    page = desk.page
    desk.go(patient.get_absolute_url())
    assert page.get_by_text("Erasure decided.").count() == 1
    page.get_by_role("link", name="See the erasure").first.click()
    type_password(page)
    page.get_by_role("link", name="Withdraw the erasure").click()
    page.get_by_label("Reason").fill("The patient took the wish back.")
    page.get_by_role("button", name="Withdraw the erasure").click()

    page.get_by_text("is not erased").wait_for()
    assert page.get_by_text("Erasure decided.").count() == 0
    erasure.refresh_from_db()
    assert erasure.withdrawn_by == boss
