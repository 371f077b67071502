"""The calendar: a day by person or room, and the week."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine
from django.urls import reverse

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
from tests.treatments.calendar_days import DAY, NOW, TEN, visit
from treatments.rules.hours import A_DAY, Stretch

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
    whom = {"patient": str(PatientFactory(location=here).public_id)}
    as_it_starts = client.get(reverse("appointment-new"), whom).context["form"].initial

    response = client.get(reverse("appointment-new"), whom | tapped)

    assert response.context["form"].initial == as_it_starts


@pytest.mark.parametrize("day", ["", "x", "2026-02-30", "0001-01-01", "9999-12-31"])
def test_day_that_is_none_shows_today(client, nurse, day):
    assert shown(client, day=day).first == date(2026, 3, 10)


def test_week_of_the_year_shows_its_monday(client, nurse):
    assert shown(client, day="2026-W11").first == date(2026, 3, 9)


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

    with django_assert_num_queries(12):
        client.get(reverse("calendar"), {"day": DAY.isoformat(), **query})


def test_hour_of_a_closure_is_its_hour_on_the_wall(here):
    closure = ClosureFactory(location=here, first_on=DAY, from_time=time(9), to_time=time(12))

    assert str(closure) == "Harbour Street, 16 Mar 2026, 09:00–12:00: Holiday"
