"""Three patients with the same reaction on one batch: the bottle is suspected, and its lots say so."""

import pytest

from tests.factories import (
    CourseFactory,
    InjectionFactory,
    LocationFactory,
    LotFactory,
    PatientFactory,
    PreparationFactory,
    SessionFactory,
    SideEffectFactory,
    SideEffectKindFactory,
)
from treatments.models import Lot
from treatments.rules.stock import clusters

pytestmark = pytest.mark.django_db


def reaction(lot=None, *, kind="nodule", patient=None, mixed=False):
    """Let a patient have a reaction after a session with the lot, straight or mixed into a preparation."""
    patient = patient or PatientFactory()
    session = SessionFactory(course=patient.courses.first() or CourseFactory(patient=patient), signed=True)
    source = {"lot": lot}
    if mixed:
        source = {"lot": None, "preparation": PreparationFactory(location=lot.location, ingredients=[(lot, 5)])}
    InjectionFactory(session=session, **source, volume_ml=1)
    return SideEffectFactory(session=session, kind=SideEffectKindFactory(code=kind))


def alert(lot):
    found = Lot.objects.with_alert().get(pk=lot.pk)
    return found.alert_kind, found.alert_patients


def test_two_patients_are_no_alert():
    lot = LotFactory()
    for _number in range(2):
        reaction(lot)

    assert alert(lot) == (None, None)


def test_three_patients_with_one_kind_are_an_alert():
    lot = LotFactory()
    for _number in range(3):
        reaction(lot)
    reaction(lot, kind="haematoma")

    assert alert(lot) == ("Nodule", 3)


def test_what_is_usual_after_a_treatment_is_no_alert():
    lot = LotFactory()
    for _number in range(4):
        reaction(lot, kind="burning")

    assert alert(lot) == (None, None)


def test_three_patients_with_three_kinds_are_none():
    lot = LotFactory()
    for kind in ("haematoma", "granuloma", "nodule"):
        reaction(lot, kind=kind)

    assert alert(lot) == (None, None)


def test_one_patient_counts_once_however_often_it_reacts():
    lot, patient = LotFactory(), PatientFactory()
    for _number in range(4):
        reaction(lot, patient=patient)

    assert alert(lot) == (None, None)


def test_the_way_through_a_preparation_counts_and_nobody_counts_twice():
    lot, both = LotFactory(), PatientFactory()
    reaction(lot)
    reaction(lot, patient=both)
    reaction(lot, patient=both, mixed=True)
    assert alert(lot) == (None, None)

    reaction(lot, mixed=True)
    assert alert(lot) == ("Nodule", 3)


def test_the_same_batch_at_another_place_is_the_same_suspicion():
    lot = LotFactory()
    elsewhere = LotFactory(product=lot.product, number=lot.number, location=LocationFactory())
    reaction(lot)
    for _number in range(2):
        reaction(elsewhere)

    assert alert(lot) == alert(elsewhere) == ("Nodule", 3)


def test_a_session_entered_in_error_suspects_no_bottle():
    lot = LotFactory()
    session = reaction(lot).session
    for _number in range(2):
        reaction(lot)
    session.entered_in_error_at, session.entered_in_error_by = session.performed_at, session.performed_by
    session.entered_in_error_reason = "Another patient."
    session.save()

    assert alert(lot) == (None, None)


def test_the_database_and_the_rule_agree():
    lots, patients = LotFactory.create_batch(3), PatientFactory.create_batch(5)
    seen = {lot.pk: [] for lot in lots}
    for number in range(40):
        lot, patient, kind = lots[number % 3], patients[number * number % 5], ["haematoma", "nodule"][number // 7 % 2]
        effect = reaction(lot, kind=kind, patient=patient, mixed=number % 4 == 0)
        seen[lot.pk].append((effect.kind.name, patient.pk))

    for lot in Lot.objects.with_alert():
        assert lot.alert_patients == max(clusters(seen[lot.pk]).values(), default=None)


@pytest.mark.parametrize(
    ("seen", "found"),
    [
        ([], {}),
        ([("a", 1), ("a", 2)], {}),
        ([("a", 1), ("a", 2), ("a", 2)], {}),
        ([("a", 1), ("a", 2), ("a", 3), ("b", 1)], {"a": 3}),
    ],
)
def test_a_kind_counts_from_three_patients_on(seen, found):
    assert clusters(seen) == found
