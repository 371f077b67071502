"""An hour that is free is booked for somebody who waits with one tap, and taken back with one."""

import uuid
from datetime import date, timedelta
from functools import partial

import pytest
import time_machine
from django.urls import reverse

from clinic.roles import Role
from tests.factories import (
    AppointmentFactory,
    ClosureFactory,
    FollowUpFactory,
    LocationFactory,
    PatientFactory,
    UserFactory,
    WaitingFactory,
)
from tests.treatments.waiting_hours import (
    LATER,
    NOW,
    SLOT,
    fell,
    given_up,
    let_wait,
    names,
    offer,
    open_hour,
    refused,
    take,
)
from treatments.models import Appointment, Waiting, WaitingOffer

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
    return UserFactory(role=Role.CLINICIAN, title="Dr", last_name="Moreau", locations=[here])


@pytest.fixture
def nurse(client, here):
    user = UserFactory(title="Nurse", first_name="Sam", last_name="Adeyemi", locations=[here])
    client.force_login(user)
    return user


@pytest.fixture
def leaving(here, doctor):
    return given_up(here, doctor)


@pytest.fixture
def wait(here, doctor):
    return partial(let_wait, here, doctor)


def test_one_tap_moves_what_they_have_to_the_hour(client, nurse, leaving, wait):
    fell(leaving)
    waiting = wait("Ana")

    response = take(client, waiting, leaving)

    appointment = Appointment.objects.get(pk=waiting.appointment.pk)
    assert response.url == f"{reverse('calendar')}?day=2026-03-16"
    assert (appointment.starts_at, appointment.room, appointment.version) == (SLOT, leaving.room, 2)
    made = WaitingOffer.objects.get()
    assert (made.outcome, made.appointment, made.made_by) == ("booked", appointment, nurse)
    assert Waiting.objects.with_facts().for_list().get().state(NOW) == "fulfilled"


def test_one_tap_takes_it_back_and_they_wait_on(client, nurse, leaving, wait):
    fell(leaving)
    waiting = wait("Ana")
    take(client, waiting, leaving)
    undo = client.session["undo"]

    client.post(undo["url"], undo["fields"])

    assert Appointment.objects.get(pk=waiting.appointment.pk).starts_at == LATER
    assert names(open_hour(client, leaving)) == ["Ana"]


@pytest.mark.parametrize("has_one", [True, False])
def test_hour_that_was_taken_back_is_not_said_to_be_booked(client, nurse, leaving, wait, has_one):
    fell(leaving)
    waiting = wait("Ana", **({} if has_one else {"starts_at": None, "minutes": 40}))
    take(client, waiting, leaving)
    undo = client.session["undo"]
    while_booked = client.get(waiting.get_absolute_url()).content.decode()

    client.post(undo["url"], undo["fields"])

    page = client.get(waiting.get_absolute_url()).content.decode()
    row = client.get(reverse("waiting-list")).context["rows"][0]
    assert "<strong>Booked</strong>" in while_booked
    assert "<strong>Was booked</strong>" in page
    assert row.last_offer == "Was booked, 10 Mar 11:30"


def test_hour_they_leave_is_offered_in_its_turn(client, nurse, leaving, wait):
    fell(leaving)
    ana = wait("Ana")
    wait("Next", starts_at=LATER + timedelta(days=7), from_on=date(2026, 3, 20))

    take(client, ana, leaving)

    page = client.get(reverse("calendar")).content.decode()
    assert "1 person could come earlier." in page
    assert "Next Petrova" in page


def test_whoever_had_nothing_is_booked_anew_and_taken_back(client, nurse, leaving, wait):
    fell(leaving)
    waiting = wait("Ana", starts_at=None, minutes=40)

    take(client, waiting, leaving)
    booked = Appointment.objects.get(patient=waiting.patient)
    undo = client.session["undo"]
    client.post(undo["url"], undo["fields"])

    assert (booked.starts_at, booked.kind, booked.course, booked.minutes) == (SLOT, "session", waiting.course, 40)
    booked.refresh_from_db()
    assert booked.status == "cancelled"
    assert names(open_hour(client, leaving)) == ["Ana"]


@pytest.mark.parametrize("has_one", [True, False])
def test_hour_that_is_given_names_nobody_in_a_calendar_that_hides_names(client, nurse, leaving, wait, has_one):
    fell(leaving)
    ana = wait("Ana", **({} if has_one else {"starts_at": None, "minutes": 40}))
    wait("Next", starts_at=LATER + timedelta(days=7), from_on=date(2026, 3, 20))
    client.post(reverse("calendar-names"))

    page = client.get(take(client, ana, leaving).url).content.decode()

    assert "Session: Monday 16 March, 10:00, 40 minutes." in page
    assert ("1 person could come earlier." in page) is has_one
    assert "Petrova" not in page


def test_return_is_booked_by_the_form_that_asks_for_late_signs(client, nurse, leaving, wait):
    fell(leaving)
    waiting = wait("Ana", starts_at=None, kind="follow-up", minutes=30)
    FollowUpFactory(course=waiting.course)

    page = open_hour(client, leaving).content.decode()

    assert f"{reverse('appointment-new')}?course={waiting.course.public_id}" in page
    assert reverse("waiting-take", args=[waiting.public_id]) not in page


def test_tap_sent_twice_books_once(client, nurse, leaving, wait):
    fell(leaving)
    waiting, token = wait("Ana", starts_at=None, minutes=40), str(uuid.uuid4())

    answers = [take(client, waiting, leaving, form_token=token) for _tap in range(2)]

    assert Appointment.objects.filter(patient=waiting.patient).count() == 1
    assert len({answer.url for answer in answers}) == 1


def test_room_that_somebody_has_meanwhile_is_left_out(client, nurse, leaving, wait, here):
    fell(leaving)
    waiting = wait("Ana")
    AppointmentFactory(
        patient=PatientFactory(location=here),
        course=None,
        kind="review",
        practitioner=UserFactory(role=Role.CLINICIAN, locations=[here]),
        starts_at=SLOT,
        room=leaving.room,
    )

    take(client, waiting, leaving)

    appointment = Appointment.objects.get(pk=waiting.appointment.pk)
    assert (appointment.starts_at, appointment.room) == (SLOT, None)


def test_hour_that_somebody_has_by_now_is_refused_with_who(client, nurse, leaving, wait):
    waiting = wait("Ana")

    response = take(client, waiting, leaving)

    refused(client, response, "Ana Petrova is not booked. Dr Ines Moreau is taken from 10:00 to 10:40.")
    assert not WaitingOffer.objects.exists()


def test_appointment_that_somebody_changed_meanwhile_stays(client, nurse, leaving, wait):
    fell(leaving)
    waiting = wait("Ana")

    refused(client, take(client, waiting, leaving, version=7), "somebody else was faster")
    refused(client, take(client, waiting, leaving, version=""), "somebody else was faster")
    assert Appointment.objects.get(pk=waiting.appointment.pk).version == 1


def test_hour_against_which_something_stands_is_refused(client, nurse, leaving, wait, here):
    fell(leaving)
    waiting = wait("Ana")
    ClosureFactory(location=here, first_on=date(2026, 3, 16), last_on=date(2026, 3, 16), reason="Inventory")

    refused(client, take(client, waiting, leaving), "Inventory")


def test_hour_that_is_past_is_refused(client, nurse, leaving, wait):
    refused(client, take(client, wait("Ana"), leaving, starts="2026-03-09T10:00"), "This time is past.")


def test_whoever_waits_no_more_is_not_booked(client, nurse, leaving, wait):
    fell(leaving)
    waiting = wait("Ana")
    Waiting.objects.update(removed_at=NOW, removed_by=nurse, removed_reason="Ill.")

    refused(client, take(client, waiting, leaving), "Ana Petrova waits no more.")


def test_whoever_died_is_not_booked(client, nurse, leaving, wait):
    fell(leaving)
    waiting = wait("Ana", starts_at=None, minutes=40)
    waiting.patient.note(deceased_on=date(2026, 3, 9))

    refused(client, take(client, waiting, leaving), "Ana Petrova waits no more.")


def test_nobody_of_another_place_is_booked_or_asked(client, nurse, leaving):
    elsewhere = WaitingFactory()

    assert take(client, elsewhere, leaving).status_code == 404
    assert offer(client, elsewhere, leaving, "asked").status_code == 404


@pytest.mark.parametrize("name", ["waiting-take", "waiting-offer", "waiting-remove", "waiting-back"])
def test_looking_changes_nothing(client, nurse, wait, name):
    assert client.get(reverse(name, args=[wait("Ana").public_id])).status_code == 405
