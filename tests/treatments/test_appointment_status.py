"""An appointment from one status to the next: who arrives, is missed or cancelled, and what may follow what."""

from datetime import UTC, date, datetime

import pytest
import time_machine
from django.urls import reverse

from clinic.models import VersionConflictError
from clinic.roles import Role
from patients.models import Patient
from tests.factories import AppointmentFactory, LocationFactory, PatientFactory, RoomFactory, UserFactory
from treatments.actions.appointments import TURNS, turn
from treatments.models import Appointment

NOW = datetime(2026, 3, 10, 18, 30, tzinfo=UTC)  # 11:30 in Los Angeles
TEN = datetime(2026, 3, 16, 17, 0, tzinfo=UTC)  # 10:00 there

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def here():
    return LocationFactory(name="Harbour Street")


@pytest.fixture
def doctor(here):
    return UserFactory(role=Role.CLINICIAN, title="Dr", locations=[here])


@pytest.fixture
def nurse(client, here):
    user = UserFactory(locations=[here])
    client.force_login(user)
    return user


@pytest.fixture
def patient(here):
    return PatientFactory(location=here, family_name="Okonkwo")


@pytest.fixture
def booked(patient, doctor):
    return AppointmentFactory(patient=patient, course=None, kind="consultation", practitioner=doctor, starts_at=TEN)


@pytest.fixture
def coming(patient, doctor):
    """Return an appointment of today."""
    return AppointmentFactory(patient=patient, course=None, kind="consultation", practitioner=doctor, starts_at=NOW)


def step(client, appointment, status, **changes):
    appointment.refresh_from_db()
    form = {"status": status, "version": appointment.version, **changes}
    response = client.post(reverse("appointment-status", args=[appointment.public_id]), form, follow=True)
    appointment.refresh_from_db()
    return [str(message) for message in response.context["messages"]]


def test_appointment_goes_through_the_day(client, nurse, coming):
    for status in ("arrived", "in-room", "done"):
        step(client, coming, status)

    assert (coming.status, coming.arrived_at) == ("done", NOW)


def test_arrival_before_the_day_of_the_appointment_is_refused(client, nurse, booked):
    words = step(client, booked, "arrived")

    assert words == ["Amara Okonkwo: This appointment is on another day: move it first."]
    assert booked.status == "booked"


def test_appointment_still_ahead_is_not_missed(client, nurse, booked):
    words = step(client, booked, "no-show")

    assert words == ["Amara Okonkwo: The appointment is still ahead. Cancel it, with the reason."]


def test_patient_is_taken_to_a_free_room_while_the_one_booked_is_taken(client, nurse, coming):
    one, two = (
        RoomFactory(location=coming.location, name="room 1"),
        RoomFactory(location=coming.location, name="room 2"),
    )
    AppointmentFactory(
        patient__location=coming.location, location=coming.location, starts_at=NOW, room=one, status="in-room"
    )
    coming.room = one
    coming.save()

    step(client, coming, "arrived")
    step(client, coming, "in-room")

    assert coming.room == two


def test_cancelling_needs_a_reason_that_is_kept(client, nurse, booked):
    assert step(client, booked, "cancelled") == ["Amara Okonkwo: Say why the appointment is cancelled."]

    step(client, booked, "cancelled", reason="Ill.")

    assert (booked.status, booked.status_reason) == ("cancelled", "Ill.")


def test_step_over_a_newer_version_is_refused(client, nurse, coming):
    words = step(client, coming, "arrived", version=99)

    assert words == ["Amara Okonkwo: somebody else was faster. This is how it stands now."]
    assert coming.status == "booked"


@pytest.mark.parametrize(
    "form",
    [
        {"status": "party"},
        {"status": "arrived", "version": "x"},
        {"status": "cancelled", "reason": "nul \x00"},
        {"status": "cancelled", "reason": "escape \x1b"},
        {"status": "arrived", "version": "9" * 5000},
    ],
)
def test_nonsense_changes_nothing(client, nurse, booked, form):
    step(client, booked, form.pop("status"), **form)

    assert booked.status == "booked"


def test_cancelled_appointment_comes_back_only_if_its_slot_is_free(client, nurse, booked, doctor, here):
    step(client, booked, "cancelled", reason="Ill.")
    AppointmentFactory(course__patient__location=here, practitioner=doctor, starts_at=TEN)

    [words] = step(client, booked, "booked")

    assert words == f"Amara Okonkwo: {doctor.get_full_name()} is taken from 10:00 to 10:30."
    assert booked.status == "cancelled"


@pytest.mark.parametrize("status", Appointment.Status)
def test_every_status_turns_only_into_those_it_may(booked, status):
    Appointment.objects.update(status=status)
    refused = set(Appointment.Status) - TURNS[status]

    for other in refused:
        appointment = Appointment.objects.get()
        with pytest.raises((Exception,), match="This appointment is"):
            turn(appointment, other, now=NOW, version=1, reason="Ill.")

    assert Appointment.objects.get().status == status


def test_turn_over_a_newer_version_raises(coming):
    with pytest.raises(VersionConflictError):
        turn(coming, "arrived", now=NOW, version=7)


@pytest.mark.parametrize(("fallen", "back"), [("cancelled", "booked"), ("no-show", "booked"), ("no-show", "arrived")])
@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"deceased_on": date(2026, 3, 9)}, "The patient died on 9 March 2026."),
        ({"archived_at": NOW}, "The record is archived. Restore it first."),
    ],
)
def test_fallen_appointment_of_somebody_who_is_not_booked_any_more_stays_fallen(
    client, nurse, coming, facts, words, fallen, back
):
    Appointment.objects.update(status=fallen, status_reason="Ill.")
    Patient.objects.update(**facts)

    said = step(client, coming, back)

    assert said == [f"Amara Okonkwo: {words}"]
    assert (coming.status, coming.version) == (fallen, 1)


def test_appointment_of_somebody_who_has_died_can_still_be_cancelled(client, nurse, booked):
    Patient.objects.update(deceased_on=date(2026, 3, 9))

    step(client, booked, "cancelled", reason="Died.")

    assert booked.status == "cancelled"
