"""A patient who moves to another place of the clinic takes everything along that is still to come."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from clinic.roles import Role
from patients.models import Patient
from tests.factories import (
    AppointmentFactory,
    CourseFactory,
    FollowUpFactory,
    LocationFactory,
    PatientFactory,
    RoomFactory,
    SessionFactory,
    UserFactory,
)
from treatments.models import Appointment, Course, FollowUp, Session

NOW = datetime(2026, 3, 10, 18, 30, tzinfo=UTC)
TOMORROW = NOW + timedelta(days=1)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def here():
    return LocationFactory(name="Harbour Street")


@pytest.fixture
def there():
    return LocationFactory(name="Lindenhof", time_zone="Europe/Berlin", country_code="DE", currency="EUR")


@pytest.fixture
def course(here):
    return CourseFactory(patient__location=here)


@pytest.fixture
def desk(client, here, there):
    client.force_login(UserFactory(locations=[here, there]))
    return client


def url_of(patient):
    return reverse("patient-location", args=[patient.public_id])


def send(desk, patient, place, **changes):
    return desk.post(url_of(patient), {"version": patient.version, "location": place.pk, **changes})


def test_patient_and_courses_move_and_the_price_stays_as_agreed(desk, course, there):
    response = send(desk, course.patient, there)

    assert response.url == course.patient.get_absolute_url()
    assert Patient.objects.get().location == there
    assert list(Course.objects.values_list("location", "price", "currency")) == [(there.pk, course.price, "USD")]


def test_follow_up_of_a_course_that_ended_is_called_from_the_new_place(desk, course, there):
    Course.objects.update(status="completed")
    follow_up = FollowUpFactory(course=course)

    send(desk, course.patient, there)

    assert list(FollowUp.objects.at(there)) == [follow_up]


def test_booking_ahead_moves_keeps_its_time_and_loses_its_room(desk, course, here, there):
    booked = AppointmentFactory(course=course, starts_at=TOMORROW, room=RoomFactory(location=here))

    send(desk, course.patient, there)

    moved = Appointment.objects.get()
    assert (moved.location, moved.room, moved.starts_at) == (there, None, TOMORROW)
    assert moved.practitioner == booked.practitioner
    assert moved.history.first().history_change_reason == "The patient moved to Lindenhof."


@pytest.mark.parametrize(
    "facts",
    [
        {"starts_at": NOW - timedelta(days=1)},
        {"starts_at": NOW, "status": "arrived"},
        {"starts_at": TOMORROW, "status": "cancelled"},
    ],
)
def test_visit_of_the_past_of_this_moment_or_fallen_stays_where_it_was(desk, course, here, there, facts):
    AppointmentFactory(course=course, **facts)

    send(desk, course.patient, there)

    assert Appointment.objects.get().location == here


def test_move_over_a_newer_version_moves_nothing_and_shows_both(desk, course, here, there):
    Patient.objects.get().save_over(1)

    response = send(desk, course.patient, there, version=1)

    assert response.context["form"].conflict.rows[0].theirs == "Harbour Street"
    assert (Patient.objects.get().location, Course.objects.get().location) == (here, here)


def test_place_that_is_not_ones_own_or_the_same_is_refused(desk, course, here):
    refused = [send(desk, course.patient, place).context["form"].errors for place in [LocationFactory(), here]]

    assert [list(errors) for errors in refused] == [["location"], ["location"]]
    assert Patient.objects.get().version == 1


def test_edit_of_the_record_moves_nobody(desk, here, there):
    patient = PatientFactory(location=here, phone="+14155550182")
    url = reverse("patient-edit", args=[patient.public_id])
    form = desk.get(url).context["form"]
    shown = {name: form[name].value() for name in form.fields}
    typed = {name: value for name, value in shown.items() if value not in (None, False)}

    response = desk.post(url, {**typed, "city": "Oakland", "location": there.pk})

    assert response.url == patient.get_absolute_url()
    assert (Patient.objects.get().city, Patient.objects.get().location) == ("Oakland", here)
    assert url_of(patient) in desk.get(url).content.decode()


def test_person_of_a_single_place_is_offered_no_move(client, course, here):
    client.force_login(UserFactory(locations=[here]))

    page = client.get(reverse("patient-edit", args=[course.patient.public_id]))

    assert url_of(course.patient) not in page.content.decode()


def test_appointment_is_seen_at_its_place_and_by_those_who_see_the_patient(course, here, there):
    Patient.objects.update(location=there)
    appointment = AppointmentFactory(course=course, location=here, starts_at=TOMORROW)
    answers = []

    for places in ([here], [there], [LocationFactory()]):
        client = Client()
        client.force_login(UserFactory(locations=places))
        answers.append(client.get(appointment.get_absolute_url()).status_code)

    assert answers == [200, 200, 404]


def test_whoever_treats_may_say_so_wherever_the_course_is(client, course, there):
    Patient.objects.update(location=there)
    doctor = UserFactory(role=Role.CLINICIAN, locations=[there])
    client.force_login(doctor)
    form = {
        "form_token": str(uuid.uuid4()),
        "performed_at": "2026-03-10T11:00",
        "performed_by": doctor.pk,
        "areas": [area.pk for area in course.areas.all()],
        "technique": "nappage",
    }

    client.post(reverse("session-new", args=[course.public_id]), form)

    assert Session.objects.get().performed_by == doctor


def test_page_asks_as_often_for_three_bookings_as_for_one(desk, course, django_assert_num_queries):
    SessionFactory(course=course)
    for day in (1, 2, 3):
        AppointmentFactory(course=course, starts_at=NOW + timedelta(days=day))
        if day != 2:
            with django_assert_num_queries(11):
                desk.get(url_of(course.patient))
