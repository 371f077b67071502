"""What is only ever added to stays as it was written, whoever asks; and the one door to it leaves its trace."""

from datetime import UTC, datetime

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from clinic.append_only import guarded_models, opened, trigger_sql, triggers
from clinic.models import AppendOnlyDoor, AuditEvent
from tests.factories import AuditEventFactory, PatientFactory, UserFactory

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def run(*statements):
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@pytest.fixture
def patient():
    return PatientFactory(family_name="Okafor")


def test_every_history_and_the_trail_itself_have_all_their_triggers():
    wanted = {
        name
        for model in guarded_models()
        for name in trigger_sql(connection.vendor, model._meta.db_table, model._meta.pk.column)
    }

    assert len(guarded_models()) > 40
    assert wanted <= triggers(connection)


@pytest.mark.parametrize("change", ["UPDATE {} SET {} = {}", "DELETE FROM {}"])
@pytest.mark.parametrize("table", ["clinic_auditevent", "patients_historicalpatient"])
def test_a_row_of_the_past_is_neither_changed_nor_removed(patient, table, change):
    AuditEventFactory()
    key = "id" if table == "clinic_auditevent" else "history_id"

    with pytest.raises(IntegrityError, match=f"{table} is only ever added to"), transaction.atomic():
        run(change.format(table, key, key))


@pytest.mark.skipif("connection.vendor != 'postgresql'")
@pytest.mark.parametrize(
    "how", ["TRUNCATE {} CASCADE", "SET LOCAL session_replication_role = replica; TRUNCATE {} CASCADE"]
)
def test_a_table_of_the_past_is_not_emptied_at_once_either(patient, how):
    with pytest.raises(IntegrityError, match="only ever added to"), transaction.atomic():
        run(how.format("clinic_auditevent"))


@pytest.mark.skipif("connection.vendor != 'postgresql'")
def test_a_temporary_table_of_the_doors_name_opens_nothing():
    run(
        "CREATE TEMPORARY TABLE clinic_appendonlydoor (id int) ON COMMIT DROP",
        "INSERT INTO pg_temp.clinic_appendonlydoor VALUES (1)",
    )
    PatientFactory()

    with pytest.raises(IntegrityError, match="only ever added to"), transaction.atomic():
        run("DELETE FROM patients_historicalpatient")


@pytest.mark.skipif("connection.vendor != 'sqlite'")
def test_a_row_of_the_past_is_not_replaced_by_another_of_its_number(patient):
    AuditEventFactory()

    with pytest.raises(IntegrityError, match="only ever added to"), transaction.atomic():
        run("INSERT OR REPLACE INTO clinic_auditevent SELECT * FROM clinic_auditevent")


def test_through_the_door_history_is_rewritten_and_an_event_says_why(patient):
    boss = UserFactory()

    with transaction.atomic(), opened(reason="erasure", at=NOON, by=boss, record=patient, patient=patient.public_id):
        assert patient.history.update(family_name="") == 1

    event = AuditEvent.objects.get(act="door")
    assert patient.history.get().family_name == ""
    assert (event.by, event.detail, event.happened_at) == (boss, {"reason": "erasure"}, NOON)
    assert (event.record_type, event.patient_public_id) == ("patients.patient", patient.public_id)
    assert not AppendOnlyDoor.objects.exists()


def test_after_the_door_history_is_shut_again(patient):
    with opened(reason="erasure", at=NOON):
        pass

    with pytest.raises(IntegrityError), transaction.atomic():
        patient.history.update(family_name="")


def test_what_failed_behind_the_door_is_taken_back_with_it(patient):
    def rewrite_and_fail():
        with opened(reason="erasure", at=NOON):
            patient.history.update(family_name="")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        rewrite_and_fail()

    assert patient.history.get().family_name == "Okafor"
    assert not AppendOnlyDoor.objects.exists()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_the_door_opens_in_a_transaction_only():
    with pytest.raises(transaction.TransactionManagementError), opened(reason="erasure", at=NOON):
        pass


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_no_door_is_ever_left_open():
    event = AuditEventFactory()

    with pytest.raises(IntegrityError), transaction.atomic():
        AppendOnlyDoor.objects.create(event=event)

    assert not AppendOnlyDoor.objects.exists()


def test_nobody_numbers_an_event_so_that_the_door_could_stay_open():
    with pytest.raises(IntegrityError), transaction.atomic():
        AuditEventFactory(pk=AppendOnlyDoor.NEVER)


def test_a_table_that_lost_its_triggers_has_them_again_after_a_migration():
    table = "patients_historicalpatient"
    name = f"{table}_update"
    run(f'DROP TRIGGER "{name}"' + (f' ON "{table}"' if connection.vendor == "postgresql" else ""))
    assert name not in triggers(connection)

    call_command("migrate", verbosity=0)

    assert name in triggers(connection)
