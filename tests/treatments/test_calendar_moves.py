"""An appointment dragged in the calendar: moved, refused in words, and taken back."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from clinic.roles import Role
from tests.factories import ClosureFactory, LocationFactory, PatientFactory, RoomFactory, UserFactory
from tests.treatments.calendar_days import DAY, NOW, TEN, visit
from treatments.models import Appointment

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


def drag(client, appointment, **changes):
    form = {"version": appointment.version, **changes}
    response = client.post(
        reverse("appointment-move", args=[appointment.public_id]),
        form,
        headers={"referer": "http://testserver/calendar/?day=2026-03-16"},
    )
    appointment.refresh_from_db()
    return response


def move(client, appointment, **changes):
    response = drag(client, appointment, **changes)
    page = client.get(response.url)
    return response.url, [str(message) for message in page.context["messages"]]


def take_back(client):
    """Tap the undo that the last page offered, and return the page that comes."""
    offer = client.session["undo"]
    return client.post(offer["url"], offer["fields"], follow=True).content.decode()


@pytest.fixture
def booked(here, doctor, nurse):
    return visit(here, doctor)


def test_block_dropped_elsewhere_is_moved_and_the_calendar_comes_back(client, booked, nurse):
    where, said = move(client, booked, starts="2026-03-16T11:00", minutes="45", **{"with": str(nurse.public_id)})

    assert where == "/calendar/?day=2026-03-16"
    assert said == ["Amara Okonkwo: Monday 16 March, 11:00, 45 minutes."]
    assert (booked.starts_at, booked.minutes, booked.practitioner) == (TEN + timedelta(hours=1), 45, nurse)


def test_block_dropped_in_a_room_keeps_its_person(client, booked, doctor, here):
    room = RoomFactory(location=here)

    move(client, booked, starts="2026-03-16T10:00", room=str(room.pk))

    assert (booked.room, booked.practitioner) == (room, doctor)
    move(client, booked, room="none")
    assert booked.room is None


def test_move_is_taken_back_by_what_the_page_offers(client, booked, doctor, nurse):
    client.post(
        reverse("appointment-move", args=[booked.public_id]),
        {"version": 1, "starts": "2026-03-17T09:00", "minutes": "60", "with": str(nurse.public_id)},
    )
    offer = client.session["undo"]

    client.post(offer["url"], offer["fields"])

    booked.refresh_from_db()
    assert (booked.starts_at, booked.minutes, booked.practitioner, booked.version) == (TEN, 30, doctor, 3)


def test_block_dragged_from_an_hour_with_a_reason_goes_back_to_it_with_its_reason(client, nurse, doctor, here):
    ClosureFactory(location=here, first_on=DAY, reason="Spring break")
    booked = visit(here, doctor, exception_reason="Opens for her.")
    drag(client, booked, starts="2026-03-17T10:00")
    moved = booked.exception_reason

    take_back(client)

    booked.refresh_from_db()
    assert moved == ""
    assert (booked.starts_at, booked.exception_reason) == (TEN, "Opens for her.")


def test_block_dragged_after_its_hour_began_goes_back_to_it(client, nurse, doctor, here):
    begun = NOW - timedelta(minutes=20)
    booked = visit(here, doctor, starts_at=begun)
    drag(client, booked, starts="2026-03-17T10:00")

    page = take_back(client)

    booked.refresh_from_db()
    assert "The appointment is as it was." in page
    assert booked.starts_at == begun


def test_drag_taken_back_leads_to_the_calendar_that_it_came_from(client, booked):
    drag(client, booked, starts="2026-03-17T09:00")
    offer = client.session["undo"]

    assert client.post(offer["url"], offer["fields"]).url == "/calendar/?day=2026-03-16"


def test_block_dropped_on_another_stays_and_it_is_said_who_is_there(client, booked, doctor, here):
    visit(here, doctor, starts_at=TEN + timedelta(hours=1), patient=PatientFactory(location=here))

    _where, said = move(client, booked, starts="2026-03-16T11:15")

    assert said == ["Amara Okonkwo stays where it was. Dr Ines Moreau is taken from 11:00 to 11:30."]
    assert (booked.starts_at, booked.version) == (TEN, 1)


def test_of_two_drags_of_one_block_the_second_is_told(client, booked):
    move(client, booked, starts="2026-03-16T11:00")
    _where, said = move(client, booked, starts="2026-03-16T12:00", version=1)

    assert said == ["Amara Okonkwo: somebody else was faster. This is how it stands now."]
    assert booked.starts_at == TEN + timedelta(hours=1)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"starts": "2026-03-10T11:00"}, "This time is past."),
        ({"minutes": "3"}, "5"),
        ({"minutes": "481"}, "480"),
        ({"minutes": "x"}, "number"),
        ({"starts": "soon"}, "date"),
        ({"with": "me"}, "choice"),
        ({"with": "00000000-0000-4000-8000-000000000000"}, "choice"),
        ({"room": "999999"}, "choice"),
        ({"room": "9" * 40}, "choice"),
        ({"starts": "2027-03-14T02:30"}, "The clocks go forward over this time"),
    ],
)
def test_drop_that_cannot_be_changes_nothing_and_says_why(client, booked, changes, why):
    _where, said = move(client, booked, **changes)

    assert why in said[0]
    assert (booked.starts_at, booked.minutes, booked.version) == (TEN, 30, 1)


def test_drop_on_a_closed_day_asks_for_the_form_with_its_reason(client, booked, here):
    ClosureFactory(location=here, first_on=DAY + timedelta(days=1), reason="Spring break")

    _where, said = move(client, booked, starts="2026-03-17T10:00")

    assert "Harbour Street is closed on 17 Mar 2026: Spring break." in said[0]
    assert booked.starts_at == TEN


def test_who_has_arrived_is_not_dragged(client, booked):
    Appointment.objects.update(status="arrived")
    booked.refresh_from_db()

    _where, said = move(client, booked, starts="2026-03-16T11:00")

    assert said == ["Amara Okonkwo stays where it was. It is not booked any more."]


def test_no_name_is_said_while_names_are_hidden(client, booked):
    client.post(reverse("calendar-names"))

    _where, said = move(client, booked, starts="2026-03-16T11:00")

    assert said == ["Consultation: Monday 16 March, 11:00, 30 minutes."]
