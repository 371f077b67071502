"""Forgetting a patient: after an erasure the name is in no table, no earlier version and no file."""

from datetime import date, timedelta

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType

from patients.models import Dossier, Erasure, HoldOpening, LegalHold, MergeOfRecords, Patient, ReturnedAddress
from tests.factories import PatientFactory, SessionFactory, UserFactory
from tests.treatments.forgotten import (
    DUE,
    FAMILY,
    GIVEN,
    NOW,
    decided,
    dossier_of,
    found_in_files,
    found_in_tables,
    import_files,
    person,
)
from treatments.actions.privacy import decide_erasure
from treatments.merging import Pair
from treatments.models import Amendment, Photo, Reminder, Session, SideEffect, Waiting, WorkingCopy
from treatments.photo_files import ENDINGS
from treatments.photo_files import vault as photo_vault
from treatments.privacy import erasing
from treatments.privacy.erasing import erase, erase_all
from treatments.unmerging import Undoing

pytestmark = pytest.mark.django_db
LATER = DUE + timedelta(hours=1)
KEPT = {"clinical": "2036-02-10", "photos": "2036-02-10", "consents": "2036-02-10"}


@pytest.fixture(autouse=True)
def folders(settings, tmp_path):
    settings.PHOTO_ROOT = tmp_path / "photos"
    settings.DOSSIER_ROOT = tmp_path / "dossiers"
    settings.VAR_DIR = tmp_path / "var"
    settings.TOMBSTONES = tmp_path / "tombstones.jsonl"
    return tmp_path


def test_erasure_leaves_the_name_in_no_table_and_no_file(folders):
    patient = person()
    dossier_of(patient)
    assert len(found_in_tables()) > 20
    assert len(found_in_files(folders)) == 4

    erase(decided(patient), LATER)

    assert found_in_tables() == []
    assert found_in_files(folders) == []
    assert Photo.objects.get().state == Photo.State.FAILED
    assert not LegalHold.objects.exists()


def test_what_the_law_keeps_stands_without_a_name_outside_the_legal_hold(folders):
    patient = person()

    erase(decided(patient, KEPT), LATER)

    assert found_in_tables(leaving_out=["patients_legalhold"]) == []
    session = Session.objects.get()
    assert session.note == "[name] rang from [name], [name], again"
    assert session.course.patient.family_name.startswith("Erased E-")
    assert Photo.objects.get().state != Photo.State.FAILED
    assert len(found_in_files(folders)) == 3  # the photos, which are kept


def test_legal_hold_leads_back_to_the_person_and_to_each_text():
    patient = person()
    number, note = patient.record_number, Session.objects.get().note

    erase(decided(patient, KEPT), LATER)

    hold = LegalHold.objects.get(patient=patient)
    assert hold.identity[0]["record_number"] == number
    assert {record["family_name"] for record in hold.identity} == {FAMILY}
    assert ["treatments.Session", Session.objects.get().pk, "note", note] in hold.originals


def test_second_erasure_after_the_time_is_over_takes_the_hold_as_well(folders):
    patient = person()
    erase(decided(patient, KEPT), LATER)
    HoldOpening.objects.create(patient=patient, opened_at=LATER, opened_by=UserFactory(), reason=f"claim of {FAMILY}")

    erase(decided(patient), LATER + timedelta(days=4000))

    assert found_in_tables() == []
    assert found_in_files(folders) == []
    assert Session.objects.get().note == "–"


def test_every_record_that_was_merged_goes_with_the_one_that_goes_on():
    patient = person()

    erase(decided(patient), LATER)

    assert Patient.objects.filter(erased_at=LATER).count() == 2
    assert set(Patient.objects.values_list("given_name", flat=True)) == {""}


def test_another_patient_of_the_same_name_keeps_everything():
    patient = person()
    other = PatientFactory(given_name=GIVEN, family_name=FAMILY)
    SessionFactory(course__patient=other, note=f"{FAMILY} is well")

    erase(decided(patient), LATER)

    other.refresh_from_db()
    assert (other.full_name, other.erased_at) == (f"{GIVEN} {FAMILY}", None)
    assert Session.objects.get(course__patient=other).note == f"{FAMILY} is well"


def test_numbers_days_and_lots_of_the_sessions_stay():
    patient = person()
    before = Session.objects.values_list("performed_at", "performed_by", "weight_kg").get()

    erase(decided(patient), LATER)

    assert Session.objects.values_list("performed_at", "performed_by", "weight_kg").get() == before
    assert SideEffect.objects.count() == 1
    assert Amendment.objects.values_list("before", "after").get() == ([], [])
    assert not WorkingCopy.objects.exists()
    assert Reminder.objects.get().address == "–"


def test_only_the_year_of_the_birth_date_stays():
    patient = person(birth_date=date(1988, 2, 29))

    erase(decided(patient), LATER)

    patient.refresh_from_db()
    assert (patient.birth_date, patient.email, patient.phone, patient.contact_permission) == (
        date(1988, 1, 1),
        "",
        "",
        False,
    )


def test_certificate_says_what_was_done_and_names_nobody(settings):
    settings.BACKUP_TO, settings.BACKUP_KEY, settings.BACKUP_KEEP = "/backups", "key", 14
    patient = person()
    erasure = decided(patient)

    erase(erasure, LATER)

    erasure.refresh_from_db()
    assert erasure.done_at == LATER
    assert (erasure.counts["records"], erasure.counts["photos"], erasure.counts["files"]) == (2, 1, 3)
    assert erasure.backups_gone_on == date(2026, 3, 18)


def test_erasure_that_was_cut_off_after_the_files_is_finished_by_the_next(monkeypatch, folders):
    patient = person()
    erasure = decided(patient)
    real = erasing.forget_person
    monkeypatch.setattr(erasing, "forget_person", lambda *args: 1 / 0)
    erase_all(lambda: LATER)
    assert Session.objects.get().note.startswith(GIVEN.upper())  # nothing of the rows was written by halves
    assert found_in_files(folders) == []

    monkeypatch.setattr(erasing, "forget_person", real)
    assert erase_all(lambda: LATER) == 0  # its lease is not over
    erase_all(lambda: LATER + timedelta(minutes=6))

    erasure.refresh_from_db()
    assert erasure.done_at == LATER + timedelta(minutes=6)
    assert found_in_tables() == []


def test_log_of_an_erasure_that_failed_has_no_word_of_the_patient(monkeypatch, caplog):
    erasure = decided(person())

    def fail(*args):
        raise ValueError(FAMILY)

    monkeypatch.setattr(erasing, "forget_person", fail)
    erase_all(lambda: LATER)

    assert f"Erasure {erasure.public_id} could not be done now: ValueError" in caplog.text
    assert FAMILY not in caplog.text


def test_erasing_twice_changes_nothing():
    patient = person()
    erasure = decided(patient)
    erase(erasure, LATER)
    number = Patient.objects.get(pk=patient.pk).record_number

    erase(Erasure.objects.get(pk=erasure.pk), LATER + timedelta(days=1))

    assert Erasure.objects.get().done_at == LATER
    assert Patient.objects.get(pk=patient.pk).record_number == number


def test_erasure_decided_twice_is_one():
    patient, boss = PatientFactory(), UserFactory()

    first, second = (decide_erasure(patient, ground="withdrawn", by=boss, now=NOW, today=NOW.date()) for _ in range(2))

    assert first == second
    assert Erasure.objects.count() == 1


def test_dossiers_go_with_the_patient():
    patient = person()
    dossier = dossier_of(patient)

    erase(decided(patient), LATER)

    dossier.refresh_from_db()
    assert (dossier.state, dossier.gone_at) == (Dossier.State.GONE, LATER)


def test_merge_of_an_erased_person_is_neither_made_nor_taken_back():
    patient = person()
    other = PatientFactory(location=patient.location)
    merged = Patient.objects.get(merged_into=patient)
    merge = MergeOfRecords.objects.create(
        merged=merged,
        survivor=patient,
        reason=f"both are {FAMILY}",
        made_at=NOW,
        made_by=UserFactory(),
        written=[{"model": "patients.patient", "pk": 1, "before": {"family_name": FAMILY}, "after": {}}],
        newest={"patients.patient": 3},
    )

    erase(decided(patient), LATER)

    merge = MergeOfRecords.objects.for_page().get(pk=merge.pk)
    assert (merge.reason, merge.written, merge.newest) == ("–", [], {"patients.patient": 3})
    assert Undoing(merge).stops
    assert Pair(Patient.objects.get(pk=patient.pk), other).stops
    assert found_in_tables() == []


def test_address_that_came_back_and_the_waiting_list_forget_the_person():
    patient = person()
    ReturnedAddress.objects.create(
        patient=patient, channel="email", address="kanara.mail@example.org", reason=FAMILY, returned_at=NOW
    )
    Waiting.objects.create(
        patient=patient,
        kind="consultation",
        minutes=30,
        from_on=NOW.date(),
        note=f"for {GIVEN}",
        joined_at=NOW,
        joined_by=UserFactory(),
    )

    erase(decided(patient), LATER)

    assert found_in_tables() == []
    assert not ReturnedAddress.objects.exists()
    assert Waiting.objects.get().note == "–"


def test_merge_that_is_kept_tells_no_birth_date_town_or_number_of_the_person():
    patient = person()
    told = {"birth_date": "1988-02-29", "city": "Larkhaven", "external_id": "OLD-77", "sex": "female"}
    merge = MergeOfRecords.objects.create(
        merged=Patient.objects.get(merged_into=patient),
        survivor=patient,
        reason="Asked.",
        made_at=NOW - timedelta(days=1),
        made_by=UserFactory(),
        written=[{"model": "patients.Patient", "pk": patient.pk, "before": told, "after": told}],
    )

    erase(decided(patient, KEPT), LATER)

    merge.refresh_from_db()
    nothing = {"birth_date": None, "city": None, "external_id": None, "sex": "female"}
    assert merge.written == [{"model": "patients.Patient", "pk": patient.pk, "before": nothing, "after": nothing}]
    assert "Larkhaven" in str(LegalHold.objects.get().originals)


def test_photo_that_was_sent_while_the_rows_were_written_is_gone_from_the_disk(monkeypatch, folders):
    patient = person()
    photo = Photo.objects.get()
    real = erasing.forget_photos

    def meanwhile(*args):
        photo_vault().write(photo.stored_name, next(iter(ENDINGS.values())), FAMILY.encode())
        return real(*args)

    monkeypatch.setattr(erasing, "forget_photos", meanwhile)
    erase(decided(patient), LATER)

    assert found_in_files(folders) == []


def test_log_of_the_admin_site_forgets_rows_that_are_removed():
    patient = person()
    copy = WorkingCopy.objects.get()
    LogEntry.objects.create(
        user=UserFactory(),
        content_type=ContentType.objects.get_for_model(WorkingCopy),
        object_id=str(copy.pk),
        object_repr=f"Typing of {FAMILY}",
        action_flag=CHANGE,
    )

    erase(decided(patient), LATER)

    assert found_in_tables() == []


def test_file_of_an_import_that_nobody_confirmed_goes_with_an_erasure(folders):
    forgotten, just_sent = import_files(folders / "var", {"old.rejects.csv": 61, "young.csv": 59})

    erase(decided(person()), LATER)

    assert (forgotten.exists(), just_sent.exists()) == (False, True)
