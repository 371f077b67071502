"""Going back in the browser and sending an old form with other facts: asked again, never taken for a double tap."""

import uuid
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from clinic.roles import Role
from tests.factories import CourseFactory, PatientFactory, UserFactory
from tests.factories.treatments import FIRST_SESSION
from treatments.models import Appointment, Course, Session

pytestmark = pytest.mark.django_db

NOW = FIRST_SESSION + timedelta(days=14)


@pytest.fixture
def course():
    return CourseFactory()


@pytest.fixture
def send(client, course):
    """Return what sends the forms given, one after the other, and returns the last response."""
    client.force_login(UserFactory(role=Role.STAFF, locations=[course.location]))

    def send(url, *forms):
        with time_machine.travel(NOW, tick=False):
            return [client.post(url, form) for form in forms][-1]

    return send


def said(response):
    return response.context["form"].non_field_errors()


def local(course, moment):
    return course.location.local(moment).strftime("%Y-%m-%dT%H:%M")


def session_form(course):
    return {
        "form_token": str(uuid.uuid4()),
        "performed_at": local(course, NOW - timedelta(hours=1)),
        "performed_by": course.clinician.pk,
        "areas": [area.pk for area in course.areas.all()],
        "technique": "nappage",
        "weight_kg": "70.5",
        "reactions": ["none"],
    }


@pytest.mark.parametrize(
    "change", [{"weight_kg": "71"}, {"reactions": ["burning"]}, {"reactions": []}, {"note": "Calm."}]
)
def test_session_of_an_old_form_is_asked_again_and_then_logged(course, send, change):
    url, form = reverse("session-new", args=[course.public_id]), session_form(course)

    response = send(url, form, form | change)

    moment = course.location.local(NOW - timedelta(hours=1))
    assert said(response) == [
        f"This form was sent already and made the session of {moment:%-d %B %Y, %H:%M}. "
        "To make another, send it again."
    ]
    assert Session.objects.count() == 1
    later = {"performed_at": local(course, NOW), "early_reason": "Asked for"}
    send(url, form | later | change | {"form_token": response.context["form"]["form_token"].value()})
    assert Session.objects.count() == 2


def test_session_sent_twice_is_one_though_the_first_makes_the_second_too_early(course, send):
    form = session_form(course) | {"reactions": ["burning"], "lasted-burning": "10"}

    response = send(reverse("session-new", args=[course.public_id]), form, form)

    assert response.url == Session.objects.get().get_absolute_url()


def test_appointment_of_an_old_form_is_asked_again_and_then_booked(course, send):
    url = f"{reverse('appointment-new')}?patient={course.patient.public_id}"
    form = {
        "form_token": str(uuid.uuid4()),
        "kind": "consultation",
        "starts_at": local(course, NOW + timedelta(days=1)),
        "minutes": "30",
        "practitioner": course.clinician.pk,
    }
    other = form | {"starts_at": local(course, NOW + timedelta(days=2))}

    response = send(url, form, other)

    moment = course.location.local(NOW + timedelta(days=1))
    assert said(response) == [
        f"This form was sent already and made the appointment of {moment:%-d %B %Y, %H:%M}. "
        "To make another, send it again."
    ]
    send(url, other | {"form_token": response.context["form"]["form_token"].value()})
    assert Appointment.objects.count() == 2


def test_course_of_an_old_form_is_asked_again(course, send):
    url = reverse("course-new", args=[PatientFactory(location=course.location).public_id])
    form = {
        "form_token": str(uuid.uuid4()),
        "protocol": course.protocol.pk,
        "areas": [area.pk for area in course.areas.all()],
        "planned_sessions": "15",
        "price": "620.5",
        "clinician": course.clinician.pk,
        "started_on": "2026-03-10",
    }

    response = send(url, form, form | {"price": "600"})
    sent = f"This form was sent already and made {course.protocol}, 2026-03-10. To make another, send it again."
    assert [*said(response)][-1] == sent
    assert Course.objects.exclude(pk=course.pk).count() == 1
