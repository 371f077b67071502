"""How far emergency access reaches: one record, for who opened it, and no act that outlasts the hour."""

from datetime import date, timedelta
from http import HTTPStatus

import pytest
from django.test import Client
from django.utils import timezone

from clinic.models import AuditEvent
from clinic.roles import ACTS, Role
from patients.models import EmergencyAccess, Patient
from tests.factories import (
    CourseFactory,
    EmergencyAccessFactory,
    LocationFactory,
    PatientFactory,
    SessionFactory,
    UserFactory,
)
from tests.patients.emergencies import NEW, UNKNOWN, open_for, typed

pytestmark = pytest.mark.django_db


@pytest.fixture
def patient():
    return PatientFactory(location=LocationFactory(name="Canal Street"), family_name="Okafor")


@pytest.fixture
def doctor():
    return UserFactory(role=Role.CLINICIAN, locations=[LocationFactory(name="Harbour Street")])


@pytest.fixture
def desk(client, doctor):
    client.force_login(doctor)
    return client


def test_another_sign_in_of_the_same_person_has_nothing_open(desk, doctor, patient):
    desk.post(NEW, typed(patient))
    other = Client()
    other.force_login(doctor)

    assert other.get(patient.get_absolute_url()).status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("born", ["1980-03-12", "1980-12-03"], ids=["as on the card", "as corrected since"])
def test_number_on_the_card_of_a_merged_record_opens_the_one_that_goes_on(desk, patient, born):
    patient.birth_date = date(1980, 12, 3)
    patient.save()
    old = PatientFactory(location=patient.location, birth_date=date(1980, 3, 12), merged_into=patient)

    response = desk.post(NEW, typed(old, birth_date=born), follow=True)

    assert response.redirect_chain == [(patient.get_absolute_url(), HTTPStatus.FOUND)]
    assert response.status_code == HTTPStatus.OK
    assert EmergencyAccess.objects.get().patient == patient


def test_record_that_is_merged_within_the_hour_leads_on_where_the_other_is_open_too(desk, doctor, patient):
    kept = PatientFactory(location=patient.location)
    both = [
        EmergencyAccessFactory(
            user=doctor, patient=each, opened_at=timezone.now(), ends_at=timezone.now() + timedelta(hours=1)
        )
        for each in (patient, kept)
    ]
    session = desk.session
    session["emergencies"] = [str(access.public_id) for access in both]
    session.save()
    Patient.objects.filter(pk=patient.pk).update(merged_into=kept)

    assert desk.get(patient.get_absolute_url()).url == kept.get_absolute_url()


@pytest.mark.parametrize("method", ["get", "post"])
def test_record_that_is_merged_within_the_hour_says_so_and_not_into_whose(desk, doctor, patient, method):
    kept = PatientFactory(location=patient.location, family_name="Keptwell")
    open_for(desk, doctor, patient, timedelta(minutes=50))
    Patient.objects.filter(pk=patient.pk).update(merged_into=kept)
    address = f"/patients/{patient.public_id}/screening/new/"

    response = getattr(desk, method)(address, {"note": "Typed in a hurry."})

    page = response.content.decode()
    assert response.status_code == HTTPStatus.FORBIDDEN
    assert f"Record {patient.record_number}, which you opened in an emergency, became part of another" in page
    assert 'href="/emergencies/new/"' in page
    assert ("Typed in a hurry." in page) == (method == "post")
    assert "Keptwell" not in page
    assert kept.record_number not in page
    assert AuditEvent.objects.of_patient(patient.public_id).latest("pk").act == "denied"


@pytest.mark.parametrize("side", ["wrong", "right"])
def test_session_is_put_into_no_record_and_out_of_none_that_is_open_in_an_emergency_only(desk, doctor, patient, side):
    own = CourseFactory(patient__location=doctor.locations.get())
    lent = CourseFactory(patient=patient)
    wrong, right = (lent, own) if side == "wrong" else (own, lent)
    session = SessionFactory(course=wrong)
    open_for(desk, doctor, patient, timedelta(minutes=50))
    address = f"/sessions/{session.public_id}/wrong-patient/?to={right.patient.public_id}&course={right.public_id}"

    answers = [desk.get(address), desk.post(address, {"reason": "Two of one name.", "version": session.version})]

    assert {answer.status_code for answer in answers} == {HTTPStatus.FORBIDDEN}
    session.refresh_from_db()
    assert not session.is_in_error


def test_number_of_the_record_that_goes_on_and_the_birth_date_of_another_open_nothing(desk, patient):
    old = PatientFactory(location=patient.location, birth_date=date(1980, 3, 12), merged_into=patient)

    page = desk.post(NEW, typed(patient, birth_date=old.birth_date.isoformat())).content.decode()

    assert UNKNOWN in page
    assert not EmergencyAccess.objects.exists()


@pytest.mark.parametrize("page", ["edit", "archive", "location"])
def test_nothing_done_in_the_hour_outlasts_it(desk, doctor, patient, page):
    open_for(desk, doctor, patient, timedelta(minutes=50))
    here, there = doctor.locations.get(), patient.location
    doctor.locations.add(LocationFactory())

    where = f"/patients/{patient.public_id}/{page}/"
    answers = [desk.get(where), desk.post(where, {"location": here.pk, "version": patient.version, "to": "archive"})]

    patient.refresh_from_db()
    assert {answer.status_code for answer in answers} == {HTTPStatus.FORBIDDEN}
    assert (patient.location, patient.archived_at) == (there, None)
    assert where not in desk.get(patient.get_absolute_url()).content.decode()


@pytest.fixture
def all_acts(monkeypatch):
    """Let clinicians do what admins do, as a clinic may have it one day: they see their own locations all the same."""
    monkeypatch.setitem(ACTS, Role.CLINICIAN, ACTS[Role.CLINICIAN] | ACTS[Role.ADMIN])


@pytest.mark.parametrize("page", ["merge", "restriction", "export", "erasure"])
def test_no_act_of_an_admin_reaches_a_record_of_an_emergency(desk, doctor, patient, all_acts, page):
    open_for(desk, doctor, patient, timedelta(minutes=50))

    where = f"/patients/{patient.public_id}/{page}/"

    assert desk.get(where).status_code == HTTPStatus.FORBIDDEN
    assert where not in desk.get(patient.get_absolute_url()).content.decode()


def test_record_of_an_emergency_is_merged_into_none_of_the_own(desk, doctor, patient, all_acts):
    own = PatientFactory(location=doctor.locations.get())
    open_for(desk, doctor, patient, timedelta(minutes=50))

    response = desk.get(f"/patients/{own.public_id}/merge/?with={patient.public_id}")

    assert response.status_code == HTTPStatus.FORBIDDEN


def test_patient_who_moved_here_within_the_hour_is_edited_as_every_other(desk, doctor, patient):
    open_for(desk, doctor, patient, timedelta(minutes=50))
    patient.location = doctor.locations.get()
    patient.save()

    assert desk.get(f"/patients/{patient.public_id}/edit/").status_code == HTTPStatus.OK


def test_other_patients_of_that_location_stay_closed(desk, patient):
    neighbour = PatientFactory(location=patient.location)
    desk.post(NEW, typed(patient))

    assert desk.get(neighbour.get_absolute_url()).status_code == HTTPStatus.NOT_FOUND


def test_access_of_somebody_else_opens_nothing(desk, patient):
    theirs = EmergencyAccessFactory(
        patient=patient, opened_at=timezone.now(), ends_at=timezone.now() + timedelta(hours=1)
    )
    session = desk.session
    session["emergencies"] = [str(theirs.public_id)]
    session.save()

    assert desk.get(patient.get_absolute_url()).status_code == HTTPStatus.NOT_FOUND
