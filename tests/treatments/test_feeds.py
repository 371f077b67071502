"""A practitioner's calendar under a secret address."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from icalendar import Calendar

from clinic.roles import Role
from tests.factories import AppointmentFactory, CourseFactory, LocationFactory, PatientFactory, UserFactory
from treatments.models import CalendarFeed

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 10, 20, 16, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def october():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def ines():
    return UserFactory(role=Role.CLINICIAN, locations=[LocationFactory(name="Harbour Street")])


def booked(ines, starts_at=NOW + timedelta(days=1), **facts):
    patient = PatientFactory(location=ines.own_locations[0], given_name="Ana", family_name="Petrova")
    return AppointmentFactory(
        course=CourseFactory(patient=patient, clinician=ines), practitioner=ines, starts_at=starts_at, **facts
    )


def events(client, token):
    response = client.get(f"/feeds/{token}.ics")
    assert response.headers["Content-Type"] == "text/calendar; charset=utf-8"
    return Calendar.from_ical(response.content).walk("VEVENT")


def made(ines, shows="number"):
    return CalendarFeed.make(ines, shows=shows, now=NOW)


def test_feed_has_the_own_appointments_that_stand(client, ines):
    mine = booked(ines)
    booked(ines, status="cancelled")
    AppointmentFactory(starts_at=NOW + timedelta(days=1))

    [event] = events(client, made(ines))

    assert event["uid"] == f"{mine.public_id}@mesotrack"
    assert event["summary"] == f"Session, {mine.patient.record_number}"
    assert event["location"] == "Harbour Street"


@pytest.mark.parametrize(("shows", "called"), [("initials", "Session, A.P."), ("name", "Session, Ana Petrova")])
def test_names_are_shown_only_where_the_practitioner_says_so(client, ines, shows, called):
    booked(ines)

    [event] = events(client, made(ines, shows))

    assert event["summary"] == called


@pytest.mark.parametrize(
    ("starts_at", "written"),
    [
        (datetime(2026, 10, 31, 16, 0, tzinfo=UTC), b"20261031T160000Z"),  # 09:00 in Los Angeles
        (datetime(2026, 11, 1, 17, 0, tzinfo=UTC), b"20261101T170000Z"),  # 09:00 again, after the change
    ],
)
def test_times_are_moments_on_both_sides_of_the_change_of_clocks(client, ines, starts_at, written):
    booked(ines, starts_at=starts_at)

    [event] = events(client, made(ines))

    assert b"DTSTART:" + written in event.to_ical()


def test_address_withdrawn_or_replaced_leads_nowhere(client, ines):
    old = made(ines)
    new = made(ines)

    assert client.get(f"/feeds/{old}.ics").status_code == 404
    assert client.get(f"/feeds/{new}.ics").status_code == 200
    CalendarFeed.objects.of_user(ines).update(revoked_at=NOW)
    assert client.get(f"/feeds/{new}.ics").status_code == 404


def test_feed_of_somebody_who_left_is_closed(client, ines):
    token = made(ines)
    ines.is_active = False
    ines.save()

    assert client.get(f"/feeds/{token}.ics").status_code == 404


def test_address_is_shown_once_and_kept_as_a_hash(client, ines):
    client.force_login(ines)
    page = client.post("/feeds/", {"shows": "initials", "act": "make"})
    address = page.context["address"]

    assert events(client, address.partition("/feeds/")[2].removesuffix(".ics")) == []
    assert address not in client.get("/feeds/").content.decode()
    feed = CalendarFeed.objects.get()
    assert (feed.user, feed.shows, feed.token_hash in address) == (ines, "initials", False)


def test_feed_is_withdrawn_on_its_page(client, ines):
    token = made(ines)
    client.force_login(ines)
    client.post("/feeds/", {"act": "withdraw"})

    assert client.get(f"/feeds/{token}.ics").status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_feed_asks_the_same_for_one_and_for_many(client, ines, count, django_assert_num_queries):
    for day in range(count):
        booked(ines, starts_at=NOW + timedelta(days=day + 1))
    token = made(ines)

    with django_assert_num_queries(4):
        events(client, token)
