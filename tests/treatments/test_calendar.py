"""The calendar: a day by person or room, the week, and an appointment moved in it."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from clinic.roles import Role
from tests.factories import (
    AppointmentFactory,
    ClosureFactory,
    CourseFactory,
    LocationFactory,
    PatientFactory,
    RoomFactory,
    UserFactory,
    WorkingHoursFactory,
)
from tests.searching import find
from treatments.models import Appointment
from treatments.rules.hours import A_DAY, Stretch, closed_of_day, lanes, lies_within, meet, merged, without

NOW = datetime(2026, 3, 10, 18, 30, tzinfo=UTC)  # a Tuesday, 11:30 in Los Angeles
DAY = date(2026, 3, 16)  # the Monday after
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
    return UserFactory(role=Role.CLINICIAN, title="Dr", last_name="Moreau", locations=[here])


@pytest.fixture
def nurse(client, here):
    user = UserFactory(title="Nurse", first_name="Sam", last_name="Adeyemi", locations=[here])
    client.force_login(user)
    return user


def visit(here, practitioner, **facts):
    patient = facts.pop("patient", None) or PatientFactory(location=here, family_name="Okonkwo")
    return AppointmentFactory(
        **{"patient": patient, "course": None, "kind": "consultation", "practitioner": practitioner, "starts_at": TEN}
        | facts
    )


def shown(client, **query):
    return client.get(reverse("calendar"), {"day": DAY.isoformat(), **query}).context["calendar"]


def places(calendar):
    return {column.title: [block.place.row for block in column.blocks] for column in calendar.columns}


def test_day_has_a_column_for_everyone_who_treats_here(client, nurse, doctor, here):
    visit(here, doctor)

    calendar = shown(client)

    assert places(calendar) == {"Nurse Sam Adeyemi": [], "Dr Ines Moreau": [24]}  # 10:00, from 8:00 on
    assert [block.place.rows for block in calendar.blocks] == [6]


def test_person_who_does_not_work_that_day_has_a_column_only_when_booked(client, nurse, doctor, here):
    WorkingHoursFactory(location=here, practitioner=doctor, weekday=1)

    assert list(places(shown(client))) == ["Nurse Sam Adeyemi"]
    visit(here, doctor)
    assert list(places(shown(client))) == ["Nurse Sam Adeyemi", "Dr Ines Moreau"]


def test_day_by_room_shows_those_without_one_last(client, nurse, doctor, here):
    visit(here, doctor, room=RoomFactory(location=here, name="room 2"))
    visit(here, nurse)

    assert places(shown(client, by="room")) == {"room 2": [24], "No room": [24]}


def test_cancelled_and_missed_stand_below_and_take_no_place(client, nurse, doctor, here):
    visit(here, doctor, status="cancelled", status_reason="Ill.")

    calendar = shown(client)

    assert (len(calendar.blocks), len(calendar.fallen)) == (0, 1)


def test_axis_holds_whoever_comes_early_or_late(client, nurse, doctor, here):
    visit(here, doctor, starts_at=TEN - timedelta(hours=4, minutes=30))
    visit(here, doctor, starts_at=TEN + timedelta(hours=10), minutes=45)

    assert shown(client).axis == Stretch(5 * 60, 21 * 60)


def test_appointment_past_midnight_ends_with_its_day(client, nurse, doctor, here):
    visit(here, doctor, starts_at=TEN + timedelta(hours=13, minutes=30), minutes=60)

    [block] = shown(client).blocks

    assert block.stretch == Stretch(23 * 60 + 30, A_DAY)
    assert shown(client, day="2026-03-17").blocks == []


def test_closed_hours_are_shaded_and_closures_named(client, nurse, doctor, here):
    WorkingHoursFactory(location=here)
    ClosureFactory(practitioner=doctor, first_on=DAY, reason="Congress")

    nurse_column, doctor_column = shown(client).columns

    assert [(each.row, each.rows) for each in nurse_column.closed] == [(0, 12), (108, 12)]  # before 9, after 17
    assert (doctor_column.note, [(each.row, each.rows) for each in doctor_column.closed]) == ("Congress", [(0, 120)])


def test_now_is_a_line_on_today_alone(client, nurse, here):
    assert [column.now_row for column in shown(client, day="2026-03-10").columns] == [42]  # 11:30
    assert [column.now_row for column in shown(client).columns] == [None]


def test_free_half_hours_ahead_lead_to_the_form(client, nurse, here):
    visit(here, nurse, starts_at=TEN + timedelta(minutes=15))

    [column] = shown(client).columns
    clocks = [slot.clock for slot in column.free]

    assert clocks[:4] == ["08:00", "08:30", "09:00", "09:30"]
    assert clocks[4] == "11:00"
    page = client.get(reverse("calendar"), {"day": DAY.isoformat()}).content.decode()
    assert f"/appointments/new/?starts=2026-03-16T11%3A00&amp;with={nurse.public_id}" in page


def test_hour_tapped_asks_for_whom_and_fills_the_form(client, nurse, doctor, here):
    patient, room = PatientFactory(location=here, family_name="Okonkwo"), RoomFactory(location=here)
    tapped = {"starts": "2026-03-16T11:00", "with": str(doctor.public_id), "room": str(room.pk)}

    whom = find(client, reverse("appointment-new"), "okon", **tapped).content.decode()
    form = client.get(reverse("appointment-new"), tapped | {"patient": str(patient.public_id)}).context["form"]

    assert f"?patient={patient.public_id}&amp;starts=2026-03-16T11%3A00" in whom
    assert (form.initial["starts_at"], form.initial["practitioner"]) == (TEN + timedelta(hours=1), doctor)
    assert form.initial["room"] == room


@pytest.mark.parametrize(
    "tapped",
    [
        {"starts": "yesterday"},
        {"starts": "2026-03-16T25:00"},
        {"with": "me"},
        {"room": "9" * 50},
        {"room": "x"},
        {"with": "00000000-0000-4000-8000-000000000000"},
    ],
)
def test_nonsense_of_an_address_leaves_the_form_as_it_starts(client, nurse, here, tapped):
    patient = PatientFactory(location=here)

    response = client.get(reverse("appointment-new"), {"patient": str(patient.public_id), **tapped})

    assert response.status_code == 200


@pytest.mark.parametrize("day", ["", "x", "2026-02-30", "0001-01-01", "9999-12-31", "2026-W11"])
def test_day_that_is_none_shows_today(client, nurse, day):
    assert shown(client, day=day).first in {date(2026, 3, 10), date(2026, 3, 9)}


@pytest.mark.parametrize("day", ["1900-01-01", "2199-12-31", "2028-02-29", "2026-03-08", "2026-11-01"])
@pytest.mark.parametrize("view", ["day", "week"])
def test_first_last_leap_and_changing_days_are_shown(client, nurse, day, view):
    assert client.get(reverse("calendar"), {"day": day, "view": view}).status_code == 200


def test_hour_that_is_twice_shows_both_appointments_side_by_side(client, nurse, here):
    first = datetime(2026, 11, 1, 8, 30, tzinfo=UTC)  # 1:30 in Los Angeles, and an hour later 1:30 again
    visit(here, nurse, starts_at=first)
    visit(here, nurse, starts_at=first + timedelta(hours=1))

    blocks = shown(client, day="2026-11-01").blocks

    assert [(block.stretch.start, block.lane, block.lanes) for block in blocks] == [(90, 1, 2), (90, 2, 2)]


def test_location_that_moves_to_another_zone_shows_the_same_moments_on_its_new_clock(client, nurse, here):
    visit(here, nurse)
    here.time_zone = "America/Denver"
    here.save()

    assert [block.stretch.start for block in shown(client).blocks] == [11 * 60]


def test_week_runs_from_monday_to_sunday_of_everyone_or_of_one(client, nurse, doctor, here):
    visit(here, doctor)
    visit(here, nurse, starts_at=TEN + timedelta(days=6))
    visit(here, nurse, starts_at=TEN + timedelta(days=7))

    everyone = shown(client, view="week", day="2026-03-18")
    hers = shown(client, view="week", day="2026-03-18", who=str(doctor.public_id))

    assert (everyone.first, everyone.last, len(everyone.blocks)) == (DAY, DAY + timedelta(days=6), 2)
    assert [len(column.blocks) for column in hers.columns] == [1, 0, 0, 0, 0, 0, 0]


@pytest.mark.parametrize("who", ["x", "00000000-0000-4000-8000-000000000000"])
def test_week_of_nobody_is_not_found(client, nurse, who):
    assert client.get(reverse("calendar"), {"view": "week", "who": who}).status_code == 404


def test_another_places_appointments_are_not_shown(client, nurse):
    there = LocationFactory()
    visit(there, UserFactory(locations=[there]))

    assert shown(client).blocks == []


def test_names_are_hidden_until_they_are_asked_for_again(client, nurse, doctor, here):
    visit(here, doctor)
    page = {"day": DAY.isoformat()}

    client.post(reverse("calendar-names"))
    hidden = [client.get(reverse("calendar"), page | view).content.decode() for view in ({}, {"view": "week"})]
    client.post(reverse("calendar-names"))

    assert not any("Okonkwo" in text for text in hidden)
    assert "Okonkwo" in client.get(reverse("calendar"), page).content.decode()


@pytest.mark.parametrize("count", [1, 3, 60])
@pytest.mark.parametrize("query", [{}, {"by": "room"}, {"view": "week"}])
def test_calendar_asks_as_often_for_sixty_as_for_one(
    client, nurse, doctor, here, count, query, django_assert_num_queries
):
    rooms, people = RoomFactory.create_batch(3, location=here), [nurse, doctor, UserFactory(locations=[here])]
    for number in range(count):
        AppointmentFactory(
            course=CourseFactory(patient=PatientFactory(location=here), clinician=doctor),
            practitioner=people[number % 3],
            room=rooms[number % 3],
            starts_at=TEN + timedelta(minutes=10 * (number // 3)),
            minutes=10,
        )

    with django_assert_num_queries(QUERIES):
        client.get(reverse("calendar"), {"day": DAY.isoformat(), **query})


QUERIES = 12


# Moving.


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


# The arithmetic of hours.

stretches = st.lists(
    st.tuples(st.integers(0, A_DAY - 1), st.integers(1, 300)).map(
        lambda at: Stretch(at[0], min(at[0] + at[1], A_DAY))
    ),
    max_size=8,
)


def minutes_of(parts):
    return {minute for part in parts for minute in range(part.start, part.end)}


@given(stretches, stretches)
def test_what_is_closed_is_cut_out_of_what_is_open_minute_by_minute(opened, closed):
    assert minutes_of(without(opened, closed)) == minutes_of(opened) - minutes_of(closed)
    assert minutes_of(closed_of_day(opened)) == set(range(A_DAY)) - minutes_of(opened)


@given(stretches, st.integers(0, A_DAY - 5))
def test_stretch_lies_within_when_each_of_its_minutes_does(opened, start):
    stretch = Stretch(start, start + 5)

    assert lies_within(stretch, opened) == (minutes_of([stretch]) <= minutes_of(merged(opened)))


@given(stretches.map(sorted))
def test_no_two_that_meet_share_a_lane_and_all_of_a_group_know_its_width(parts):
    placed = lanes(parts)

    for one in range(len(parts)):
        assert 1 <= placed[one][0] <= placed[one][1]
        for other in range(one):
            if meet(parts[one], parts[other]):
                assert placed[one][0] != placed[other][0]
                assert placed[one][1] == placed[other][1]


def test_hour_of_a_closure_is_its_hour_on_the_wall(here):
    closure = ClosureFactory(location=here, first_on=DAY, from_time=time(9), to_time=time(12))

    assert str(closure) == "Harbour Street, 16 Mar 2026, 09:00–12:00: Holiday"
