"""Forgetting a patient: after an erasure the name is in no table, no earlier version and no file."""

from datetime import date, timedelta

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session as SignIn
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clinic import tombstones
from patients.actions import record_screening, write_for
from patients.models import (
    Dossier,
    Erasure,
    HoldOpening,
    LegalHold,
    MergeOfRecords,
    Patient,
    RecordMergedError,
    ReturnedAddress,
    Screening,
)
from tests.factories import (
    AppointmentFactory,
    CourseFactory,
    PatientFactory,
    SessionFactory,
    UserFactory,
)
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
from treatments.actions.appointments import refuse_overlap
from treatments.actions.corrections import correct_patient
from treatments.actions.privacy import ahead, decide_erasure, withdraw_erasure
from treatments.merging import Pair
from treatments.models import Amendment, Photo, Reminder, Session, SideEffect, Waiting, WorkingCopy
from treatments.photo_files import ENDINGS
from treatments.photo_files import vault as photo_vault
from treatments.privacy import erasing, erasing_again
from treatments.privacy.erasing import erase, erase_all, stands_against, wider
from treatments.privacy.erasing_again import erase_again
from treatments.privacy.retention import standings
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


def test_restored_backup_erases_again_whoever_was_erased_since(folders, settings):
    patient = person()
    public_id = str(patient.public_id)
    stones = [tombstones.Tombstone(public_id, LATER.isoformat(), {})]

    assert erase_again(stones) == 1

    assert found_in_tables() == []
    assert Erasure.objects.get().ground == Erasure.Ground.RESTORED
    assert erase_again(stones) == 0
    assert tombstones.read(settings.TOMBSTONES)[0].patient == public_id


def stone_of(patient):
    return tombstones.Tombstone(str(patient.public_id), LATER.isoformat(), {})


def test_restored_backup_that_knows_only_of_withdrawn_erasures_erases_again():
    patient, boss = person(), UserFactory()
    for reason in ("A slip.", "Another."):
        withdraw_erasure(put_off(patient), reason=reason, by=boss, now=NOW)

    assert erase_again([stone_of(patient)]) == 1

    assert found_in_tables() == []
    assert Erasure.objects.done().get().ground == Erasure.Ground.RESTORED


def test_restored_backup_in_which_the_erasure_still_waited_for_an_appointment_erases_again():
    patient = person()
    erasure = decided(patient)
    AppointmentFactory(patient=patient, starts_at=LATER + timedelta(days=3))

    assert erase_again([stone_of(patient)]) == 1

    assert found_in_tables() == []
    erasure.refresh_from_db()
    assert (erasure.ground, erasure.done_at) == (Erasure.Ground.RESTORED, LATER)


def test_one_who_cannot_be_erased_again_keeps_nobody_else_and_is_named_by_public_id(monkeypatch):
    faulty, other = PatientFactory(family_name=FAMILY), PatientFactory()
    real = erasing.forget_person

    def fail(record, *args):
        if record.pk == faulty.pk:
            raise ValueError(FAMILY)
        real(record, *args)

    monkeypatch.setattr(erasing, "forget_person", fail)
    with pytest.raises(tombstones.StillKnownError) as raised:
        erase_again([stone_of(faulty), tombstones.Tombstone("none", "no day", {}), stone_of(other)])

    assert raised.value.patients == [str(faulty.public_id), "none"]
    assert FAMILY not in str(raised.value)
    other.refresh_from_db()
    assert other.is_erased


def test_nobody_counts_as_erased_again_whose_record_stands(monkeypatch):
    patient = person()
    monkeypatch.setattr(erasing_again, "erase", lambda *args: None)

    with pytest.raises(tombstones.StillKnownError, match=str(patient.public_id)):
        erase_again([stone_of(patient)])


def test_command_that_leaves_somebody_unerased_fails_and_says_who(monkeypatch, folders):
    patient = PatientFactory(family_name=FAMILY)
    tombstones.add(stone_of(patient))
    monkeypatch.setattr(erasing, "forget_person", lambda *args: 1 / 0)

    with pytest.raises(CommandError, match=f"1 .*{patient.public_id}"):
        call_command("erase_again")


def test_tombstone_line_that_a_power_cut_left_half_is_passed_over(folders):
    path = folders / "tombstones.jsonl"
    path.write_text('{"patient": "a", "erased_at": "2026-03-02T14:00:00+00:00", "keeps": {}}\n{"patient": "b", "er')

    assert [stone.patient for stone in tombstones.read(path)] == ["a"]
    assert tombstones.read(folders / "none") == []


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


# What comes between the decision and the worker


def put_off(patient):
    """Decide an erasure of somebody of whom the law keeps nothing as of now."""
    return decide_erasure(patient, ground="withdrawn", by=UserFactory(), now=NOW, today=NOW.date())


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


# What outlives


def test_what_a_live_sign_in_was_about_to_say_has_no_name_and_the_sign_in_goes_on(client):
    patient = person()
    user = UserFactory()
    client.force_login(user)
    session = client.session
    session["next-page"] = {"title": "1 person could come earlier.", "lines": [f"{GIVEN} {FAMILY}"], "ways": []}
    session["wanted"] = f"/patients/?q={FAMILY.lower()}"
    session["_messages"] = f'[["__json_message", 0, 25, "{GIVEN} {FAMILY} is a patient again."]]'
    session["location"] = "here"
    session.save()

    erase(decided(patient), LATER)

    said = client.session
    assert FAMILY.lower() not in str(dict(said.items())).lower()
    assert said["next-page"]["lines"] == ["[name]"]
    assert (said["location"], said["_auth_user_id"]) == ("here", str(user.pk))
    assert Erasure.objects.get().counts["sign-ins"] == 1


def with_a_name_to_say(client, expires):
    """Sign somebody in whose next page would say the name, and return the row, which ends at `expires`."""
    client.force_login(UserFactory())
    session = client.session
    session["wanted"] = f"/patients/?q={FAMILY}"
    session.save()
    SignIn.objects.filter(pk=session.session_key).update(expire_date=expires)
    return SignIn.objects.get(pk=session.session_key)


def test_sign_in_that_has_ended_is_removed_with_the_name_in_it(client):
    row = with_a_name_to_say(client, timezone.now() - timedelta(minutes=1))

    erase(decided(person()), LATER)

    assert not SignIn.objects.filter(pk=row.pk).exists()


def test_sign_in_that_loses_a_name_lasts_no_longer_than_before(client):
    ends = timezone.now() + timedelta(minutes=7)
    row = with_a_name_to_say(client, ends)

    with CaptureQueriesContext(connection) as queries:
        erase(decided(person()), LATER)

    row.refresh_from_db()
    assert row.expire_date == ends
    assert FAMILY not in str(row.get_decoded())
    locked = [q for q in queries if 'FROM "django_session"' in q["sql"] and "FOR UPDATE" in q["sql"]]
    assert connection.vendor == "sqlite" or len(locked) == 1


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
