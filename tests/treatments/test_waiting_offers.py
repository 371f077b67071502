"""Who could come at an hour that is free, and is asked by one person at a time."""

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
    LocationFactory,
    SessionFactory,
    UserFactory,
    WaitingFactory,
    WaitingOfferFactory,
    WorkingHoursFactory,
)
from tests.treatments.waiting_hours import NOW, SLOT, fell, given_up, let_wait, names, offer, open_hour, take
from treatments.models import Appointment, WaitingOffer

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


# Who could come.


def test_page_of_an_hour_shows_who_could_come_in_their_turn(client, nurse, leaving, wait):
    fell(leaving)
    wait("Shorter", joined_at=NOW - timedelta(days=2))
    wait("Longest", joined_at=NOW - timedelta(days=5))
    wait("Needed", need=1, joined_at=NOW)
    wait("Other", weekdays=[2])

    assert names(open_hour(client, leaving)) == ["Needed", "Longest", "Shorter"]


@pytest.mark.parametrize(
    ("fields", "fits"),
    [
        ({}, True),
        ({"starts_at": None, "minutes": 40}, True),
        ({"starts_at": None, "minutes": 45}, False),
        ({"notice_hours": 168}, False),
        ({"from_on": date(2026, 3, 17)}, False),
        ({"parts": ["evening"]}, False),
        ({"starts_at": SLOT - timedelta(days=2)}, False),
    ],
)
def test_hour_is_offered_to_whom_it_fits(client, nurse, leaving, wait, fields, fits):
    fell(leaving)
    wait("Ana", **fields)

    assert names(open_hour(client, leaving)) == (["Ana"] if fits else [])


def test_only_who_wants_this_person_or_anyone(client, nurse, leaving, wait, here, doctor):
    fell(leaving)
    wait("Other", practitioner=UserFactory(role=Role.CLINICIAN, locations=[here]))
    wait("Same", practitioner=doctor)

    assert names(open_hour(client, leaving)) == ["Same"]


def test_nobody_is_offered_an_hour_too_near_to_another_session(client, nurse, leaving, wait, doctor):
    fell(leaving)
    given, booked = wait("Given"), wait("Booked")
    SessionFactory(course=given.course, performed_at=SLOT - timedelta(days=6))
    AppointmentFactory(course=booked.course, practitioner=doctor, starts_at=SLOT + timedelta(days=6, hours=3))
    wait("Free")

    assert names(open_hour(client, leaving)) == ["Free"]


def test_nobody_is_offered_an_hour_at_which_they_are_here_for_something_else(client, nurse, leaving, wait, here):
    fell(leaving)
    waiting = wait("Ana")
    AppointmentFactory(
        patient=waiting.patient,
        course=None,
        kind="review",
        starts_at=SLOT + timedelta(minutes=20),
        practitioner=UserFactory(role=Role.CLINICIAN, locations=[here]),
    )

    assert names(open_hour(client, leaving)) == []


def test_nothing_is_offered_on_a_closed_day_or_outside_the_hours(client, nurse, leaving, wait, here):
    fell(leaving)
    wait("Ana")
    hours = WorkingHoursFactory(location=here, weekday=0, from_time="11:00", to_time="18:00")
    outside = names(open_hour(client, leaving))
    hours.from_time = "09:00"
    hours.save()
    inside = names(open_hour(client, leaving))
    ClosureFactory(location=here, first_on=date(2026, 3, 16), last_on=date(2026, 3, 16))

    assert (outside, inside, names(open_hour(client, leaving))) == ([], ["Ana"], [])


def test_nothing_is_offered_for_a_paused_course(client, nurse, leaving, wait):
    fell(leaving)
    course = wait("Ana").course
    course.status, course.status_on, course.status_reason = "paused", date(2026, 3, 9), "Pregnant."
    course.save_over(course.version)

    assert names(open_hour(client, leaving)) == []


def test_nobody_of_another_place_is_offered_an_hour_here(client, nurse, leaving):
    fell(leaving)
    WaitingFactory()

    assert names(open_hour(client, leaving)) == []


def test_hour_that_is_taken_or_past_says_so(client, nurse, leaving, wait):
    wait("Ana")

    assert "This hour is taken by now." in open_hour(client, leaving).content.decode()
    assert "This time is past." in open_hour(client, leaving, starts="2026-03-09T10:00").content.decode()


@pytest.mark.parametrize(
    "changes",
    [
        {"starts": "tomorrow"},
        {"starts": "0001-01-01T00:00"},
        {"starts": "2026-03-16T10:00:00+09:00"},
        {"minutes": "0"},
        {"minutes": "9" * 30},
        {"with": "x"},
        {"with": str(uuid.uuid4())},
        {"at": str(uuid.uuid4())},
        {"at": ""},
    ],
)
def test_hour_that_cannot_be_is_not_there(client, nurse, leaving, changes):
    assert open_hour(client, leaving, **changes).status_code == 404


@pytest.mark.parametrize("room", ["9" * 40, "-1", "²", "none"])
def test_room_that_is_not_known_is_left_out(client, nurse, leaving, room):
    assert open_hour(client, leaving, room=room).context["opening"].room is None


def test_hour_of_a_place_that_is_not_ones_own_is_not_there(client, nurse):
    elsewhere = AppointmentFactory(starts_at=SLOT)

    assert open_hour(client, elsewhere).status_code == 404


@pytest.mark.parametrize("rows", [1, 3])
def test_page_of_an_hour_asks_as_often_for_three_as_for_one(
    client, nurse, leaving, wait, rows, django_assert_num_queries
):
    fell(leaving)
    for number in range(rows):
        WaitingOfferFactory(waiting=wait(f"Ana{number}"), starts_at=SLOT, outcome="no-answer")
    open_hour(client, leaving)

    with django_assert_num_queries(16):
        response = open_hour(client, leaving)

    assert len(names(response)) == rows


# Asking.


def test_whoever_is_being_asked_is_left_to_the_one_who_asks(client, nurse, leaving, wait, here):
    fell(leaving)
    waiting = wait("Ana")
    offer(client, waiting, leaving, "asked")
    mine = open_hour(client, leaving).content.decode()
    client.force_login(UserFactory(last_name="Other", locations=[here]))

    theirs = open_hour(client, leaving).content.decode()
    refused = offer(client, waiting, leaving, "asked")
    taken = take(client, waiting, leaving)

    assert "You are asking since 11:30" in mine
    assert "is asking since 11:30" in theirs
    assert "I am asking" not in theirs
    assert "Nurse Sam Adeyemi is asking Ana Petrova since 11:30." in client.get(refused.url).content.decode()
    assert WaitingOffer.objects.count() == 1
    assert taken.url.startswith(reverse("waiting-slot"))
    assert Appointment.objects.get(pk=waiting.appointment.pk).starts_at != SLOT


def test_after_a_quarter_of_an_hour_others_may_ask(client, nurse, leaving, wait, here):
    fell(leaving)
    waiting = wait("Ana")
    offer(client, waiting, leaving, "asked")
    other = UserFactory(locations=[here])

    with time_machine.travel(NOW + timedelta(minutes=15), tick=False):
        client.force_login(other)
        offer(client, waiting, leaving, "no-answer")

    assert list(WaitingOffer.objects.values_list("outcome", "made_by")) == [
        ("no-answer", other.pk),
        ("asked", nurse.pk),
    ]


def test_whoever_said_no_is_not_offered_this_hour_again_but_another(client, nurse, leaving, wait):
    fell(leaving)
    waiting = wait("Ana")

    offer(client, waiting, leaving, "declined")

    page = open_hour(client, leaving)
    assert names(page) == []
    assert "Said no to this hour:" in page.content.decode()
    assert names(open_hour(client, leaving, starts="2026-03-17T10:00")) == ["Ana"]


def test_whoever_did_not_answer_comes_after_those_not_asked_yet(client, nurse, leaving, wait):
    fell(leaving)
    longest = wait("Longest", joined_at=NOW - timedelta(days=5))
    wait("Shorter", joined_at=NOW - timedelta(days=2))

    offer(client, longest, leaving, "no-answer")

    assert names(open_hour(client, leaving)) == ["Shorter", "Longest"]


def test_answer_sent_twice_is_kept_once(client, nurse, leaving, wait):
    fell(leaving)
    waiting, token = wait("Ana"), str(uuid.uuid4())

    for _tap in range(2):
        offer(client, waiting, leaving, "no-answer", form_token=token)

    assert WaitingOffer.objects.count() == 1


def test_page_that_somebody_went_back_to_takes_another_answer_and_the_hour(client, nurse, leaving, wait):
    """Its token was sent already, with "asked"."""
    fell(leaving)
    waiting, token = wait("Ana"), str(uuid.uuid4())

    for outcome in ("asked", "no-answer", "no-answer"):
        offer(client, waiting, leaving, outcome, form_token=token)
    take(client, waiting, leaving, form_token=token)

    assert list(WaitingOffer.objects.order_by("pk").values_list("outcome", flat=True)) == [
        "asked",
        "no-answer",
        "booked",
    ]


def test_token_of_one_patient_makes_no_row_of_another_disappear(client, nurse, leaving, wait):
    fell(leaving)
    token = str(uuid.uuid4())

    for name in ("Ana", "Eva"):
        offer(client, wait(name), leaving, "no-answer", form_token=token)

    assert WaitingOffer.objects.count() == 2


@pytest.mark.parametrize("changes", [{"outcome": "booked"}, {"outcome": "x"}, {"form_token": "x"}, {"starts": "x"}])
def test_answer_that_no_page_sends_is_not_kept(client, nurse, leaving, wait, changes):
    offer(client, wait("Ana"), leaving, **{"outcome": "declined"} | changes)

    assert not WaitingOffer.objects.exists()
