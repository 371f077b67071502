"""The page of the waiting list: who stands on it, in which order, and what leads there."""

from datetime import date, timedelta

import pytest
import time_machine
from django.urls import reverse

from clinic.roles import Role
from tests.factories import (
    AppointmentFactory,
    CourseFactory,
    LocationFactory,
    PatientFactory,
    UserFactory,
    WaitingFactory,
    WaitingOfferFactory,
)
from tests.searching import find
from tests.treatments.waiting_hours import NOW, TEN
from treatments.models import Appointment
from treatments.waiting_rows import weekdays_in_words

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
def course(here, doctor):
    return CourseFactory(
        patient=PatientFactory(location=here, given_name="Amara", family_name="Okonkwo"), clinician=doctor
    )


@pytest.fixture
def booked(course, doctor):
    return AppointmentFactory(course=course, practitioner=doctor, starts_at=TEN, minutes=40)


def test_list_shows_who_waits_since_when_and_what_was_said(client, nurse, booked, doctor):
    waiting = WaitingFactory(
        course=booked.course,
        appointment=booked,
        need=1,
        weekdays=[0, 4],
        parts=["morning"],
        until_on=date(2026, 3, 20),
        practitioner=doctor,
        note="Works shifts.",
    )
    WaitingOfferFactory(waiting=waiting, outcome="no-answer", made_at=NOW - timedelta(hours=1))

    page = client.get(reverse("waiting-list")).content.decode()

    for words in [
        "Amara Okonkwo",
        "booked 23 Mar, 10:00",
        "Monday, Friday; morning; until 20 Mar",
        "only with",
        "notice: an hour",
        "7 days",
        "Clinical need",
        "No answer, 10 Mar 10:30",
        "Works shifts.",
    ]:
        assert words in page, words


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ([], ""),
        ([4, 0], "Monday, Friday"),
        ([0, 1], "Monday, Tuesday"),
        ([2, 0, 1, 3, 4], "Monday to Friday"),
        ([0, 1, 3], "Monday, Tuesday, Thursday"),
    ],
)
def test_weekdays_are_said_as_people_do(days, words):
    assert weekdays_in_words(days) == words


def test_clinical_need_stands_first_then_the_longest_wait(client, nurse, here):
    late, early, need = (
        WaitingFactory(course__patient__location=here, joined_at=NOW - timedelta(days=days), need=need)
        for days, need in [(1, 2), (5, 2), (0, 1)]
    )

    rows = client.get(reverse("waiting-list")).context["rows"]

    assert [row.waiting for row in rows] == [need, early, late]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("kind=session", 1),
        ("kind=consultation", 0),
        ("day=2026-03-16", 1),  # a Monday
        ("day=2026-03-17", 0),
        ("day=2026-04-06", 0),  # after the last day
        ("tab=over", 0),
    ],
)
def test_list_is_narrowed(client, nurse, course, query, count):
    WaitingFactory(course=course, weekdays=[0], until_on=date(2026, 3, 31))

    assert len(client.get(f"{reverse('waiting-list')}?{query}").context["rows"]) == count


@pytest.mark.parametrize(("text", "count"), [("okonkwo", 1), ("nobody", 0)])
def test_list_is_searched_by_name(client, nurse, course, text, count):
    WaitingFactory(course=course)

    assert len(find(client, reverse("waiting-list"), text).context["rows"]) == count


@pytest.mark.parametrize(
    "query", ["day=yesterday", "day=9999-12-31", "kind=x", "who=x", "tab=x", "after=x", "q=%00", "words=x"]
)
def test_nonsense_in_the_address_is_no_error_of_ours(client, nurse, course, query):
    WaitingFactory(course=course)

    assert client.get(f"{reverse('waiting-list')}?{query}").status_code in {200, 400}


def test_person_who_matters_is_found_with_those_who_take_anyone(client, nurse, here, doctor):
    other = UserFactory(role=Role.CLINICIAN, locations=[here])
    mine, anyone = (WaitingFactory(course__patient__location=here, practitioner=who) for who in (doctor, None))
    WaitingFactory(course__patient__location=here, practitioner=other)

    rows = client.get(f"{reverse('waiting-list')}?who={doctor.public_id}").context["rows"]

    assert {row.waiting for row in rows} == {mine, anyone}


def test_whoever_waits_no_more_is_kept_with_how_it_ended(client, nurse, course):
    WaitingFactory(course=course, removed_at=NOW, removed_by=nurse, removed_reason="Found another clinic.")

    page = client.get(f"{reverse('waiting-list')}?tab=over").content.decode()

    assert "Taken off: Found another clinic." in page


@pytest.mark.parametrize("rows", [1, 3])
def test_list_asks_as_often_for_three_as_for_one(client, nurse, here, doctor, rows, django_assert_num_queries):
    for number in range(rows):
        course = CourseFactory(patient=PatientFactory(location=here), clinician=doctor)
        appointment = AppointmentFactory(course=course, practitioner=doctor, starts_at=TEN + timedelta(days=number))
        WaitingOfferFactory(waiting=WaitingFactory(course=course, appointment=appointment), outcome="no-answer")
        AppointmentFactory(
            patient=PatientFactory(location=here),
            course=None,
            kind="consultation",
            practitioner=doctor,
            starts_at=NOW + timedelta(days=6, hours=number),
            minutes=40,
            status="cancelled",
            status_reason="Ill.",
        )
    client.get(reverse("waiting-list"))  # numbers beside the navigation are kept for a while

    with django_assert_num_queries(20):
        response = client.get(reverse("waiting-list"))

    assert len(response.context["rows"]) == rows
    assert len(response.context["free"]) == rows


def test_record_says_that_the_patient_waits_else_leads_to_the_list(client, nurse, booked):
    before = client.get(booked.patient.get_absolute_url()).content.decode()
    WaitingFactory(course=booked.course, appointment=booked)
    after = client.get(booked.patient.get_absolute_url()).content.decode()

    assert f"{reverse('waiting-new')}?appointment={booked.public_id}" in before
    assert "On the waiting list" in after


def test_appointment_leads_to_the_list_while_it_is_ahead(client, nurse, booked):
    link = f"{reverse('waiting-new')}?appointment={booked.public_id}"

    assert link in client.get(booked.get_absolute_url()).content.decode()
    Appointment.objects.update(status="cancelled", status_reason="Ill.")
    assert link not in client.get(booked.get_absolute_url()).content.decode()
