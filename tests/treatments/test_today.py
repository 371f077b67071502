"""Today: the board of the day, and what waits for whom."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from clinic.roles import Role
from tests.factories import (
    AllergyFactory,
    AppointmentFactory,
    CourseFactory,
    LocationFactory,
    PatientFactory,
    SessionFactory,
    SideEffectFactory,
    SideEffectKindFactory,
    UserFactory,
)
from treatments.board import board

NOW = datetime(2026, 3, 10, 18, 30, tzinfo=UTC)  # 11:30 in Los Angeles
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
QUERIES = 24

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def here():
    return LocationFactory(name="Harbour Street")


@pytest.fixture
def nurse(client, here):
    user = UserFactory(locations=[here])
    client.force_login(user)
    return user


def appoint(here, starts_at=NOW, **facts):
    return AppointmentFactory(course__patient__location=here, starts_at=starts_at, **facts)


def columns(here, now=NOW):
    return {column.status: [card.appointment.pk for card in column.cards] for column in board(here, now).columns}


def test_board_has_a_column_for_each_step_of_the_day(here):
    made = {status: appoint(here, status=status).pk for status in ("booked", "arrived", "in-room", "done")}

    assert columns(here) == {status: [key] for status, key in made.items()}


def test_cancelled_and_missed_are_told_apart_and_not_counted(here):
    appoint(here)
    for status in ("cancelled", "no-show"):
        appoint(here, status=status)

    found = board(here, NOW)

    assert (found.total, len(found.fallen)) == (1, 2)


def test_board_shows_the_local_day_from_midnight_to_midnight(here):
    midnight = datetime(2026, 3, 10, 7, 0, tzinfo=UTC)
    first, last = appoint(here, midnight), appoint(here, midnight + 24 * HOUR - MINUTE)
    appoint(here, midnight - MINUTE)
    appoint(here, midnight + 24 * HOUR)

    assert columns(here)["booked"] == [first.pk, last.pk]


@pytest.mark.parametrize(("zone", "hours"), [("America/Los_Angeles", 23), ("Europe/Berlin", 24)])
def test_day_of_the_change_of_clocks_is_whole(zone, hours):
    place = LocationFactory(time_zone=zone)
    midnight = datetime(2027, 3, 14, tzinfo=place.tz).astimezone(UTC)
    late = appoint(place, midnight + hours * HOUR - MINUTE)
    appoint(place, midnight + hours * HOUR)

    assert columns(place, midnight + 12 * HOUR)["booked"] == [late.pk]


def test_board_of_another_place_is_another(here):
    appoint(LocationFactory())

    assert board(here, NOW).total == 0


def test_my_list_is_what_i_do(client, here, nurse):
    mine = appoint(here, practitioner=nurse)
    appoint(here)

    shown = client.get("/?list=mine").context["board"]

    assert [card.appointment for column in shown.columns for card in column.cards] == [mine]


def test_the_one_who_waits_longest_is_ringed(here):
    for minutes in (10, 25, 5):
        appoint(here, NOW - minutes * MINUTE, status="arrived", arrived_at=NOW - minutes * MINUTE)

    waiting = {card.waiting_minutes: card.is_longest for card in board(here, NOW).columns[1].cards}

    assert waiting == {10: False, 25: True, 5: False}


def test_waiting_counts_from_the_appointment_for_somebody_who_came_early(here):
    appoint(here, NOW - 5 * MINUTE, status="arrived", arrived_at=NOW - 30 * MINUTE)
    appoint(here, NOW + 5 * MINUTE, status="arrived", arrived_at=NOW - 30 * MINUTE)

    assert [card.waiting_minutes for card in board(here, NOW).columns[1].cards] == [5, None]


@pytest.mark.parametrize(("minutes", "late"), [(10, False), (11, True)])
def test_booked_is_late_after_ten_minutes(here, minutes, late):
    appoint(here, NOW - minutes * MINUTE)

    assert board(here, NOW).columns[0].cards[0].is_late is late


def test_card_shows_allergies_in_force_and_open_reactions(here):
    booked = appoint(here)
    AllergyFactory(patient=booked.patient, substance="Lidocaine")
    AllergyFactory(patient=booked.patient, substance="Latex", status="refuted")
    session = SessionFactory(course=booked.course, signed=True)
    SideEffectFactory(session=session)
    SideEffectFactory(session=session, resolved_at=NOW)

    [card] = board(here, NOW).columns[0].cards

    assert [allergy.substance for allergy in card.allergies] == ["Lidocaine"]
    assert (len(card.open_reactions), len(card.prolonged)) == (1, 1)


def test_one_button_a_card_changes_with_the_status(client, here, nurse):
    wanted = {"booked": "Mark arrived", "arrived": "Take in", "in-room": "Log session 1"}
    for status in wanted:
        appoint(here, status=status)

    page = client.get("/").content.decode()

    assert {words: page.count(words) for words in wanted.values()} == dict.fromkeys(wanted.values(), 1)


def test_consultation_in_the_room_is_marked_done(client, here, nurse):
    AppointmentFactory(
        patient=PatientFactory(location=here), course=None, kind="consultation", starts_at=NOW, status="in-room"
    )

    assert "Mark done" in client.get("/").content.decode()


def test_urgent_reaction_heads_the_page_of_those_who_treat_until_it_is_reviewed(client, here):
    effect = SideEffectFactory(
        session__course__patient__location=here, kind=SideEffectKindFactory(code="anaphylaxis"), onset_at=NOW - HOUR
    )
    doctor = UserFactory(role=Role.CLINICIAN, locations=[here])
    client.force_login(doctor)

    before = list(client.get("/").context["urgent"])
    effect.reviewed_at, effect.reviewed_by = NOW, doctor
    effect.save()

    assert (before, list(client.get("/").context["urgent"])) == ([effect], [])


def test_admin_sees_the_day_and_no_clinical_work(client, here):
    client.force_login(UserFactory(role=Role.ADMIN, locations=[here]))
    SideEffectFactory(session__course__patient__location=here, kind=SideEffectKindFactory(code="anaphylaxis"))

    context = client.get("/").context

    assert (context["urgent"], context["reactions"], context["unsigned"]) == ([], None, None)


def test_counts_say_what_waits(client, here, nurse):
    SessionFactory.create_batch(2, course__patient__location=here)
    SideEffectFactory(session__course__patient__location=here, kind=SideEffectKindFactory(code="nodule"))

    context = client.get("/").context

    assert (context["unsigned"]["count"], context["reactions"].due) == (2, 1)


def test_place_without_anybody_today_says_what_to_do(client, nurse):
    assert "Nobody is booked today" in client.get("/").content.decode()


def test_somebody_of_no_place_is_told_so(client):
    client.force_login(UserFactory())

    assert "You belong to no location yet" in client.get("/").content.decode()


def test_first_admin_is_led_to_the_first_location(client):
    client.force_login(UserFactory(role=Role.ADMIN))

    assert "/admin/clinic/location/add/" in client.get("/").content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_page_asks_as_often_for_three_as_for_one(client, here, nurse, count, django_assert_num_queries):
    for number in range(count):
        course = CourseFactory(patient__location=here)
        session = SessionFactory(course=course, signed=True)
        SideEffectFactory(session=session)
        SideEffectFactory(session=session, kind=SideEffectKindFactory(code="anaphylaxis"))
        SessionFactory(course=course, performed_at=NOW - number * HOUR)
        AllergyFactory(patient=course.patient)
        AppointmentFactory(course=course, starts_at=NOW + number * HOUR)

    with django_assert_num_queries(QUERIES):
        client.get("/")
