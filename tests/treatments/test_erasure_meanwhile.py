"""What comes between the decision to erase and the worker is judged once more; some of it stands against it."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from patients.actions import record_screening, write_for
from patients.models import LegalHold, MergeOfRecords, Patient, RecordMergedError, Screening
from tests.factories import AppointmentFactory, CourseFactory, PatientFactory, SessionFactory, UserFactory
from tests.treatments.forgotten import DUE, FAMILY, NOW, decided, dossier_of, found_in_files, person, put_off
from treatments.actions.appointments import refuse_overlap
from treatments.actions.corrections import correct_patient
from treatments.actions.privacy import ahead
from treatments.merging import Pair
from treatments.models import Session, SideEffect
from treatments.privacy.erasing import erase, erase_all, stands_against, wider
from treatments.privacy.retention import standings

pytestmark = pytest.mark.django_db
LATER = DUE + timedelta(hours=1)


@pytest.fixture(autouse=True)
def folders(settings, tmp_path):
    settings.PHOTO_ROOT = tmp_path / "photos"
    settings.DOSSIER_ROOT = tmp_path / "dossiers"
    settings.VAR_DIR = tmp_path / "var"
    settings.TOMBSTONES = tmp_path / "tombstones.jsonl"
    return tmp_path


def test_law_keeps_the_record_ten_years_from_what_was_last_done():
    patient = person()
    SideEffect.objects.update(recorded_at=NOW - timedelta(days=20))

    found = {row.subject: row.kept_to for row in standings(patient.whole_family(), NOW.date())}

    assert found["clinical"] == date(2036, 3, 2)  # from the photo of 2 March, after the session
    assert found["messages"] is None
    assert found["copies"] is None


def test_nobody_who_was_never_treated_is_kept():
    patient = PatientFactory()

    assert [row for row in standings([patient], NOW.date()) if row.is_kept] == []


def test_whoever_is_expected_is_counted_before():
    patient = PatientFactory()
    AppointmentFactory(patient=patient, starts_at=NOW + timedelta(days=1))

    assert ahead(patient, NOW) == 1
    assert ahead(patient, NOW + timedelta(days=2)) == 0


def test_whoever_was_treated_since_it_was_decided_keeps_what_the_law_keeps():
    patient = PatientFactory(family_name=FAMILY)
    erasure = put_off(patient)
    SessionFactory(course__patient=patient, note=f"{FAMILY} is well", performed_at=NOW, signed=True)

    erase_all(lambda: LATER)

    erasure.refresh_from_db()
    assert Session.objects.get().note == "[name] is well"
    assert LegalHold.objects.get().patient == patient
    assert erasure.keeps["clinical"] == "2036-03-02"


def test_what_was_promised_to_be_kept_is_kept_to_the_later_of_two_days():
    assert wider({"photos": "2030-01-01", "clinical": "2037-01-01"}, {"clinical": "2036-03-02"}) == {
        "photos": "2030-01-01",
        "clinical": "2037-01-01",
    }


@pytest.mark.parametrize("which", ["survivor", "merged"])
def test_record_that_was_merged_since_is_not_erased_and_loses_no_file(which, folders):
    patient = person()
    dossier_of(patient)
    erasure = decided(patient)
    both = {"survivor": PatientFactory(), "merged": PatientFactory(), which: patient}
    MergeOfRecords.objects.create(**both, reason="Asked.", made_at=LATER, made_by=UserFactory())
    Patient.objects.filter(pk=both["merged"].pk).update(merged_into=both["survivor"])

    erase_all(lambda: LATER)

    erasure.refresh_from_db()
    assert erasure.done_at is None
    assert not Patient.objects.exclude(erased_at=None).exists()
    assert len(found_in_files(folders)) == 4
    assert "merged" in stands_against(erasure, patient.whole_family(), LATER)


def test_erasure_waits_while_the_patient_is_expected_and_goes_on_by_itself():
    patient = person()
    erasure = decided(patient)
    visit = AppointmentFactory(patient=patient, starts_at=LATER + timedelta(days=1))

    erase(erasure, LATER)
    assert Patient.objects.get(pk=patient.pk).erased_at is None

    visit.delete()
    erase(erasure, LATER)
    assert Patient.objects.get(pk=patient.pk).erased_at == LATER


def test_nobody_who_is_being_erased_is_merged():
    patient, other = PatientFactory(), PatientFactory()
    put_off(other)

    assert f"Record {other.record_number} is being erased." in [stop.words for stop in Pair(patient, other).stops]


def test_nothing_is_planned_or_booked_for_whoever_is_being_erased():
    patient = PatientFactory()
    put_off(patient)
    acts = [
        lambda: write_for(patient, lambda: CourseFactory(patient=patient)),
        lambda: record_screening(Screening(patient=patient), answers=[]),
        lambda: refuse_overlap(AppointmentFactory(patient=patient, starts_at=NOW - timedelta(days=3))),
    ]

    for act in acts:
        with pytest.raises(ValidationError, match="is being erased"):
            act()


def test_session_is_not_put_right_into_a_record_that_is_being_erased():
    session, course = SessionFactory(), CourseFactory()
    put_off(course.patient)

    with pytest.raises(ValidationError, match="is being erased"):
        correct_patient(
            session,
            course,
            reason="Wrong one.",
            early_reason="",
            effects=[],
            assessments=[],
            by=UserFactory(),
            now=NOW,
            version=session.version,
        )


def test_record_that_was_merged_meanwhile_is_not_decided_about():
    patient = PatientFactory()
    Patient.objects.filter(pk=patient.pk).update(merged_into=PatientFactory())

    with pytest.raises(RecordMergedError):
        put_off(patient)


def test_erasure_takes_the_courses_before_the_patients_as_everybody_does():
    patient = person()
    erasure = decided(patient)

    with CaptureQueriesContext(connection) as queries:
        erase(erasure, LATER)

    said = [query["sql"] for query in queries]
    course = next(n for n, sql in enumerate(said) if 'FROM "treatments_course"' in sql)
    patients = [n for n, sql in enumerate(said) if 'FROM "patients_patient"' in sql and "FOR UPDATE" in sql]
    assert all(course < n for n in patients)
    assert connection.vendor == "sqlite" or "FOR NO KEY UPDATE" in said[course]
