"""The history of a record in words: who changed what, from what to what, when."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.urls import reverse

from clinic.roles import Role
from tests.factories import (
    AppointmentFactory,
    CourseFactory,
    LocationFactory,
    PatientFactory,
    SessionFactory,
    UserFactory,
)
from treatments.models import Appointment, TreatmentArea

pytestmark = pytest.mark.django_db


@pytest.fixture
def here():
    return LocationFactory()


@pytest.fixture
def doctor(here):
    return UserFactory(role=Role.CLINICIAN, locations=[here], title="Dr", first_name="Ines", last_name="Moreau")


@pytest.fixture
def client(client, doctor):
    client.force_login(doctor)
    return client


def by(person, record, **changed):
    """Save as that person would."""
    for name, value in changed.items():
        setattr(record, name, value)
    record._history_user = person
    record.save()
    return record


def lines(response):
    return [
        (each.label, each.before, each.after) for saving in response.context["savings"] for each in saving.differences
    ]


def history(client, name, record):
    return client.get(reverse(f"{name}-history", args=[record.public_id]))


def test_a_change_says_the_field_before_and_after_and_who(client, doctor, here):
    patient = PatientFactory(location=here, family_name="Okafor", sex="female")
    by(doctor, patient, family_name="Okafor-Diaz", sex="other", email="")

    response = history(client, "patient", patient)

    assert lines(response)[:2] == [("Last name", "Okafor", "Okafor-Diaz"), ("Sex", "Female", "Other")]
    assert response.context["savings"][0].who == "Dr Ines Moreau"
    assert response.context["savings"][-1].is_first


def test_what_a_record_names_is_said_by_its_name_and_a_list_by_its_members(client, doctor, here):
    course = CourseFactory(patient__location=here)
    other = UserFactory(first_name="Sam", last_name="Adeyemi")
    was = course.clinician.get_full_name()
    area = TreatmentArea.objects.exclude(pk__in=course.areas.all()).first()
    course.areas.set([area])
    by(doctor, course, clinician=other)

    found = lines(history(client, "course", course))

    assert ("Clinician", was, "Sam Adeyemi") in found
    assert next(after for label, _before, after in found if label == "Areas") == str(area)


def test_none_is_said_as_nothing_and_a_reason_is_kept(client, doctor, here):
    session = SessionFactory(course__patient__location=here, note="")
    by(doctor, session.because("asked by the patient"), note="A little sore.")

    response = history(client, "session", session)

    assert ("Note", "nothing", "A little sore.") in lines(response)
    assert "Because: asked by the patient" in response.content.decode()


def test_a_moment_is_said_by_the_clock_of_the_place(client, doctor, here):
    appointment = AppointmentFactory(course__patient__location=here, practitioner=doctor)
    appointment.starts_at = datetime(2026, 12, 7, 18, 30, tzinfo=UTC)
    appointment.save()
    by(doctor, appointment, starts_at=datetime(2026, 12, 8, 1, 15, tzinfo=UTC))

    [(_label, before, after), *_] = lines(history(client, "appointment", appointment))

    assert (before, after) == ("7 Dec 2026, 10:30", "7 Dec 2026, 17:15")


def test_record_is_named_on_its_history_by_the_clock_of_the_place(client, doctor, here):
    session = SessionFactory(course__patient__location=here, performed_at=datetime(2026, 9, 15, 17, 15, tzinfo=UTC))
    appointment = AppointmentFactory(course__patient__location=here, practitioner=doctor)
    appointment.starts_at = datetime(2026, 12, 8, 1, 15, tzinfo=UTC)
    appointment.save()

    assert "Session of 15 September 2026, 10:15</a>" in history(client, "session", session).content.decode()
    assert "Appointment on 7 December 2026, 17:15</a>" in history(client, "appointment", appointment).content.decode()


def test_script_in_what_was_typed_is_text_in_the_history(client, doctor, here):
    patient = PatientFactory(location=here, family_name="Okafor")
    by(doctor, patient, family_name="<img src=x onerror=alert(1)>")

    page = history(client, "patient", patient).content.decode()

    assert "<img src=x" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page


@pytest.mark.parametrize("rows", [1, 3])
def test_a_history_asks_the_database_alike_for_one_change_and_for_three(
    client, doctor, here, rows, django_assert_num_queries
):
    course = CourseFactory(patient__location=here)
    for number in range(rows):
        by(UserFactory(), course, planned_sessions=10 + number, clinician=UserFactory())

    with django_assert_num_queries(13):
        history(client, "course", course)


def test_hours_that_appointments_left_have_their_index_after_all_migrations():
    table = Appointment.history.model._meta.db_table
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, table)

    assert found["appointment_stood"]["columns"] == ["location_id", "starts_at"]
