"""Booking and moving an appointment."""

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse

from clinic.roles import Role
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
from treatments.models import Appointment

NOW = datetime(2026, 3, 10, 18, 30, tzinfo=UTC)  # 11:30 in Los Angeles
TEN = datetime(2026, 3, 16, 17, 0, tzinfo=UTC)  # 10:00 there

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
    return UserFactory(role=Role.CLINICIAN, title="Dr", locations=[here])


@pytest.fixture
def nurse(client, here):
    user = UserFactory(locations=[here])
    client.force_login(user)
    return user


@pytest.fixture
def patient(here):
    return PatientFactory(location=here, family_name="Okonkwo")


def book_url(patient):
    return f"{reverse('appointment-new')}?patient={patient.public_id}"


def form_of(doctor, **changes):
    return {
        "form_token": str(uuid.uuid4()),
        "kind": "consultation",
        "starts_at": "2026-03-16T10:00",
        "minutes": "30",
        "practitioner": doctor.pk,
        **changes,
    }


def errors(response):
    return {field: list(texts) for field, texts in response.context["form"].errors.items()}


def test_appointment_is_booked_at_the_hour_of_the_place(client, nurse, doctor, patient):
    client.post(book_url(patient), form_of(doctor))

    booked = Appointment.objects.get()
    assert (booked.starts_at, booked.minutes, booked.practitioner) == (TEN, 30, doctor)
    assert (booked.location, booked.status) == (patient.location, "booked")


def test_patient_of_another_of_ones_places_is_booked_in_its_time(client, nurse):
    berlin = LocationFactory(name="Lindenhof", time_zone="Europe/Berlin")
    nurse.locations.add(berlin)

    client.post(book_url(PatientFactory(location=berlin)), form_of(nurse))

    assert Appointment.objects.get().starts_at == datetime(2026, 3, 16, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "typed", "moment"),
    [
        ("America/Los_Angeles", "2027-03-14T01:30", datetime(2027, 3, 14, 9, 30, tzinfo=UTC)),
        ("America/Los_Angeles", "2027-03-14T03:00", datetime(2027, 3, 14, 10, 0, tzinfo=UTC)),
        ("Europe/Berlin", "2026-10-25T01:59", datetime(2026, 10, 24, 23, 59, tzinfo=UTC)),
        ("Europe/Berlin", "2026-10-25T03:00", datetime(2026, 10, 25, 2, 0, tzinfo=UTC)),
    ],
)
def test_hours_around_a_change_of_the_clocks_are_those_on_the_wall(client, zone, typed, moment):
    place = LocationFactory(time_zone=zone)
    nurse = UserFactory(locations=[place])
    client.force_login(nurse)

    client.post(book_url(PatientFactory(location=place)), form_of(nurse, starts_at=typed))

    assert Appointment.objects.get().starts_at == moment


@pytest.mark.parametrize(
    ("zone", "typed", "words"),
    [
        (
            "America/Los_Angeles",
            "2027-03-14T02:30",
            "The clocks go forward over this time, so it is not there that day. Choose another.",
        ),
        (
            "Europe/Berlin",
            "2026-10-25T02:30",
            "The clocks go back over this time, so it is there twice that day. Choose another.",
        ),
    ],
)
def test_hour_that_is_not_or_is_twice_is_refused_in_words(client, zone, typed, words):
    place = LocationFactory(time_zone=zone)
    nurse = UserFactory(locations=[place])
    client.force_login(nurse)

    response = client.post(book_url(PatientFactory(location=place)), form_of(nurse, starts_at=typed))

    assert errors(response) == {"starts_at": [words]}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"starts_at": "2026-03-10T11:00"}, "starts_at"),
        ({"starts_at": ""}, "starts_at"),
        ({"starts_at": "9999-12-31T23:00"}, "starts_at"),
        ({"starts_at": "0001-01-01T00:00"}, "starts_at"),
        ({"minutes": "4"}, "minutes"),
        ({"minutes": "481"}, "minutes"),
        ({"minutes": "-30"}, "minutes"),
        ({"kind": "party"}, "kind"),
        ({"kind": "session"}, "course"),
        ({"kind": "follow-up"}, "course"),
        ({"practitioner": ""}, "practitioner"),
        ({"room": "999"}, "room"),
        ({"form_token": "again"}, "form_token"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(client, nurse, doctor, patient, changes, field):
    response = client.post(book_url(patient), form_of(doctor, **changes))

    assert list(errors(response)) == [field]
    assert Appointment.objects.count() == 0


@pytest.mark.parametrize(
    ("taken", "field"), [("patient", "starts_at"), ("practitioner", "practitioner"), ("room", "room")]
)
def test_who_or_what_is_taken_is_said_at_its_field(client, nurse, doctor, patient, here, taken, field):
    room = RoomFactory(location=here, name="room 2")
    facts = {"patient": patient, "practitioner": doctor, "room": room}
    AppointmentFactory(
        course__patient__location=here,
        course=None,
        kind="consultation",
        starts_at=TEN + timedelta(minutes=15),
        **{"patient": PatientFactory(location=here)} | {taken: facts[taken]},
    )

    response = client.post(book_url(patient), form_of(doctor, room=room.pk))

    name = {"patient": patient.full_name, "practitioner": doctor.get_full_name(), "room": "room 2"}[taken]
    assert errors(response) == {field: [f"{name} is taken from 10:15 to 10:45."]}


@pytest.mark.parametrize("minutes", [-30, 30])
def test_appointments_back_to_back_are_fine(client, nurse, doctor, patient, here, minutes):
    AppointmentFactory(
        patient=patient,
        course=None,
        kind="consultation",
        practitioner=doctor,
        starts_at=TEN + timedelta(minutes=minutes),
    )

    assert client.post(book_url(patient), form_of(doctor)).status_code == 302


@pytest.mark.parametrize("status", ["cancelled", "no-show"])
def test_fallen_appointment_holds_no_slot(client, nurse, doctor, patient, status):
    AppointmentFactory(
        patient=patient, course=None, kind="consultation", practitioner=doctor, starts_at=TEN, status=status
    )

    assert client.post(book_url(patient), form_of(doctor)).status_code == 302


def test_practitioner_taken_at_another_place_is_taken(client, nurse, doctor, patient):
    AppointmentFactory(course__patient__location=LocationFactory(), practitioner=doctor, starts_at=TEN)

    assert list(errors(client.post(book_url(patient), form_of(doctor)))) == ["practitioner"]


def test_form_sent_twice_books_once(client, nurse, doctor, patient):
    form = form_of(doctor)

    first, second = client.post(book_url(patient), form), client.post(book_url(patient), form)

    assert (first.url, Appointment.objects.count()) == (second.url, 1)


def test_follow_up_appointment_answers_the_follow_up_of_its_course(client, nurse, doctor, patient):
    follow_up = FollowUpFactory(course__patient=patient, course__status="completed")

    client.post(book_url(patient), form_of(doctor, kind="follow-up", course=follow_up.course.pk))

    assert Appointment.objects.get().follow_up == follow_up


def test_booking_from_a_course_starts_at_the_first_day_and_hour_of_last_time(client, nurse, doctor, patient):
    course = CourseFactory(patient=patient, clinician=doctor)
    SessionFactory(course=course, performed_at=datetime(2026, 3, 9, 17, 7, tzinfo=UTC), performed_by=nurse)

    initial = client.get(f"{reverse('appointment-new')}?course={course.public_id}").context["form"].initial

    assert (initial["kind"], initial["practitioner"], initial["minutes"]) == ("session", nurse, 40)
    assert initial["starts_at"] == datetime(2026, 3, 16, 17, 0, tzinfo=UTC)


# Moving.


def move(client, appointment, doctor, **changes):
    form = {
        "kind": appointment.kind,
        "course": appointment.course_id or "",
        "starts_at": "2026-03-16T10:00",
        "minutes": "30",
        "practitioner": doctor.pk,
        "version": appointment.version,
        **changes,
    }
    return client.post(appointment.get_absolute_url(), form)


@pytest.fixture
def booked(patient, doctor):
    return AppointmentFactory(patient=patient, course=None, kind="consultation", practitioner=doctor, starts_at=TEN)


def test_appointment_is_moved(client, nurse, booked, doctor):
    move(client, booked, doctor, starts_at="2026-03-17T09:00")

    assert Appointment.objects.get().starts_at == datetime(2026, 3, 17, 16, 0, tzinfo=UTC)


def test_appointment_does_not_stand_in_its_own_way(client, nurse, booked, doctor):
    assert move(client, booked, doctor, starts_at="2026-03-16T10:10").status_code == 302


def test_move_onto_a_taken_slot_is_refused(client, nurse, booked, doctor, here):
    AppointmentFactory(course__patient__location=here, practitioner=doctor, starts_at=TEN + timedelta(hours=2))

    assert list(errors(move(client, booked, doctor, starts_at="2026-03-16T12:00"))) == ["practitioner"]
    assert Appointment.objects.get(pk=booked.pk).starts_at == TEN


def test_move_over_a_newer_version_shows_both_and_saving_again_stores_mine(client, nurse, booked, doctor):
    theirs = Appointment.objects.get()
    theirs.minutes = 60
    theirs.save_over(1)

    refused = move(client, booked, doctor, minutes="45")
    move(client, booked, doctor, minutes="45", version=refused.context["form"]["version"].value())

    rows = {row.label: (row.theirs, row.mine) for row in refused.context["form"].conflict.rows if row.differs}
    assert rows == {"Minutes": ("60", "45")}
    assert (Appointment.objects.get().minutes, Appointment.objects.get().version) == (45, 3)


def test_follow_up_appointment_moved_to_another_course_answers_that_one(client, nurse, doctor, patient):
    ours = FollowUpFactory(course__patient=patient, course__status="completed")
    other = FollowUpFactory(course__patient=patient, course__status="completed")
    booked = AppointmentFactory(
        patient=patient, course=ours.course, follow_up=ours, kind="follow-up", practitioner=doctor, starts_at=TEN
    )

    move(client, booked, doctor, course=other.course.pk)

    assert Appointment.objects.get().follow_up == other


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("America/Los_Angeles", date(2027, 3, 14), 23),
        ("America/Los_Angeles", date(2027, 11, 7), 25),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("Europe/Berlin", date(2026, 6, 1), 24),
    ],
)
def test_day_of_a_place_is_its_local_day(zone, day, hours):
    place = LocationFactory(time_zone=zone)
    start = datetime(day.year, day.month, day.day, tzinfo=place.tz).astimezone(UTC)
    minute = timedelta(minutes=1)
    for moment in (start - minute, start, start + timedelta(hours=hours) - minute, start + timedelta(hours=hours)):
        AppointmentFactory(course__patient__location=place, starts_at=moment)

    found = Appointment.objects.on(day, place).values_list("starts_at", flat=True)

    assert list(found) == [start, start + timedelta(hours=hours) - minute]


@pytest.mark.parametrize("count", [1, 3])
def test_appointment_page_asks_as_often_beside_three_as_alone(
    client, nurse, patient, doctor, count, django_assert_num_queries
):
    course = CourseFactory(patient=patient, clinician=doctor)
    booked = [
        AppointmentFactory(course=course, practitioner=doctor, starts_at=TEN + timedelta(days=n)) for n in range(count)
    ]

    with django_assert_num_queries(QUERIES):
        client.get(booked[0].get_absolute_url())


QUERIES = 12
