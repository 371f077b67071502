"""Signing a session and booking the next in one tap: both, or neither."""

from datetime import date

import pytest
import time_machine

from clinic.roles import Role
from tests.factories import ClosureFactory, CourseFactory
from tests.treatments.session_forms import NOW, errors, form_of, new_url, signed_in
from treatments.models import Appointment, Session

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def course(client):
    course = CourseFactory()
    signed_in(client, course, Role.CLINICIAN)
    return course


def sign_and_book(client, course, next_at):
    return client.post(new_url(course), form_of(course, action="book", next_at=next_at))


def test_session_is_signed_and_the_next_one_booked(client, course):
    response = sign_and_book(client, course, "2026-03-17T11:00")

    assert response.status_code == 302, errors(response)
    assert Session.objects.get().is_signed
    assert course.location.local(Appointment.objects.get(status="booked").starts_at).day == 17


@pytest.mark.parametrize(
    ("next_at", "words"),
    [
        ("2026-03-18T11:00", " is closed on 18 Mar 2026: Fair."),
        ("2026-03-14T11:00", "4 days from the session of 10 Mar 2026. The protocol wants at least 7."),
    ],
)
def test_day_that_needs_a_reason_stops_both_and_says_the_way(client, course, next_at, words):
    ClosureFactory(location=course.location, first_on=date(2026, 3, 18), reason="Fair")

    said = errors(sign_and_book(client, course, next_at))

    assert list(said) == ["next_at"]
    assert said["next_at"][0].endswith(words)
    assert said["next_at"][1] == "Choose another day, or sign and then book it with a reason."
    assert (Session.objects.count(), Appointment.objects.count()) == (0, 0)
