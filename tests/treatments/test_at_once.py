"""Several people at the same moment, on the real database: one of them wins, and nobody loses what they typed."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinic.roles import Role
from tests.factories import (
    AppointmentFactory,
    CourseFactory,
    LocationFactory,
    PatientFactory,
    ProtocolFactory,
    RoomFactory,
    SessionFactory,
    UserFactory,
    WaitingFactory,
    make_ready,
)
from tests.treatments.photographs import agree
from tests.treatments.photographs import file as photo
from treatments.models import Appointment, Course, FollowUp, Photo, Session, SideEffect, Waiting, WaitingOffer
from treatments.openings import Opening

# Migrations' catalogue is data: a plain transactional test would leave an empty one behind.
pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

PERFORMED = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)


@pytest.fixture
def here():
    return LocationFactory(time_zone="UTC")


@pytest.fixture
def nurse(here):
    return UserFactory(locations=[here])


@pytest.fixture
def clinician(here):
    return UserFactory(role=Role.CLINICIAN, locations=[here])


@pytest.fixture
def course(here, clinician):
    return CourseFactory(patient__location=here, clinician=clinician)


def all_at_once(user, sendings, *, says=None):
    """Send each (address, form) from a thread of its own, all let go together; return (status, address) of each.

    With `says` also whether the page says so.
    """
    gate = threading.Barrier(len(sendings))

    def send(sending):
        client = Client()
        client.force_login(user)
        try:
            gate.wait(timeout=30)
            response = client.post(*sending)
            told = () if says is None else (says in response.content.decode(),)
            return response.status_code, getattr(response, "url", None), *told
        finally:
            connection.close()

    with ThreadPoolExecutor(len(sendings)) as pool:
        return list(pool.map(send, sendings))


def session_form(course, **changes):
    return {
        "form_token": str(uuid.uuid4()),
        "performed_at": "2026-03-10T11:00",
        "performed_by": course.clinician.pk,
        "areas": [area.pk for area in course.areas.all()],
        "technique": "nappage",
        "weight_kg": "69.2",
        "pain": "3",
        "reactions": ["burning"],
        **changes,
    }


def statuses(answers):
    return sorted(status for status, _where in answers)


def test_ten_taps_make_one_session(nurse, course):
    url, form = reverse("session-new", args=[course.public_id]), session_form(course)

    answers = all_at_once(nurse, [(url, form)] * 10)

    assert (Session.objects.count(), SideEffect.objects.count()) == (1, 1)
    assert set(answers) == {(302, Session.objects.get().get_absolute_url())}


def test_of_two_who_save_a_draft_at_once_one_wins_and_the_other_sees_both(nurse, course):
    session = SessionFactory(course=course, performed_at=PERFORMED)
    url = reverse("session-edit", args=[session.public_id])
    forms = [session_form(course, note=note, reactions=["none"], version=1) for note in ("One.", "Two.")]

    answers = all_at_once(nurse, [(url, form) for form in forms])

    assert statuses(answers) == [200, 302]
    assert (Session.objects.get().version, Session.objects.get().note in {"One.", "Two."}) == (2, True)


def test_of_two_who_sign_at_once_one_signs(clinician, course):
    make_ready(course, by=PERFORMED)
    session = SessionFactory(course=course, performed_at=PERFORMED, given=True)
    url = reverse("session-sign", args=[session.public_id])

    all_at_once(clinician, [(url, {"version": 1})] * 2)

    assert (Session.objects.get().version, FollowUp.objects.count()) == (2, 1)


def test_two_sessions_of_a_course_signed_at_once_leave_one_window(clinician, course):
    make_ready(course, by=PERFORMED)
    days = [PERFORMED + timedelta(days=7 * n) for n in range(4)]
    sessions = [SessionFactory(course=course, performed_at=day, given=True) for day in days]

    all_at_once(clinician, [(reverse("session-sign", args=[each.public_id]), {"version": 1}) for each in sessions])

    assert Session.objects.signed().count() == 4
    assert [(row.number, str(row.opens_on)) for row in FollowUp.objects.all()] == [(1, "2026-09-23")]


def test_of_two_who_change_a_course_at_once_one_wins(nurse, course):
    url = reverse("course-edit", args=[course.public_id])
    form = {
        "areas": [area.pk for area in course.areas.all()],
        "price": "500",
        "clinician": course.clinician.pk,
        "version": 1,
    }

    answers = all_at_once(nurse, [(url, form | {"planned_sessions": number}) for number in (16, 17)])

    assert statuses(answers) == [200, 302]
    assert Course.objects.get().version == 2


def course_form(doctor):
    protocol = ProtocolFactory()
    return {
        "protocol": protocol.pk,
        "areas": [protocol.areas.first().pk],
        "planned_sessions": 15,
        "price": "600",
        "clinician": doctor.pk,
        "started_on": "2026-03-02",
    }


def test_ten_taps_start_one_course(nurse, clinician, here):
    url = reverse("course-new", args=[PatientFactory(location=here).public_id])
    form = course_form(clinician) | {"form_token": str(uuid.uuid4())}

    answers = all_at_once(nurse, [(url, form)] * 10)

    assert set(answers) == {(302, Course.objects.get().get_absolute_url())}
    assert Course.objects.get().areas.count() == 1


def test_of_several_who_start_the_same_course_one_wins_and_the_others_are_told(nurse, clinician, here):
    url = reverse("course-new", args=[PatientFactory(location=here).public_id])
    forms = [course_form(clinician) | {"form_token": str(uuid.uuid4())} for _person in range(4)]

    answers = all_at_once(nurse, [(url, form) for form in forms])

    assert statuses(answers) == [200, 200, 200, 302]
    assert Course.objects.count() == 1


def booking(doctor, **changes):
    start = timezone.now().replace(hour=10, minute=0, second=0, microsecond=0) + timedelta(days=7)
    return {
        "form_token": str(uuid.uuid4()),
        "kind": "consultation",
        "starts_at": start.strftime("%Y-%m-%dT%H:%M"),
        "minutes": "30",
        "practitioner": doctor.pk,
        **changes,
    }


def book_url(patient):
    return f"{reverse('appointment-new')}?patient={patient.public_id}"


def test_of_fifty_who_book_one_slot_one_wins_and_the_others_are_told(nurse, clinician, here):
    patients = PatientFactory.create_batch(50, location=here)
    taken = f"{clinician.get_full_name()} is taken from 10:00 to 10:30."

    answers = all_at_once(nurse, [(book_url(patient), booking(clinician)) for patient in patients], says=taken)

    assert sorted((status, told) for status, _where, told in answers) == [(200, True)] * 49 + [(302, False)]
    assert Appointment.objects.count() == 1


def test_one_room_is_not_booked_twice_for_two_practitioners(nurse, here):
    room = RoomFactory(location=here)
    doctors = [UserFactory(role=Role.CLINICIAN, locations=[here]) for _number in range(2)]
    forms = [booking(doctor, room=room.pk) for doctor in doctors]

    answers = all_at_once(nurse, [(book_url(PatientFactory(location=here)), form) for form in forms])

    assert statuses(answers) == [200, 302]


def test_practitioner_of_two_places_is_not_booked_at_both(here):
    there = LocationFactory(time_zone="UTC")
    doctor = UserFactory(role=Role.CLINICIAN, locations=[here, there])
    patients = [PatientFactory(location=place) for place in (here, there)]

    answers = all_at_once(doctor, [(book_url(patient), booking(doctor)) for patient in patients])

    assert statuses(answers) == [200, 302]


def test_ten_taps_book_one_appointment(nurse, clinician, here):
    form, patient = booking(clinician), PatientFactory(location=here)

    answers = all_at_once(nurse, [(book_url(patient), form)] * 10)

    assert set(answers) == {(302, Appointment.objects.get().get_absolute_url())}


def test_of_two_who_move_a_patient_on_at_once_one_is_told(nurse, course):
    appointment = AppointmentFactory(course=course, starts_at=timezone.now())
    url = reverse("appointment-status", args=[appointment.public_id])

    all_at_once(nurse, [(url, {"status": status, "version": 1}) for status in ("arrived", "no-show")])

    assert Appointment.objects.get().version == 2


@pytest.fixture
def free_hour(here, clinician):
    """Return an hour in a week that is free, and two people who wait, one of them with a later appointment."""
    start = timezone.now().replace(hour=10, minute=0, second=0, microsecond=0) + timedelta(days=7)
    first, second = (
        CourseFactory(patient__location=here, clinician=clinician, patient__family_name=name) for name in ("A", "B")
    )
    later = AppointmentFactory(course=first, practitioner=clinician, starts_at=start + timedelta(days=20))
    waitings = [WaitingFactory(course=first, appointment=later), WaitingFactory(course=second)]
    return Opening(here, start, 30, clinician), waitings


def taking(waiting, opening, **changes):
    form = opening.asked | {"form_token": str(uuid.uuid4())}
    if waiting.appointment:
        form["version"] = waiting.appointment.version
    return reverse("waiting-take", args=[waiting.public_id]), form | changes


def test_of_two_who_give_one_hour_to_two_people_at_once_one_wins(nurse, free_hour):
    opening, waitings = free_hour

    answers = all_at_once(nurse, [taking(each, opening) for each in waitings])

    assert Appointment.objects.filter(starts_at=opening.starts_at).count() == 1
    assert WaitingOffer.objects.count() == 1
    won, lost = sorted(where for _status, where in answers)
    assert (won.startswith("/calendar/?day="), lost.startswith("/calendar/waiting/hour/")) == (True, True)


def test_hour_given_and_booked_for_somebody_else_at_once_goes_to_one(nurse, clinician, here, free_hour):
    opening, (waiting, _other) = free_hour
    form = booking(clinician, starts_at=opening.asked["starts"])

    all_at_once(nurse, [taking(waiting, opening), (book_url(PatientFactory(location=here)), form)])

    assert Appointment.objects.filter(starts_at=opening.starts_at).count() == 1


def test_ten_taps_give_an_hour_once(nurse, free_hour):
    opening, (_first, waiting) = free_hour

    answers = all_at_once(nurse, [taking(waiting, opening)] * 10)

    assert len(set(answers)) == 1
    assert (Appointment.objects.filter(patient=waiting.patient).count(), WaitingOffer.objects.count()) == (1, 1)


def test_of_two_people_who_begin_to_ask_one_patient_at_once_one_does(here, free_hour):
    opening, (waiting, _other) = free_hour
    url = reverse("waiting-offer", args=[waiting.public_id])
    people = UserFactory.create_batch(2, locations=[here])
    forms = [opening.asked | {"form_token": str(uuid.uuid4()), "outcome": "asked"} for _person in people]
    gate = threading.Barrier(len(people))

    def ask(user, form):
        client = Client()
        client.force_login(user)
        try:
            gate.wait(timeout=30)
            client.post(url, form)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(people)) as pool:
        list(pool.map(ask, people, forms))

    assert WaitingOffer.objects.count() == 1


def test_ten_taps_put_somebody_on_the_waiting_list_once(nurse, here):
    patient = PatientFactory(location=here)
    form = {
        "form_token": str(uuid.uuid4()),
        "kind": "consultation",
        "need": "2",
        "from_on": str(timezone.localdate()),
        "notice_hours": "24",
        "minutes": "30",
    }

    answers = all_at_once(nurse, [(f"{reverse('waiting-new')}?patient={patient.public_id}", form)] * 10)

    assert Waiting.objects.count() == 1
    assert {status for status, _where in answers} == {302}


def test_one_photo_sent_ten_times_at_once_is_kept_once(nurse, course):
    url = reverse("course-photos", args=[agree(course).public_id])

    answers = all_at_once(nurse, [(url, {"photos": photo(), "consent_scope": "record"}) for _tap in range(10)])

    assert statuses(answers) == [200] * 9 + [302]
    assert Photo.objects.count() == 1


def test_different_photos_sent_at_once_are_all_kept_and_drawn(nurse, course):
    url = reverse("course-photos", args=[agree(course).public_id])
    forms = [{"photos": photo(colour=(number * 20, 0, 0)), "consent_scope": "record"} for number in range(8)]

    answers = all_at_once(nurse, [(url, form) for form in forms])

    assert statuses(answers) == [302] * 8
    assert list(Photo.objects.values_list("state", flat=True)) == ["ready"] * 8
