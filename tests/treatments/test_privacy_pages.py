"""The pages of a patient's rights: who may, what they ask, what happens to a second tap."""

import io
import zipfile
from datetime import UTC, datetime, timedelta
from datetime import time as datetime_time

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinic.roles import Role
from clinic.vault import new_name
from patients.models import Dossier, Erasure, HoldOpening, LegalHold, Patient, RetentionSweep
from tests.factories import (
    PASSWORD,
    AppointmentFactory,
    DossierFactory,
    ErasureFactory,
    FollowUpFactory,
    LocationFactory,
    PatientFactory,
    UserFactory,
)
from tests.treatments.forgotten import FAMILY, decided, found_in_tables, person
from treatments.calls import Call
from treatments.gate import _of_restriction
from treatments.models import FollowUp
from treatments.privacy.erasing import erase, erase_all
from treatments.privacy.vault import ZIP, vault

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folders(settings, tmp_path):
    settings.PHOTO_ROOT = tmp_path / "photos"
    settings.DOSSIER_ROOT = tmp_path / "dossiers"
    settings.TOMBSTONES = tmp_path / "tombstones.jsonl"
    return tmp_path


@pytest.fixture
def here():
    return LocationFactory()


@pytest.fixture
def boss(here):
    return UserFactory(role=Role.ADMIN, locations=[here])


def signed_in(user, *, typed_password=True):
    client = Client()
    client.force_login(user)
    if typed_password:
        client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return client


@pytest.fixture
def client(boss):
    return signed_in(boss)


@pytest.fixture
def patient(here):
    return PatientFactory(location=here, family_name=FAMILY)


def page(name, row):
    return reverse(name, args=[row.public_id])


@pytest.mark.parametrize("name", ["patient-export", "patient-erasure"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_password_is_asked_again_before_a_record_leaves_or_goes(boss, patient, name, method):
    response = getattr(signed_in(boss, typed_password=False), method)(page(name, patient))

    assert response.status_code == 302
    assert response.url.startswith("/accounts/reauthenticate/?next=")
    assert not Dossier.objects.exists()
    assert not Erasure.objects.exists()


def test_dossier_is_made_and_fetched_by_whoever_asked(client, boss, patient, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        client.post(page("patient-export", patient))
    dossier = Dossier.objects.get()
    shown = client.get(page("patient-export", patient)).content.decode()
    response = client.post(page("dossier-file", dossier))

    assert "Download" in shown
    assert response["Cache-Control"] == "private, no-store"
    assert response["Content-Disposition"] == f'attachment; filename="dossier-{patient.record_number}.zip"'
    assert zipfile.ZipFile(io.BytesIO(response.getvalue())).testzip() is None
    dossier.refresh_from_db()
    assert (dossier.asked_by, dossier.fetched_at is not None) == (boss, True)


def test_another_admin_does_not_fetch_it(here, patient):
    dossier = DossierFactory(patient=patient, asked_at=timezone.now())
    vault().write(dossier.stored_name, ZIP, b"PK")
    other = signed_in(UserFactory(role=Role.ADMIN, locations=[here]))

    assert other.post(page("dossier-file", dossier)).status_code == 404
    assert "Download" not in other.get(page("patient-export", patient)).content.decode()


def test_reading_fetches_nothing_and_two_taps_make_one_dossier(client, patient):
    client.post(page("patient-export", patient))
    client.post(page("patient-export", patient))

    assert Dossier.objects.count() == 1
    assert client.get(page("dossier-file", Dossier.objects.get())).status_code == 405


@pytest.mark.parametrize("is_there", [True, False])
def test_dossier_whose_hours_are_over_is_not_sent_even_before_the_sweep(client, boss, patient, is_there):
    asked = timezone.now() - timedelta(hours=25 if is_there else 1)
    dossier = DossierFactory(patient=patient, asked_by=boss, asked_at=asked, stored_name=new_name())
    if is_there:
        vault().write(dossier.stored_name, ZIP, b"PK")

    assert client.post(page("dossier-file", dossier)).url == page("patient-export", patient)


def test_page_says_that_the_worker_does_not_run(client, boss, patient):
    long_ago = timezone.now() - timedelta(minutes=6)
    DossierFactory(patient=patient, asked_by=boss, asked_at=long_ago, ready_at=None, state="waiting")

    assert "The worker has not taken it up" in client.get(page("patient-export", patient)).content.decode()


def test_restricted_record_says_so_and_why_on_every_page(client, patient):
    client.post(page("patient-restriction", patient), {"to": "restrict", "reason": "The scar was there before."})

    patient.refresh_from_db()
    assert patient.restricted_at is not None
    assert not patient.can_be_contacted
    for address in (patient.get_absolute_url(), page("patient-allergies", patient)):
        assert "The scar was there before." in client.get(address).content.decode()
    assert patient.history.first().history_change_reason == "Restricted: The scar was there before."


def test_restriction_needs_a_reason(client, patient):
    response = client.post(page("patient-restriction", patient), {"to": "restrict", "reason": " "})

    patient.refresh_from_db()
    assert response.status_code == 200
    assert patient.restricted_at is None


def test_restricting_twice_keeps_the_first_reason_and_lifting_twice_is_once(client, patient):
    where = page("patient-restriction", patient)
    client.post(where, {"to": "restrict", "reason": "First"})
    client.post(where, {"to": "restrict", "reason": "Second"})
    patient.refresh_from_db()
    assert patient.restriction_reason == "First"

    client.post(where, {"to": "lift", "reason": "Settled"})
    client.post(where, {"to": "lift", "reason": "Settled"})

    patient.refresh_from_db()
    assert (patient.restricted_at, patient.restriction_reason) == (None, "")
    assert patient.history.filter(history_change_reason="Restriction lifted: Settled").count() == 1


def test_nothing_is_booked_or_sent_for_a_restricted_record(patient):
    patient.email, patient.preferred_channel, patient.contact_permission = "a@example.org", "email", True
    patient.save()
    assert patient in Patient.objects.with_messages()

    patient.restrict(timezone.now(), reason="Wrong entry.")

    assert patient not in Patient.objects.with_messages()
    assert patient.refusal_to_treat == "The record is restricted: Wrong entry. An admin lifts that."


def test_erasure_shows_what_goes_and_what_is_kept_and_asks_for_the_number(client, here):
    patient = person(location=here)
    where = page("patient-erasure", patient)

    shown = client.get(where).content.decode()
    refused = client.post(where, {"ground": "withdrawn", "record_number": "A-0000"}).content.decode()

    assert ">Goes<" in shown
    assert "1 course is running, 1 reaction is open." in shown
    assert "Kept to" in shown
    assert "Default of ours" in shown
    assert "This is not the number of this record" in refused
    assert not Erasure.objects.exists()


def test_typed_number_decides_and_leads_to_what_becomes_the_certificate(client, here):
    patient = person(location=here)
    form = {"ground": "withdrawn", "record_number": f" {patient.record_number.lower()} "}

    response = client.post(page("patient-erasure", patient), form)

    erasure = Erasure.objects.get()
    assert response.url == erasure.get_absolute_url()
    assert "until it begins it can be withdrawn" in client.get(response.url).content.decode()
    assert erase_all(lambda: erasure.due_at) == 1
    shown = client.get(response.url).content.decode()
    assert "Kept by law, without a name: Clinical record" in shown
    assert FAMILY not in shown
    assert found_in_tables(leaving_out=["patients_legalhold", "django_session"]) == []


def test_nobody_calls_a_patient_whose_record_is_restricted(patient):
    follow_up = FollowUpFactory(course__patient=patient)
    day = follow_up.opens_on
    moment = datetime.combine(day, datetime_time(12), tzinfo=UTC)
    assert list(FollowUp.objects.with_facts(moment).to_call(day)) == [follow_up]

    patient.restrict(moment, reason="Wrong entry")

    assert list(FollowUp.objects.with_facts(moment).to_call(day)) == []
    call = Call(FollowUp.objects.with_facts(moment).select_related("course__patient").get(), day)
    assert call.standing == "The record is restricted: nobody calls until that is lifted."


@pytest.mark.parametrize("ground", ["", "restored", "nonsense"])
def test_erasure_needs_a_ground_of_the_law(client, patient, ground):
    client.post(page("patient-erasure", patient), {"ground": ground, "record_number": patient.record_number})

    assert not Erasure.objects.exists()


def test_nobody_is_erased_who_is_expected(client, patient):
    AppointmentFactory(patient=patient, starts_at=timezone.now() + timedelta(days=3))
    form = {"ground": "withdrawn", "record_number": patient.record_number}

    response = client.post(page("patient-erasure", patient), form)

    assert "1 appointment is still to come" in response.content.decode()
    assert not Erasure.objects.exists()


def test_erasure_under_way_is_shown_instead_of_asked_again(client, patient):
    erasure = decided(patient)

    assert client.get(page("patient-erasure", patient)).url == erasure.get_absolute_url()
    assert "Not done yet." in client.get(erasure.get_absolute_url()).content.decode()


def test_legal_hold_is_opened_with_a_reason_and_each_look_is_written_down(client, boss, here):
    patient = person(location=here)
    erase(decided(patient, {"clinical": "2036-01-01"}), timezone.now())
    where = page("patient-hold", patient)

    closed = client.get(where).content.decode()
    unreasoned = client.post(where, {"reason": ""}).content.decode()
    opened = client.post(where, {"reason": "A claim."}).content.decode()

    assert FAMILY not in closed
    assert FAMILY not in unreasoned
    assert FAMILY in opened
    assert list(HoldOpening.objects.values_list("opened_by", "reason")) == [(boss.pk, "A claim.")]
    with pytest.raises(DatabaseError, match="only ever added to"), transaction.atomic():
        HoldOpening.objects.update(reason="Nothing happened here.")


def test_admin_site_shows_that_there_is_a_hold_and_not_whose(client, here):
    patient = person(location=here)
    erase(decided(patient, {"clinical": "2036-01-01"}), timezone.now())
    hold = LegalHold.objects.get()

    for address in ("admin:patients_legalhold_changelist", "admin:patients_legalhold_change"):
        where = reverse(address, args=[hold.pk] if address.endswith("change") else [])
        assert FAMILY not in client.get(where).content.decode()


@pytest.mark.parametrize("name", ["patient-edit", "patient-archive", "patient-restriction"])
def test_nobody_gives_an_erased_patient_a_name_again(client, patient, name):
    erase(decided(patient), timezone.now())
    form = {"to": "restore" if name == "patient-archive" else "restrict", "reason": "x", "family_name": "Back"}

    response = client.post(page(name, patient), form)

    assert response.url == patient.get_absolute_url()
    patient.refresh_from_db()
    assert patient.archived_at is not None
    assert patient.restricted_at is None
    admin = client.get(reverse("admin:patients_patient_change", args=[patient.pk])).content.decode()
    assert 'name="family_name"' not in admin


def test_erased_patient_has_a_page_that_says_so(client, here):
    patient = person(location=here)
    erase(decided(patient, {"clinical": "2036-01-01", "consents": "2036-01-01"}), timezone.now())

    record = client.get(patient.get_absolute_url()).content.decode()
    assert "What stands here has no name" in record
    consent = patient.consents.get()
    assert "the name and the signature were taken out" in client.get(consent.get_absolute_url()).content.decode()
    session = patient.courses.get().sessions.get()
    assert client.get(session.get_absolute_url()).status_code == 200
    assert client.get(session.course.get_absolute_url()).status_code == 200


@pytest.mark.parametrize("count", [1, 3])
def test_overview_asks_the_database_as_often_for_three_as_for_one(client, here, count, django_assert_max_num_queries):
    for _ in range(count):
        patient = PatientFactory(location=here)
        Patient.objects.filter(pk=patient.pk).update(registered_at=timezone.now() - timedelta(days=5000))
        ErasureFactory(patient=PatientFactory(location=here))
    client.get(reverse("privacy"))

    with django_assert_max_num_queries(20):
        shown = client.get(reverse("privacy")).content.decode()

    assert shown.count("Look, then erase") == count


def test_overview_without_anything_says_what_will_come(client):
    shown = client.get(reverse("privacy")).content.decode()

    assert "None today" in shown
    assert "Nobody was erased yet" in shown
    assert "BGB § 630f" in shown


def test_gate_lets_a_clinician_pass_a_restriction_for_a_vital_reason(patient):
    assert list(_of_restriction(patient)) == []
    patient.restrict(timezone.now(), reason="Wrong entry")

    [problem] = _of_restriction(patient)

    assert (problem.code, problem.stops, problem.may_override) == ("restricted", True, True)


@pytest.mark.parametrize(("hours", "is_told"), [(25, False), (27, True)])
def test_overview_tells_that_the_daily_look_did_not_come(client, hours, is_told):
    at = timezone.now() - timedelta(hours=hours)
    RetentionSweep.objects.create(swept_on=at.date(), begun_at=at, finished_at=at)

    assert ("Nobody has looked since" in client.get(reverse("privacy")).content.decode()) == is_told
