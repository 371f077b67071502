from datetime import UTC, date, datetime

import pytest
from django.template.loader import render_to_string

from patients.banner import AllergyState, banner
from patients.models import Allergy
from tests.factories import AllergyFactory, PatientFactory

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 23)


def test_banner_says_who_the_patient_is():
    patient = PatientFactory(given_name="Amara", family_name="Okonkwo", birth_date=date(1988, 2, 2))

    shown = banner(patient, today=TODAY)

    assert (shown.name, shown.age, shown.sex) == ("Amara Okonkwo", 38, "female")
    assert (shown.record_number, shown.url) == (patient.record_number, patient.get_absolute_url())


def test_banner_names_allergies_the_worst_first():
    patient = PatientFactory()
    AllergyFactory(patient=patient, substance="Latex", severity=Allergy.Severity.MILD)
    AllergyFactory(patient=patient, substance="Procaine", severity=Allergy.Severity.SEVERE)

    shown = banner(patient, today=TODAY)

    assert [allergy.substance for allergy in shown.allergies] == ["Procaine", "Latex"]
    assert (shown.allergy_state, shown.allergy_line) == (AllergyState.KNOWN, "")


def test_refuted_allergy_is_not_in_the_banner():
    patient = PatientFactory(allergies_asked_on=date(2026, 11, 3))
    AllergyFactory(patient=patient, status=Allergy.Status.REFUTED)

    assert banner(patient, today=TODAY).allergies == ()


@pytest.mark.parametrize(
    ("asked_on", "line"),
    [
        (None, "Allergies not asked"),
        (date(2026, 11, 3), "No known allergies, asked 3 Nov"),
        (date(2025, 11, 3), "No known allergies, asked 3 Nov 2025"),
    ],
)
def test_no_allergy_and_not_asked_are_different_facts(asked_on, line):
    patient = PatientFactory(allergies_asked_on=asked_on)

    assert banner(patient, today=TODAY).allergy_line == line


def test_banner_asks_the_database_once(django_assert_num_queries):
    patient = PatientFactory()
    AllergyFactory.create_batch(3, patient=patient)

    with django_assert_num_queries(1):
        render_to_string("patients/_banner.html", {"banner": banner(patient, today=TODAY)})


def test_banner_shows_the_facts_of_its_page():
    shown = banner(PatientFactory(), today=TODAY, facts=[("Course", "10 of 15")])

    page = render_to_string("patients/_banner.html", {"banner": shown})

    assert "<dt>Course</dt>" in page
    assert "<dd>10 of 15</dd>" in page


def test_banner_marks_the_archived_and_the_deceased():
    patient = PatientFactory(archived_at=datetime(2026, 1, 2, tzinfo=UTC), deceased_on=date(2026, 1, 1))

    page = render_to_string("patients/_banner.html", {"banner": banner(patient, today=TODAY)})

    assert "Archived" in page
    assert "Died 1 January 2026" in page


def test_name_cannot_bring_markup_into_the_banner():
    patient = PatientFactory(family_name="<script>alert(1)</script>")

    page = render_to_string("patients/_banner.html", {"banner": banner(patient, today=TODAY)})

    assert "<script>" not in page
