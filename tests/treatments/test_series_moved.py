"""Appointments that were booked together, moved "this and later"."""

import uuid
from datetime import date, time

import pytest
import time_machine

from clinic.roles import Role
from tests.factories import (
    AppointmentFactory,
    ClosureFactory,
    CourseFactory,
    FollowUpFactory,
    LocationFactory,
    PatientFactory,
    RoomFactory,
    UserFactory,
)
from tests.treatments.courses_with_sessions import WEEK
from tests.treatments.session_forms import NOW
from treatments.models import Appointment
from treatments.rules.wall_time import at_wall


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def here(db):
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
def course(here, doctor):
    return CourseFactory(patient=PatientFactory(location=here), clinician=doctor)


@pytest.fixture
def series(course, doctor):
    """Return four appointments booked together: Mondays at ten, over the day on which the clocks change."""
    key, zone = uuid.uuid4(), course.location.tz
    starts = [at_wall(date(2026, 10, 19) + number * WEEK, time(10), zone).moment for number in range(4)]
    return [AppointmentFactory(course=course, practitioner=doctor, starts_at=at, series=key) for at in starts]


def change(client, appointment, **changes):
    local = appointment.location.local(appointment.starts_at)
    form = {
        "kind": appointment.kind,
        "course": appointment.course_id,
        "starts_at": f"{local:%Y-%m-%dT%H:%M}",
        "minutes": appointment.minutes,
        "practitioner": appointment.practitioner_id,
        "version": appointment.version,
        **changes,
    }
    return client.post(appointment.get_absolute_url(), form)


def on_the_wall(course):
    stored = Appointment.objects.order_by("starts_at")
    return [f"{course.location.local(each.starts_at):%m-%d %H:%M}" for each in stored]


def test_only_this_one_is_moved(client, nurse, series, course):
    change(client, series[1], starts_at="2026-10-26T15:00", reach="this")

    assert on_the_wall(course) == ["10-19 10:00", "10-26 15:00", "11-02 10:00", "11-09 10:00"]


def test_this_and_later_keep_their_distance_on_the_wall(client, nurse, series, course):
    response = change(client, series[1], starts_at="2026-10-27T11:30", reach="later")

    assert response.status_code == 302
    assert on_the_wall(course) == ["10-19 10:00", "10-27 11:30", "11-03 11:30", "11-10 11:30"]


@pytest.mark.parametrize("weeks", [1, -1])
def test_series_moves_by_its_own_step_without_standing_in_its_own_way(client, nurse, series, course, weeks):
    start = date(2026, 10, 26) + weeks * WEEK
    Appointment.objects.filter(pk=series[0].pk).update(status="cancelled", status_reason="Ill.")

    response = change(client, series[1], starts_at=f"{start}T10:00", reach="later")

    assert response.status_code == 302, response.context["form"].errors
    assert on_the_wall(course)[1:] == [f"{start + number * WEEK:%m-%d} 10:00" for number in range(3)]


def test_person_room_and_length_go_along(client, nurse, series, here):
    room = RoomFactory(location=here)

    change(client, series[2], practitioner=nurse.pk, room=room.pk, minutes="60", reach="later")

    stored = Appointment.objects.order_by("starts_at").values_list("practitioner", "room", "minutes")
    assert list(stored[2:]) == [(nurse.pk, room.pk, 60)] * 2
    assert list(stored[:2]) == [(series[0].practitioner_id, None, 30)] * 2


def test_kind_goes_along(client, nurse, series):
    response = change(client, series[2], kind="review", reach="later")

    assert response.status_code == 302
    assert list(Appointment.objects.order_by("starts_at").values_list("kind", flat=True)) == [
        "session",
        "session",
        "review",
        "review",
    ]


@pytest.mark.parametrize(("kind", "answers"), [("follow-up", True), ("review", False)])
def test_series_that_becomes_follow_ups_answers_the_one_that_is_open(client, nurse, series, course, kind, answers):
    follow_up = FollowUpFactory(course=course)

    change(client, series[2], kind=kind, reach="later")

    stored = Appointment.objects.order_by("starts_at").values_list("follow_up", flat=True)
    assert list(stored) == [None, None, *[follow_up.pk if answers else None] * 2]


def test_one_later_day_that_is_taken_stops_all_and_is_named(client, nurse, series, doctor, here, course):
    at = at_wall(date(2026, 11, 10), time(10), here.tz).moment
    AppointmentFactory(
        patient=PatientFactory(location=here), course=None, kind="review", practitioner=doctor, starts_at=at
    )

    response = change(client, series[1], starts_at="2026-10-27T10:00", reach="later")

    words = ["10 Nov 2026, 10:00: Dr Ines Moreau is taken from 10:00 to 10:30."]
    assert list(response.context["form"].errors.values()) == [words]
    assert "11-09 10:00" in on_the_wall(course)


def test_later_day_that_is_closed_asks_for_a_reason_and_keeps_it(client, nurse, series, here):
    ClosureFactory(location=here, first_on=date(2026, 11, 10), reason="Fair")
    moved = {"starts_at": "2026-10-27T10:00", "reach": "later"}

    refused = change(client, series[1], **moved)
    change(client, series[1], **moved, exception_reason="Opens for her.")

    assert "10 Nov 2026, 10:00: Harbour Street is closed on 10 Nov 2026: Fair." in str(refused.context["form"].errors)
    reasons = Appointment.objects.order_by("starts_at").values_list("exception_reason", flat=True)
    assert list(reasons) == ["", "", "", "Opens for her."]


def test_page_that_asks_for_a_reason_for_later_days_has_the_field_for_it_and_asks_once(client, nurse, series, here):
    ClosureFactory(location=here, first_on=date(2026, 11, 3), last_on=date(2026, 11, 10), reason="Fair")

    refused = change(client, series[1], starts_at="2026-10-27T10:00", reach="later")

    page, asked = refused.content.decode(), "Say why they are booked all the same, or choose another time."
    assert 'name="exception_reason"' in page
    assert refused.context["form"].errors["exception_reason"] == [asked]
    assert [each[:19] for each in refused.context["form"].non_field_errors()] == [
        "10 Nov 2026, 10:00:",
        "3 Nov 2026, 10:00: ",
    ]
    assert not Appointment.objects.filter(version=2).exists()


def test_closed_day_is_all_that_is_said_where_each_takes_the_next_ones_place(client, nurse, series, here):
    ClosureFactory(location=here, first_on=date(2026, 11, 16), reason="Fair")

    refused = change(client, series[1], starts_at="2026-11-02T10:00", reach="later")

    assert len(refused.context["form"].non_field_errors()) == 1


def test_what_is_done_or_cancelled_of_a_series_stays(client, nurse, series, course):
    Appointment.objects.filter(pk=series[2].pk).update(status="cancelled", status_reason="Ill.")

    change(client, series[1], starts_at="2026-10-26T12:00", reach="later")

    assert on_the_wall(course) == ["10-19 10:00", "10-26 12:00", "11-02 10:00", "11-09 12:00"]


def test_last_of_a_series_and_a_single_one_are_not_asked_how_far(client, nurse, series):
    pages = [client.get(series[number].get_absolute_url()).context["form"].fields for number in (0, 3)]

    assert ["reach" in fields for fields in pages] == [True, False]


def test_series_moved_over_a_newer_version_is_refused(client, nurse, series, course):
    stored = Appointment.objects.get(pk=series[1].pk)
    stored.minutes = 45
    stored.save_over(1)

    response = change(client, series[1], starts_at="2026-10-27T10:00", reach="later")

    assert response.context["form"].conflict
    assert on_the_wall(course)[1] == "10-26 10:00"
