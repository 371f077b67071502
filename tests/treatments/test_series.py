"""A whole course booked at once, and moved "this and later"."""

import uuid
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

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
    FollowUpFactory,
    LocationFactory,
    PatientFactory,
    RoomFactory,
    SessionFactory,
    UserFactory,
)
from treatments.models import Appointment
from treatments.rules.series import days_of_series, shifted_on_the_wall
from treatments.rules.wall_time import Clock, at_wall

NOW = datetime(2026, 3, 10, 18, 30, tzinfo=UTC)  # a Tuesday, 11:30 in Los Angeles
TEN = datetime(2026, 3, 16, 17, 0, tzinfo=UTC)  # Monday the 16th, 10:00 there
MONDAY = date(2026, 3, 16)
WEEK = timedelta(days=7)


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

    assert response.status_code == 200 or not Appointment.objects.exclude(series=None).count()
    assert not Appointment.objects.filter(starts_at__lt=NOW).exists()


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

    with django_assert_num_queries(QUERIES):
        send(client, course, form)


QUERIES = 20


# Moving.


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


# The rules.

ZONES = ["America/Los_Angeles", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC", "America/St_Johns"]
moments = st.datetimes(datetime(2020, 1, 1), datetime(2037, 1, 1)).map(lambda at: at.replace(second=0, microsecond=0))  # noqa: DTZ001


@given(moments, st.sampled_from(ZONES))
def test_time_on_the_wall_is_kept_unless_it_is_not_there(bare, name):
    found = at_wall(bare.date(), bare.time(), ZoneInfo(name))
    shown = found.moment.astimezone(UTC).astimezone(ZoneInfo(name)).replace(tzinfo=None, fold=0)

    if found.clock is Clock.NEVER:
        assert timedelta(0) < shown - bare <= timedelta(hours=1)
    else:
        assert shown == bare


@pytest.mark.parametrize(
    ("name", "day", "hour", "clock", "moment"),
    [
        (
            "America/Los_Angeles",
            date(2027, 3, 14),
            time(2, 30),
            Clock.NEVER,
            datetime(2027, 3, 14, 10, 30, tzinfo=UTC),
        ),
        ("Europe/Berlin", date(2026, 10, 25), time(2, 30), Clock.TWICE, datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("Australia/Lord_Howe", date(2026, 4, 5), time(1, 45), Clock.TWICE, datetime(2026, 4, 4, 14, 45, tzinfo=UTC)),
        ("Europe/Berlin", date(2028, 2, 29), time(9), Clock.ONCE, datetime(2028, 2, 29, 8, tzinfo=UTC)),
    ],
)
def test_hours_around_a_change_of_the_clocks(name, day, hour, clock, moment):
    found = at_wall(day, hour, ZoneInfo(name))

    assert (found.clock, found.moment) == (clock, moment)


@given(
    st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    st.sets(st.integers(0, 6)),
    st.integers(1, 60),
    st.integers(1, 20),
)
def test_days_of_a_series_are_on_their_weekdays_and_never_nearer_than_the_interval(first, weekdays, interval, count):
    found = days_of_series(first, weekdays=weekdays, interval=interval, count=count)

    assert len(found) == count
    assert found[0] >= first
    assert all(not weekdays or day.weekday() in weekdays for day in found)
    apart = [(after - before).days for before, after in pairwise(found)]
    assert all(interval <= each < interval + 7 for each in apart)


@given(moments, moments, st.integers(-60, 60), st.integers(-720, 720), st.sampled_from(ZONES))
def test_shift_is_the_same_on_the_wall_for_all(one, other, days, minutes, name):
    zone = ZoneInfo(name)
    old = at_wall(one.date(), one.time(), zone)
    there = one + timedelta(days=days, minutes=minutes)
    new, later = at_wall(there.date(), there.time(), zone), at_wall(other.date(), other.time(), zone)
    if Clock.NEVER in {old.clock, new.clock, later.clock}:
        return

    found = shifted_on_the_wall(later.moment, old=old.moment, new=new.moment, zone=zone)

    if found.clock is not Clock.NEVER:
        shown = found.moment.astimezone(zone).replace(tzinfo=None, fold=0)
        assert shown == other + timedelta(days=days, minutes=minutes)
