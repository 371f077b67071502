from datetime import UTC, datetime

import pytest
import time_machine
from django.urls import reverse

from clinic.roles import Role
from tests.factories import AppointmentFactory, UserFactory

NOW = datetime(2026, 3, 10, 17, 0, tzinfo=UTC)

pytestmark = [pytest.mark.django_db]


@pytest.fixture
def appointment():
    return AppointmentFactory(starts_at=NOW, status="booked")


@pytest.fixture
def desk(client, appointment):
    client.force_login(UserFactory(role=Role.STAFF, locations=[appointment.location]))
    with time_machine.travel(NOW, tick=False):
        yield client


def arrive(client, appointment):
    url = reverse("appointment-status", args=[appointment.public_id])
    client.post(url, {"status": "arrived", "version": appointment.version})
    return client.session["undo"]


def test_arrival_marked_by_a_slip_is_taken_back_by_what_the_page_offers(desk, appointment):
    offer = arrive(desk, appointment)

    desk.post(offer["url"], offer["fields"])

    appointment.refresh_from_db()
    assert (appointment.status, appointment.arrived_at) == ("booked", None)


def test_offer_to_undo_stands_on_one_page_only(desk, appointment):
    arrive(desk, appointment)

    first = desk.get(reverse("today"))
    second = desk.get(reverse("today"))

    assert "Undo" in first.content.decode()
    assert "Undo" not in second.content.decode()


def test_undo_is_refused_once_somebody_went_on(desk, appointment):
    offer = arrive(desk, appointment)
    appointment.refresh_from_db()
    appointment.status = "in-room"
    appointment.save_over(appointment.version)

    desk.post(offer["url"], offer["fields"])

    appointment.refresh_from_db()
    assert appointment.status == "in-room"
