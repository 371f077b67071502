"""A session logged from the course's page belongs to the appointment for which its patient is here."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse

from tests.factories import AppointmentFactory, CourseFactory, UserFactory
from treatments.models import Appointment, Session

NOW = datetime(2026, 3, 10, 18, 30, tzinfo=UTC)  # 11:30 in Los Angeles

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def course():
    return CourseFactory()


@pytest.fixture
def log(client, course):
    """Log a session from the course's page, without a word about an appointment."""
    client.force_login(UserFactory(locations=[course.location]))

    def post(performed_at="2026-03-10T11:00"):
        form = {
            "form_token": str(uuid.uuid4()),
            "performed_at": performed_at,
            "performed_by": course.clinician.pk,
            "areas": [area.pk for area in course.areas.all()],
            "technique": "nappage",
            "early_reason": "Travels tomorrow.",
        }
        client.post(reverse("session-new", args=[course.public_id]), form)
        return Session.objects.latest("pk")

    return post


def coming(of, **facts):
    return AppointmentFactory(**{"course": of, "starts_at": NOW - timedelta(hours=1), "status": "in-room", **facts})


@pytest.mark.parametrize("status", ["arrived", "in-room"])
def test_patient_who_is_here_leaves_the_board(course, log, status):
    here = coming(course, status=status)

    assert log().appointment == here
    assert Appointment.objects.get().status == "done"


def test_visit_booked_for_no_course_is_taken_if_none_is_of_the_course(course, log):
    consultation = coming(course, course=None, patient=course.patient, kind="consultation")

    assert log().appointment == consultation


def test_visit_of_the_course_comes_before_one_of_none(course, log):
    coming(course, course=None, patient=course.patient, kind="consultation", starts_at=NOW - timedelta(hours=2))
    own = coming(course)

    assert log().appointment == own


@pytest.mark.parametrize("status", ["booked", "done", "cancelled", "no-show"])
def test_visit_for_which_nobody_is_here_stays_as_it_is(course, log, status):
    coming(course, status=status)

    assert log().appointment is None
    assert Appointment.objects.get().status == status


def test_visit_of_another_course_or_another_person_stays_as_it_is(course, log):
    coming(CourseFactory(patient=course.patient, protocol__name="Acne"))
    coming(CourseFactory(patient__location=course.location))

    assert log().appointment is None


def test_session_of_yesterday_does_not_end_a_visit_of_today(course, log):
    coming(course)

    assert log("2026-03-09T11:00").appointment is None
    assert Appointment.objects.get().status == "in-room"


def test_second_session_of_a_day_belongs_to_no_visit(course, log):
    here = coming(course)

    assert [log().appointment, log("2026-03-10T11:20").appointment] == [here, None]
