"""A restored backup knows somebody again who was erased: they are erased again, whatever else stands in it."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from clinic import tombstones
from patients.models import Erasure
from tests.factories import AppointmentFactory, PatientFactory, UserFactory
from tests.treatments.forgotten import DUE, FAMILY, NOW, decided, found_in_tables, person, put_off
from treatments.actions.privacy import withdraw_erasure
from treatments.privacy import erasing, erasing_again
from treatments.privacy.erasing_again import erase_again

pytestmark = pytest.mark.django_db
LATER = DUE + timedelta(hours=1)


@pytest.fixture(autouse=True)
def folders(settings, tmp_path):
    settings.PHOTO_ROOT = tmp_path / "photos"
    settings.DOSSIER_ROOT = tmp_path / "dossiers"
    settings.VAR_DIR = tmp_path / "var"
    settings.TOMBSTONES = tmp_path / "tombstones.jsonl"
    return tmp_path


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
