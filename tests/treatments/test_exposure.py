"""Who had what, and who of them reacted."""

from datetime import timedelta

import pytest

from tests.factories import LocationFactory, LotFactory, TreatmentAreaFactory, UserFactory
from tests.treatments.signal_facts import NOW, give, react
from treatments.exposure import By, Exposed, Reacted, exposed_by, exposed_in_all, reacted_by, reacted_in_all
from treatments.models import Session, SideEffect

pytestmark = pytest.mark.django_db
YEAR = (NOW - timedelta(days=365), NOW)


def exposed(by):
    return exposed_by(Session.objects.signed().between(*YEAR), by)


def reacted(by, *also):
    return reacted_by(SideEffect.objects.after_signed().after_sessions_between(*YEAR), by, *also)


def key(lot):
    return (lot.product_id, lot.number)


def test_a_patient_counts_once_a_lot_and_each_session_counts():
    lot = LotFactory()
    patient = give(lot).course.patient
    give(lot, patient=patient, days=8)
    give(lot)

    assert exposed(By.LOT) == {key(lot): Exposed(sessions=3, patients=2, answered=0)}


def test_a_mixture_counts_for_each_lot_in_it_and_a_lot_twice_in_a_session_once():
    one, other = LotFactory(), LotFactory()
    session = give(one, other, mixed=True)
    react(session)

    assert exposed(By.LOT) == {key(one): Exposed(1, 1, 1), key(other): Exposed(1, 1, 1)}
    assert reacted(By.LOT) == {key(one): Reacted(1, 1), key(other): Reacted(1, 1)}
    assert exposed(By.PRODUCT) == {(one.product_id,): Exposed(1, 1, 1)}


def test_the_same_batch_at_two_places_is_one():
    lot = LotFactory()
    elsewhere = LotFactory(product=lot.product, number=lot.number, location=LocationFactory())
    give(lot)
    give(elsewhere)

    assert exposed(By.LOT) == {key(lot): Exposed(2, 2, 0)}


def test_a_reaction_counts_for_what_was_injected_where_it_is():
    left, right = TreatmentAreaFactory(code="thigh-back-left"), TreatmentAreaFactory(code="thigh-back-right")
    lot = LotFactory()
    session = give(lot, areas=[left, right])
    react(session, area=left)

    assert reacted(By.LOT) == {key(lot): Reacted(1, 1)}
    assert reacted(By.AREA) == {(left.pk,): Reacted(1, 1)}


def test_a_reaction_without_an_area_counts_for_all_of_its_session():
    left, right = TreatmentAreaFactory(code="thigh-back-left"), TreatmentAreaFactory(code="thigh-back-right")
    react(give(LotFactory(), areas=[left, right]))

    assert reacted(By.AREA) == {(left.pk,): Reacted(1, 1), (right.pk,): Reacted(1, 1)}


def test_a_reaction_where_nothing_was_injected_counts_for_every_lot_of_its_session():
    left, right = TreatmentAreaFactory(code="thigh-back-left"), TreatmentAreaFactory(code="thigh-back-right")
    lot = LotFactory()
    react(give(lot, areas=[left]), area=right)

    assert reacted(By.LOT) == {key(lot): Reacted(1, 1)}
    assert reacted(By.AREA) == {}


def test_drafts_errors_and_other_years_count_nowhere():
    lot = LotFactory()
    draft = give(lot, signed=False)
    wrong = give(lot)
    wrong.entered_in_error_at, wrong.entered_in_error_by = wrong.performed_at, wrong.performed_by
    wrong.entered_in_error_reason = "Another patient."
    wrong.save()
    old = give(lot)
    old.performed_at -= timedelta(days=400)
    old.save()
    for session in (draft, wrong, old):
        react(session)

    assert exposed(By.LOT) == {}
    assert reacted(By.LOT) == {}


def test_technique_and_practitioner_are_those_of_the_session():
    ada, ines = UserFactory(), UserFactory()
    react(give(LotFactory(), performed_by=ada, technique=Session.Technique.PAPULE))
    give(LotFactory(), performed_by=ines)

    assert exposed(By.TECHNIQUE) == {("papule",): Exposed(1, 1, 1), ("nappage",): Exposed(1, 1, 0)}
    assert exposed(By.PRACTITIONER) == {(ada.pk,): Exposed(1, 1, 1), (ines.pk,): Exposed(1, 1, 0)}
    assert reacted(By.PRACTITIONER, "kind__code") == {(ada.pk, "nodule"): Reacted(1, 1)}


def test_what_followed_is_known_when_the_next_session_asked_or_a_reaction_came():
    lot = LotFactory()
    patient = give(lot).course.patient
    give(lot, patient=patient, days=8, asked_back=Session.Asked.NONE)  # answers for the first
    give(lot, patient=patient, days=16)  # nobody asked about the second
    react(give(lot))

    everything = exposed_in_all(Session.objects.signed().between(*YEAR))

    assert everything == Exposed(sessions=4, patients=2, answered=2)


def test_several_reactions_of_a_session_are_one_session_with_it():
    session = give(LotFactory())
    react(session)
    react(session, kind="swelling")

    everything = SideEffect.objects.after_signed().after_sessions_between(*YEAR)

    assert reacted_in_all(everything) == Reacted(1, 1)
    assert set(reacted(By.KIND).values()) == {Reacted(1, 1)}
