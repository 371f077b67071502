"""One person, two records: what the one holds becomes part of the other, and nothing is lost, doubled or deleted."""

from datetime import date, timedelta

import pytest
import time_machine
from django.apps import apps

from clinic.models import AuditEvent
from clinic.roles import Role
from patients.models import Allergy, MergeOfRecords, Patient
from tests.factories import AllergyFactory, AppointmentFactory, LocationFactory, UserFactory, WaitingFactory
from tests.treatments.merging_records import NOW, full, merge, merge_url, one_record, other_record, owner, undo
from treatments.merging import MOVES, STAYS
from treatments.models import Waiting

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def here():
    return LocationFactory(name="Harbour Street", time_zone="UTC")


@pytest.fixture
def admin(client, here):
    user = UserFactory(role=Role.ADMIN, locations=[here])
    client.force_login(user)
    return user


@pytest.fixture
def ida(here):
    return one_record(here)


@pytest.fixture
def twin(here):
    return other_record(here)


def waits_for(patient, clinician, days_ago, **facts):
    return WaitingFactory(
        patient=patient,
        course=None,
        kind="consultation",
        joined_at=NOW - timedelta(days=days_ago),
        joined_by=clinician,
        **facts,
    )


def on_the_list(patient):
    return list(Waiting.objects.with_facts().waiting(NOW, NOW.date()).filter(patient=patient))


# What moves


def test_everything_that_names_a_patient_moves_or_is_said_to_stay():
    naming = {relation.related_model for relation in Patient._meta.related_objects}

    assert naming == {*MOVES, *STAYS}, "say in treatments/merging.py whether it moves when two records are merged"


def test_all_that_one_record_holds_stands_in_the_other(client, admin, ida, twin):
    rows = full(twin)

    merge(client, ida, twin)

    assert {name: owner(row) for name, row in rows.items()} == dict.fromkeys(rows, ida)
    twin.refresh_from_db()
    assert (twin.merged_into, twin.archived_at) == (ida, NOW)


def test_nothing_is_deleted_and_nothing_is_made_but_the_merge(client, admin, ida, twin):
    full(twin)
    counts = {model: model._default_manager.count() for model in apps.get_models() if keeps_count(model)}

    merge(client, ida, twin)

    found = {model: model._default_manager.count() for model in counts}
    assert {model for model in counts if counts[model] != found[model]} == {MergeOfRecords, AuditEvent}


def keeps_count(model):
    own = model._meta.app_label in {"clinic", "patients", "treatments"}
    return own and not model.__name__.startswith("Historical")


def test_every_row_that_moved_says_so_in_its_history(client, admin, ida, twin):
    rows = full(twin)

    merge(client, ida, twin)

    for name in ("course", "screening", "consent", "allergy", "appointment"):
        last = rows[name].history.first()
        assert last.patient == ida, name
        assert last.history_change_reason.startswith(f"{twin.record_number} was merged into {ida.record_number}")
        assert last.history_user == admin
    assert Patient.history.filter(id=twin.pk).first().merged_into == ida


def test_record_numbers_and_numbers_of_the_former_system_never_move(client, admin, ida, twin):
    Patient.objects.filter(pk=twin.pk).update(external_id="OLD-7")
    before = (ida.record_number, twin.record_number)

    merge(client, ida, twin)

    ida.refresh_from_db()
    twin.refresh_from_db()
    assert (ida.record_number, twin.record_number) == before
    assert (ida.external_id, twin.external_id) == ("", "OLD-7")


def test_history_of_the_merged_record_stays_its_own(client, admin, ida, twin):
    before = set(Patient.history.filter(id=twin.pk).values_list("history_id", flat=True))

    merge(client, ida, twin)

    assert before < set(Patient.history.filter(id=twin.pk).values_list("history_id", flat=True))


# Allergies


def test_allergy_that_both_name_stands_once_and_the_graver_is_proposed(client, admin, ida, twin):
    mild = AllergyFactory(patient=ida, substance="Lidocaine", severity="mild", reaction="hives")
    grave = AllergyFactory(patient=twin, substance="lidocaine", severity="severe", reaction="swelling of lips")

    merge(client, ida, twin)

    standing = Allergy.objects.filter(patient=ida).in_force()
    assert [(each.pk, each.severity, each.reaction) for each in standing] == [(mild.pk, "severe", "swelling of lips")]
    assert owner(grave) == twin


def test_none_known_against_a_named_allergy_is_said_and_the_named_one_stays(client, admin, ida, twin):
    Patient.objects.filter(pk=ida.pk).update(allergies_asked_on=date(2026, 1, 5))
    AllergyFactory(patient=twin, substance="Latex")

    page = client.get(merge_url(ida, twin))
    merge(client, ida, twin)

    assert f"{ida.record_number} says that no allergy is known, the other names Latex." in page.content.decode()
    assert [each.substance for each in Allergy.objects.filter(patient=ida).in_force()] == ["Latex"]


def test_later_day_of_asking_for_allergies_stays(client, admin, ida, twin):
    Patient.objects.filter(pk=ida.pk).update(allergies_asked_on=date(2026, 1, 5))
    Patient.objects.filter(pk=twin.pk).update(allergies_asked_on=date(2026, 2, 5))

    merge(client, ida, twin)

    ida.refresh_from_db()
    assert ida.allergies_asked_on == date(2026, 2, 5)


# Waiting for the same in both records


@pytest.mark.parametrize("first", ["ida", "twin"])
def test_somebody_who_waits_in_both_records_waits_once_from_the_earlier_day(client, admin, ida, twin, first):
    longer, shorter = (ida, twin) if first == "ida" else (twin, ida)
    early = waits_for(longer, admin, 9, need=Waiting.Need.WISH)
    late = waits_for(shorter, admin, 2, need=Waiting.Need.CLINICAL, note="A clinician asked.")
    assert "The one that waits longer stays." in client.get(merge_url(ida, twin)).content.decode()

    merged = merge(client, ida, twin)

    assert on_the_list(ida) == [early]
    early.refresh_from_db()
    late.refresh_from_db()
    assert (early.joined_at, early.need) == (NOW - timedelta(days=9), Waiting.Need.CLINICAL)
    assert (late.patient, late.removed_at, late.removed_by) == (ida, NOW, admin)
    assert late.removed_reason == "Was on the list in both records when they were merged."

    undo(client, merged)

    assert (on_the_list(longer), on_the_list(shorter)) == ([early], [late])
    early.refresh_from_db()
    assert early.need == Waiting.Need.WISH


def test_waiting_of_the_one_record_that_an_hour_of_the_other_ended_does_not_end_the_others(client, admin, ida, twin):
    waits_for(twin, admin, 9)
    with time_machine.travel(NOW - timedelta(days=6), tick=False):
        AppointmentFactory(
            patient=ida, kind="consultation", course=None, status="done", starts_at=NOW - timedelta(days=5)
        )
    late = waits_for(ida, admin, 2)

    merge(client, ida, twin)

    assert on_the_list(ida) == [late]


def test_waiting_for_two_things_goes_on_for_both(client, admin, ida, twin):
    one = waits_for(ida, admin, 9)
    other = waits_for(twin, admin, 2)
    Waiting.objects.filter(pk=other.pk).update(kind="review")

    merge(client, ida, twin)

    assert on_the_list(ida) == [one, other]
