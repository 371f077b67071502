"""Booking on a closed day, outside the hours, or too soon: asked for a reason, never silently done."""

import uuid
from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from clinic.models import Closure, WorkingHours
from clinic.roles import Role
from tests.factories import (
    AppointmentFactory,
    ClosureFactory,
    CourseFactory,
    LocationFactory,
    PatientFactory,
    SessionFactory,
    UserFactory,
    WorkingHoursFactory,
)
from treatments.models import Appointment

NOW = datetime(2026, 3, 10, 18, 30, tzinfo=UTC)  # 11:30 in Los Angeles
MONDAY = date(2026, 3, 16)
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


def book(client, patient, doctor, **changes):
    form = {
        "form_token": str(uuid.uuid4()),
        "kind": "consultation",
        "starts_at": "2026-03-16T10:00",
        "minutes": "30",
        "practitioner": doctor.pk,
        **changes,
    }
    return client.post(f"{reverse('appointment-new')}?patient={patient.public_id}", form)


def errors(response):
    return {field: list(texts) for field, texts in response.context["form"].errors.items()}


ASKED = {"exception_reason": ["Say why it is booked all the same, or choose another time."]}


def test_closed_day_is_said_and_booked_with_a_reason_that_is_kept(client, nurse, doctor, patient, here):
    ClosureFactory(location=here, first_on=MONDAY, reason="Spring break")

    refused = book(client, patient, doctor)
    book(client, patient, doctor, exception_reason="Flies home on Tuesday.")

    assert errors(refused) == {"starts_at": ["Harbour Street is closed on 16 Mar 2026: Spring break."]} | ASKED
    assert Appointment.objects.get().exception_reason == "Flies home on Tuesday."


def test_somebody_who_is_away_is_said_to_be(client, nurse, doctor, patient):
    ClosureFactory(practitioner=doctor, first_on=MONDAY - timedelta(days=2), last_on=MONDAY, reason="Congress")

    refused = book(client, patient, doctor)

    assert errors(refused) == {"starts_at": ["Dr Ines Moreau is away on 16 Mar 2026: Congress."]} | ASKED
    assert book(client, patient, nurse).status_code == 302


@pytest.mark.parametrize(("typed", "status"), [("09:00", 302), ("09:15", 200), ("11:45", 200), ("12:00", 302)])
def test_closure_of_some_hours_takes_those_alone(client, nurse, doctor, patient, here, typed, status):
    ClosureFactory(location=here, first_on=MONDAY, from_time=time(9, 30), to_time=time(12))

    assert book(client, patient, doctor, starts_at=f"2026-03-16T{typed}").status_code == status


@pytest.mark.parametrize(("typed", "status"), [("08:45", 200), ("09:00", 302), ("16:30", 302), ("16:45", 200)])
def test_appointment_lies_inside_the_opening_hours(client, nurse, doctor, patient, here, typed, status):
    WorkingHoursFactory(location=here)

    assert book(client, patient, doctor, starts_at=f"2026-03-16T{typed}").status_code == status


def test_day_without_hours_is_named(client, nurse, doctor, patient, here):
    WorkingHoursFactory(location=here)

    refused = book(client, patient, doctor, starts_at="2026-03-17T10:00")

    assert errors(refused)["starts_at"] == ["Harbour Street has no hours on a Tuesday."]


def test_practitioner_with_hours_is_booked_inside_them(client, nurse, doctor, patient, here):
    WorkingHoursFactory(location=here, practitioner=doctor, from_time=time(13))

    refused = book(client, patient, doctor)

    assert errors(refused)["starts_at"] == ["Dr Ines Moreau has hours on a Monday from 13:00–17:00 only."]


def test_hours_that_ended_and_closures_called_off_count_no_more(client, nurse, doctor, patient, here):
    WorkingHoursFactory(location=here, from_time=time(13), is_in_force=False)
    ClosureFactory(location=here, first_on=MONDAY, is_in_force=False)

    assert book(client, patient, doctor).status_code == 302


def test_session_sooner_than_the_interval_needs_a_reason(client, nurse, doctor, patient):
    course = CourseFactory(patient=patient, clinician=doctor)
    SessionFactory(course=course, performed_at=TEN - timedelta(days=6))

    refused = book(client, patient, doctor, kind="session", course=course.pk)

    words = ["6 days from the session of 10 Mar 2026. The protocol wants at least 7."]
    assert errors(refused) == {"starts_at": words} | ASKED
    again = book(client, patient, doctor, kind="session", course=course.pk, exception_reason="Travels after.")
    assert again.status_code == 302


def test_interval_counts_what_is_booked_on_either_side(client, nurse, doctor, patient):
    course = CourseFactory(patient=patient, clinician=doctor)
    AppointmentFactory(course=course, practitioner=doctor, starts_at=TEN + timedelta(days=5))

    refused = book(client, patient, doctor, kind="session", course=course.pk)

    assert errors(refused)["starts_at"] == ["5 days from the session of 21 Mar 2026. The protocol wants at least 7."]


def test_reason_without_need_is_not_kept(client, nurse, doctor, patient):
    book(client, patient, doctor, exception_reason="Just so.")

    assert Appointment.objects.get().exception_reason == ""


def test_closure_made_after_the_booking_does_not_hinder_a_change_of_room(client, nurse, doctor, patient, here):
    booked = AppointmentFactory(patient=patient, course=None, kind="consultation", practitioner=doctor, starts_at=TEN)
    ClosureFactory(location=here, first_on=MONDAY)
    form = {"kind": "consultation", "starts_at": "2026-03-16T10:00", "minutes": "30", "practitioner": doctor.pk}

    assert client.post(booked.get_absolute_url(), form | {"version": 1, "room": ""}).status_code == 302


# The rows themselves.


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"location": "here", "practitioner": "doctor"},
        {"location": "here", "last_on": MONDAY - timedelta(days=1)},
        {"location": "here", "from_time": time(9)},
        {"location": "here", "from_time": time(9), "to_time": time(9)},
    ],
)
def test_closure_that_says_nothing_is_refused_by_form_and_database(here, doctor, facts):
    named = {"here": here, "doctor": doctor}
    facts = {key: named.get(value, value) for key, value in facts.items()}

    with pytest.raises(ValidationError):
        ClosureFactory.build(first_on=MONDAY, **facts).validate_constraints()
    with pytest.raises(IntegrityError), transaction.atomic():
        ClosureFactory(first_on=MONDAY, **facts)
    assert not Closure.objects.exists()


def test_hours_that_overlap_others_of_the_same_person_are_refused(here, doctor):
    WorkingHoursFactory(location=here)
    meeting = WorkingHours(location=here, weekday=0, from_time=time(16), to_time=time(18))
    of_somebody = WorkingHours(location=here, practitioner=doctor, weekday=0, from_time=time(16), to_time=time(18))

    of_somebody.full_clean()
    with pytest.raises(ValidationError, match="These hours overlap others: Harbour Street, Monday"):
        meeting.full_clean()


def test_hours_of_the_twenty_ninth_of_february_are_its_weekday(client, nurse, doctor, patient, here):
    WorkingHoursFactory(location=here, weekday=1)  # 29 February 2028 is a Tuesday

    assert book(client, patient, doctor, starts_at="2028-02-29T10:00").status_code == 302
