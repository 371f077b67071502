"""The link in every message: one tap, no sign-in, and a way back."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from patients.models import MessageChoice
from patients.stopping import address_of, find, token_of
from tests.factories import PatientFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def patient():
    return PatientFactory(contact_permission=True, given_name="Ana", family_name="Petrova")


def test_reading_the_page_changes_nothing(client, patient):
    page = client.get(f"/stop/{token_of(patient)}/")
    patient.refresh_from_db()

    assert page.status_code == 200
    assert "Stop these messages" in page.content.decode()
    assert "Petrova" not in page.content.decode()  # whoever holds the phone learns no name
    assert patient.contact_permission
    assert "no-store" in page.headers["Cache-Control"]


def test_one_tap_stops_the_messages_and_is_kept_with_its_day(patient, time_machine):
    time_machine.move_to(datetime(2026, 9, 2, 16, 0, tzinfo=UTC), tick=False)
    client = Client(enforce_csrf_checks=True)

    page = client.post(f"/stop/{token_of(patient)}/", follow=True)
    patient.refresh_from_db()

    assert not patient.contact_permission
    assert "You get no more messages" in page.content.decode()
    choice = MessageChoice.objects.get()
    assert (choice.patient, choice.wants_messages, choice.made_at) == (
        patient,
        False,
        datetime(2026, 9, 2, 16, 0, tzinfo=UTC),
    )
    assert patient.history.get(history_type="~").history_change_reason == "By the link in a message"


def test_second_tap_changes_nothing(client, patient):
    for _tap in range(2):
        client.post(f"/stop/{token_of(patient)}/")

    assert MessageChoice.objects.count() == 1


def test_mail_program_that_stops_them_by_itself_does(client, patient):
    client.post(f"/stop/{token_of(patient)}/", {"List-Unsubscribe": "One-Click"})
    patient.refresh_from_db()

    assert not patient.contact_permission


def test_there_is_a_way_back(client, patient):
    client.post(f"/stop/{token_of(patient)}/")
    client.post(f"/stop/{token_of(patient)}/", {"again": "1"})
    patient.refresh_from_db()

    assert patient.contact_permission
    assert [choice.wants_messages for choice in MessageChoice.objects.all()] == [True, False]


@pytest.mark.parametrize(
    "change", [lambda t: t[:-1], lambda t: t[::-1], lambda t: "x" * 38, lambda t: t + "x", lambda t: "ä"]
)
def test_altered_link_is_not_there(client, patient, change):
    token = change(token_of(patient))

    assert find(token) is None
    assert client.post(f"/stop/{token}/").status_code == 404


def test_link_of_another_secret_opens_nothing(client, patient, settings):
    token = token_of(patient)
    settings.SECRET_KEY = "another"

    assert find(token) is None


def test_link_is_short_and_begins_where_patients_reach_us(patient, settings):
    settings.PUBLIC_URL = "https://clinic.example/"

    assert address_of(patient) == f"https://clinic.example/stop/{token_of(patient)}/"
    assert len(token_of(patient)) == 38
