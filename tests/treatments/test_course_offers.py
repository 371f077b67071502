"""No course is offered, begun or gone on with in a record that takes none, and an address typed by hand says why."""

from datetime import UTC, date, datetime

import pytest
from django.urls import reverse

from clinic.roles import Role
from tests.factories import CourseFactory, LocationFactory, PatientFactory, UserFactory
from tests.treatments.test_course_pages import errors, form_of
from treatments.actions.privacy import decide_erasure
from treatments.models import Course

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 10, 18, 30, tzinfo=UTC)
REFUSALS = {
    "archived_at": (NOW, "The record is archived. Restore it first."),
    "deceased_on": (date(2026, 3, 1), "The patient died on 1 March 2026."),
}


@pytest.fixture
def patient():
    return PatientFactory(location=LocationFactory())


@pytest.fixture
def doctor(client, patient):
    doctor = UserFactory(role=Role.CLINICIAN, locations=[patient.location])
    client.force_login(doctor)
    return doctor


def new_url(patient):
    return reverse("course-new", args=[patient.public_id])


@pytest.mark.parametrize("fact", REFUSALS)
@pytest.mark.parametrize("runs", [True, False])
def test_no_course_is_offered_to_whoever_is_no_patient_any_more(client, doctor, patient, fact, runs):
    if runs:
        CourseFactory(patient=patient)
    assert new_url(patient) in client.get(patient.get_absolute_url()).content.decode()

    patient.note(**{fact: REFUSALS[fact][0]})

    assert new_url(patient) not in client.get(patient.get_absolute_url()).content.decode()


@pytest.mark.parametrize("fact", REFUSALS)
def test_course_by_address_is_refused_with_the_reason(client, doctor, patient, fact):
    facts, words = REFUSALS[fact]
    form = form_of(doctor)
    patient.note(**{fact: facts})

    shown = client.get(new_url(patient), follow=True)
    sent = client.post(new_url(patient), form)

    assert shown.redirect_chain == [(patient.get_absolute_url(), 302)]
    assert words in shown.content.decode()
    assert errors(sent)["__all__"] == [words]
    assert not Course.objects.exists()


@pytest.mark.parametrize("status", ["paused", "stopped", "completed", "planned"])
def test_going_on_by_address_is_refused_while_an_erasure_waits_and_ending_is_not(client, doctor, patient, status):
    course = CourseFactory(patient=patient, status=status, status_reason="Away")
    decide_erasure(patient, ground="withdrawn", by=UserFactory(), now=NOW, today=NOW.date())
    address = reverse("course-status", args=[course.public_id])

    shown = client.get(address, {"to": "active"}, follow=True)
    ending = client.get(address, {"to": "stopped"})

    assert shown.redirect_chain == [(course.get_absolute_url(), 302)]
    assert "The patient is being erased. Nothing is added to this record." in shown.content.decode()
    assert ending.status_code == (200 if course.is_running else 302)
