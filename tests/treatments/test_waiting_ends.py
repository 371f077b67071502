"""Waiting ends by itself: the list and the row say the same of why; and the database keeps what a wish may be."""

from datetime import date, timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from clinic.roles import Role
from tests.factories import (
    AppointmentFactory,
    CourseFactory,
    LocationFactory,
    PatientFactory,
    UserFactory,
    WaitingFactory,
)
from tests.treatments.waiting_hours import NOW, TEN, TODAY, waits
from treatments.models import Waiting
from treatments.models.waiting import validate_parts, validate_weekdays
from treatments.rules.waiting import State

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
def course(here, doctor):
    return CourseFactory(
        patient=PatientFactory(location=here, given_name="Amara", family_name="Okonkwo"), clinician=doctor
    )


@pytest.fixture
def booked(course, doctor):
    return AppointmentFactory(course=course, practitioner=doctor, starts_at=TEN, minutes=40)


# It closes by itself.


def closings(course, doctor, booked):
    """Return by name how a waiting ends: its fields, and what happens."""
    patient = course.patient

    def cancel():
        booked.status, booked.status_reason = "cancelled", "Ill."
        booked.save_over(booked.version)

    def move(by):
        booked.starts_at += by
        booked.save_over(booked.version)

    def end():
        course.status, course.status_on, course.status_reason = "stopped", TODAY, "Moved away."
        course.save_over(course.version)

    def pause():
        course.status, course.status_on, course.status_reason = "paused", TODAY, "Pregnant."
        course.save_over(course.version)

    def die():
        patient.note(deceased_on=TODAY)

    def book(**fields):
        AppointmentFactory(course=course, practitioner=doctor, starts_at=TEN + timedelta(days=30), **fields)

    with_hour = {"appointment": booked}
    return {
        "nothing": (with_hour, lambda: None, State.WAITING),
        "moved earlier": (with_hour, lambda: move(-timedelta(days=3)), State.FULFILLED),
        "moved later": (with_hour, lambda: move(timedelta(days=3)), State.WAITING),
        "cancelled": (with_hour, cancel, State.OFF),
        "course stopped": (with_hour, end, State.ENDED),
        "course paused": (with_hour, pause, State.WAITING),
        "return after the course stopped": ({"kind": "follow-up"}, end, State.WAITING),
        "died": (with_hour, die, State.GONE),
        "archived": (with_hour, lambda: patient.archive(NOW), State.GONE),
        "last day past": (with_hour | {"until_on": date(2026, 3, 9)}, lambda: None, State.EXPIRED),
        "last day today": (with_hour | {"until_on": TODAY}, lambda: None, State.WAITING),
        "booked for something else": ({"kind": "review"}, book, State.WAITING),
        "removed": (
            with_hour | {"removed_at": NOW, "removed_by": doctor, "removed_reason": "Ill."},
            lambda: None,
            State.REMOVED,
        ),
    }


NAMES = [
    "nothing",
    "moved earlier",
    "moved later",
    "cancelled",
    "course stopped",
    "course paused",
    "return after the course stopped",
    "died",
    "archived",
    "last day past",
    "last day today",
    "booked for something else",
    "removed",
]


@pytest.mark.parametrize("name", NAMES)
def test_waiting_closes_by_itself_and_list_and_row_say_the_same(here, course, doctor, booked, name):
    fields, happens, expected = closings(course, doctor, booked)[name]
    waiting = WaitingFactory(course=course, **fields)

    happens()

    row = Waiting.objects.with_facts().for_list().get(pk=waiting.pk)
    assert row.state(NOW) is expected
    assert bool(waits(here)) is (expected is State.WAITING)


@pytest.mark.parametrize(
    ("status", "expected"), [("booked", State.FULFILLED), ("done", State.FULFILLED), ("cancelled", State.WAITING)]
)
def test_whoever_had_nothing_waits_until_something_is_booked_that_stands(here, course, doctor, status, expected):
    waiting = WaitingFactory(course=course)

    AppointmentFactory(course=course, practitioner=doctor, starts_at=TEN, status=status, status_reason="Ill.")

    assert Waiting.objects.with_facts().for_list().get(pk=waiting.pk).state(NOW) is expected
    assert bool(waits(here)) is (expected is State.WAITING)


def test_hour_that_was_cancelled_as_they_joined_and_is_booked_again_is_an_hour(here, course, doctor):
    with time_machine.travel(NOW - timedelta(days=9), tick=False):
        off = AppointmentFactory(
            course=course, practitioner=doctor, starts_at=TEN, status="cancelled", status_reason="Ill."
        )
    waiting = WaitingFactory(course=course)
    before = waits(here)

    off.status, off.status_reason = "booked", ""
    off.save_over(off.version)
    booked_again = waits(here)
    off.status = "done"
    off.save_over(off.version)

    assert (before, booked_again, waits(here)) == ([waiting], [], [])


def test_waiting_is_over_when_the_hour_of_the_appointment_has_come(here, booked):
    waiting = WaitingFactory(course=booked.course, appointment=booked)

    assert waits(here, TEN - timedelta(minutes=1)) == [waiting]
    assert waits(here, TEN) == []


def test_waiting_follows_the_patient_to_another_place(here, course):
    waiting = WaitingFactory(course=course)
    course.patient.note(location=LocationFactory(name="Lindenhof"))

    assert waits(here) == []
    assert waits(Waiting.objects.get(pk=waiting.pk).location) == [waiting]


# What the database holds itself.


@pytest.mark.parametrize(
    "fields",
    [
        {"minutes": 0},
        {"until_on": date(2026, 3, 1)},
        {"instead_of_at": NOW},
        {"removed_at": NOW},
        {"removed_reason": "Ill."},
        {"course": None},
    ],
)
def test_database_refuses_what_no_form_sends(course, fields):
    waiting = WaitingFactory(course=course)

    with pytest.raises(IntegrityError), transaction.atomic():
        Waiting.objects.filter(pk=waiting.pk).update(**fields)


@pytest.mark.parametrize("value", ["0", [7], [0, 0], ["0"], [True], None, {}, [[0]]])
def test_weekdays_are_a_list_of_different_ones(value):
    with pytest.raises(ValidationError):
        validate_weekdays(value)


@pytest.mark.parametrize("value", [["night"], ["morning", "morning"], "morning"])
def test_parts_are_a_list_of_different_ones(value):
    with pytest.raises(ValidationError):
        validate_parts(value)
