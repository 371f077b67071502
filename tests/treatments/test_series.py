"""A whole course booked at once."""

import uuid
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
    SessionFactory,
    UserFactory,
)
from tests.treatments.courses_with_sessions import WEEK
from tests.treatments.session_forms import NOW
from treatments.models import Appointment

TEN = datetime(2026, 3, 16, 17, 0, tzinfo=UTC)  # Monday the 16th, 10:00 there
MONDAY = date(2026, 3, 16)


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


def rule(doctor, **changes):
    return {
        "series": str(uuid.uuid4()),
        "first_on": "2026-03-16",
        "weekdays": ["0"],
        "hour": "10:00",
        "interval": "7",
        "count": "4",
        "minutes": "40",
        "practitioner": doctor.pk,
        **changes,
    }


def days(*rows):
    """Return what the page sends of its days, each (day, time) or (day, time, "on") when left out."""
    fields = {"days-TOTAL_FORMS": len(rows), "days-INITIAL_FORMS": len(rows)}
    for number, row in enumerate(rows):
        fields |= dict(zip((f"days-{number}-day", f"days-{number}-hour", f"days-{number}-skip"), row, strict=False))
    return fields


FOUR = [(f"2026-03-{16 + 7 * number}", "10:00") for number in range(3)] + [("2026-04-06", "10:00")]


def send(client, course, form, step="rule"):
    return client.post(reverse("course-book", args=[course.public_id]), form | {"step": step})


def said(response):
    return [row.refused + row.doubtful for row in response.context["rows"]]


def test_rule_shows_its_days_and_books_nothing(client, nurse, doctor, course):
    response = send(client, course, rule(doctor))

    assert [str(row.form.initial["day"]) for row in response.context["rows"]] == [day for day, _hour in FOUR]
    assert said(response) == [[], [], [], []]
    assert not Appointment.objects.exists()


def test_days_are_booked_together_at_their_hour_on_the_wall(client, nurse, doctor, course):
    form = rule(doctor, first_on="2026-10-26", count="2") | days(("2026-10-26", "10:00"), ("2026-11-02", "10:00"))

    response = send(client, course, form, "book")

    assert response.url == course.get_absolute_url()
    booked = list(Appointment.objects.order_by("starts_at"))
    # 10:00 before and after the clocks go back on 1 November.
    assert [each.starts_at.hour for each in booked] == [17, 18]
    assert {(each.course, each.kind, each.minutes, each.practitioner) for each in booked} == {
        (course, "session", 40, doctor)
    }
    assert {str(each.series) for each in booked} == {form["series"]}


def test_form_sent_twice_books_once(client, nurse, doctor, course):
    form = rule(doctor) | days(*FOUR)

    answers = [send(client, course, form, "book") for _tap in range(2)]

    assert [answer.url for answer in answers] == [course.get_absolute_url()] * 2
    assert Appointment.objects.count() == 4


def test_day_is_left_out_or_changed_before_booking(client, nurse, doctor, course):
    rows = [FOUR[0], (*FOUR[1], "on"), ("2026-03-31", "11:30"), FOUR[3]]

    send(client, course, rule(doctor, reason="Travels.") | days(*rows), "book")

    local = [course.location.local(each.starts_at) for each in Appointment.objects.order_by("starts_at")]
    assert [f"{each:%m-%d %H:%M}" for each in local] == ["03-16 10:00", "03-31 11:30", "04-06 10:00"]


def test_day_that_is_taken_is_marked_and_nothing_is_booked(client, nurse, doctor, course, here):
    AppointmentFactory(
        patient=PatientFactory(location=here),
        course=None,
        kind="consultation",
        practitioner=doctor,
        starts_at=TEN + WEEK,
    )

    response = send(client, course, rule(doctor) | days(*FOUR), "book")

    assert said(response) == [[], ["Dr Ines Moreau is taken from 10:00 to 10:30."], [], []]
    assert Appointment.objects.count() == 1


def test_room_that_is_taken_is_marked(client, nurse, doctor, course, here):
    room = RoomFactory(location=here, name="room 2")
    AppointmentFactory(patient=PatientFactory(location=here), course=None, kind="review", starts_at=TEN, room=room)

    assert said(send(client, course, rule(doctor, room=room.pk)))[0] == ["room 2 is taken from 10:00 to 10:30."]


def test_closed_day_needs_a_reason_that_this_day_alone_keeps(client, nurse, doctor, course, here):
    ClosureFactory(location=here, first_on=MONDAY + WEEK, reason="Spring break")
    form = rule(doctor) | days(*FOUR)

    refused = send(client, course, form, "book")
    send(client, course, form | {"reason": "Opens for her."}, "book")

    assert said(refused) == [[], ["Harbour Street is closed on 23 Mar 2026: Spring break."], [], []]
    assert list(refused.context["form"].errors) == ["reason"]
    reasons = Appointment.objects.order_by("starts_at").values_list("exception_reason", flat=True)
    assert list(reasons) == ["", "Opens for her.", "", ""]


def test_day_nearer_than_the_interval_is_marked_on_both_sides(client, nurse, doctor, course):
    SessionFactory(course=course, performed_at=TEN - timedelta(days=5))

    response = send(client, course, rule(doctor) | days(FOUR[0], ("2026-03-20", "10:00")), "check")

    nearest = "{} days from the session of {}. The protocol wants at least 7."
    assert said(response) == [[nearest.format(4, "20 Mar 2026")], [nearest.format(4, "16 Mar 2026")]]


def test_two_days_at_one_hour_stand_in_each_others_way(client, nurse, doctor, course):
    response = send(client, course, rule(doctor) | days(FOUR[0], FOUR[0]), "check")

    assert all("is taken from 10:00 to 10:40." in " ".join(words) for words in said(response))


def test_hour_that_is_not_on_the_clock_or_twice_is_said(client, nurse, doctor, course):
    rows = days(("2027-03-14", "02:30"), ("2026-11-01", "01:30"), FOUR[0])

    notes = [row.clock_note for row in send(client, course, rule(doctor) | rows, "check").context["rows"]]

    assert notes == [
        "The clocks go forward over this time: 03:30 is booked.",
        "The clocks go back: this hour is there twice, and the first is booked.",
        "",
    ]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"interval": "6"}, "interval"),
        ({"interval": "15"}, "interval"),
        ({"interval": "x"}, "interval"),
        ({"count": "0"}, "count"),
        ({"count": "61"}, "count"),
        ({"minutes": "4"}, "minutes"),
        ({"weekdays": ["7"]}, "weekdays"),
        ({"first_on": "2026-02-30"}, "first_on"),
        ({"first_on": "9999-12-31"}, "first_on"),
        ({"hour": "25:00"}, "hour"),
        ({"practitioner": ""}, "practitioner"),
        ({"room": "999"}, "room"),
        ({"series": "again"}, "series"),
        ({"reason": "nul \x00"}, "reason"),
    ],
)
def test_rule_that_cannot_be_is_refused_at_its_field(client, nurse, doctor, course, changes, field):
    response = send(client, course, rule(doctor) | changes)

    assert list(response.context["form"].errors) == [field]


@pytest.mark.parametrize(
    "rows",
    [
        {"days-TOTAL_FORMS": "x", "days-INITIAL_FORMS": "0"},
        {"days-TOTAL_FORMS": "1000000", "days-INITIAL_FORMS": "0"},
        days(("2026-02-30", "10:00")),
        days(("2026-03-16", "")),
        days(("2026-03-02", "10:00")),
        days(("2026-03-16", "10:00", "on")),
    ],
)
def test_days_that_cannot_be_book_nothing(client, nurse, doctor, course, rows):
    response = send(client, course, rule(doctor) | rows, "book")

    assert response.status_code == 200
    assert not Appointment.objects.exists()


def test_series_starts_from_last_time_and_what_is_left(client, nurse, doctor, course):
    SessionFactory(course=course, performed_at=datetime(2026, 3, 9, 17, 7, tzinfo=UTC), signed=True)

    initial = client.get(reverse("course-book", args=[course.public_id])).context["form"].initial

    assert (initial["first_on"], initial["weekdays"], initial["hour"]) == (MONDAY, [0], time(10, 5))
    assert (initial["count"], initial["interval"], initial["minutes"]) == (14, 7, 40)


@pytest.mark.parametrize("count", [1, 3, 20])
def test_days_are_judged_in_as_many_queries_for_twenty_as_for_one(
    client, nurse, doctor, course, count, django_assert_num_queries
):
    form = rule(doctor, count=str(count))

    with django_assert_num_queries(20):
        send(client, course, form)
