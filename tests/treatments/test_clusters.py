"""Lots that stand out, found in the database, and what a clinician said about them."""

from datetime import timedelta

import pytest
import time_machine
from django.core.cache import caches

from clinic.roles import Role
from tests.benchmarks.year import Year
from tests.factories import LocationFactory, LotFactory, PatientFactory, UserFactory
from tests.treatments.signal_facts import NOW, give, react
from treatments.clusters import clusters, find_clusters, loud_signals, signals
from treatments.models import ClusterReview, SideEffectKind
from treatments.rules.cluster import Reason

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def here():
    return LocationFactory()


@pytest.fixture
def doctor(here):
    return UserFactory(role=Role.CLINICIAN, locations=[here])


def plant(lot, patients=3, kind="nodule"):
    for _number in range(patients):
        react(give(lot), kind)


def see(signal, doctor, at=NOW):
    cluster = signal.cluster
    return ClusterReview.objects.create(
        product=cluster.product,
        number=cluster.number,
        kind=cluster.kind,
        patients=cluster.own.patients.count,
        reason="Two had it before.",
        seen_by=doctor,
        seen_at=at,
    )


def test_three_patients_of_one_lot_stand_out_with_their_numbers_and_the_others(here):
    lot, other = LotFactory(location=here), LotFactory(location=here)
    plant(lot)
    give(lot)
    for _number in range(5):
        give(other)

    [found] = find_clusters(NOW)

    assert (found.number, found.kind.code, found.reasons) == (lot.number, "nodule", (Reason.THREE,))
    assert (found.own.patients.count, found.own.patients.of) == (3, 4)
    assert (found.others.patients.count, found.others.patients.of) == (0, 5)
    assert found.headline == f"Nodule in 3 of 4 patients with lot {lot.number} of Vitamin mixture 10 mg/ml."
    assert "On other lots 0 of 5, a patient once on each" in found.comparison
    assert "no diagnosis" in found.advice


def test_burning_in_everybody_suspects_nobody(here):
    for lot in LotFactory.create_batch(2, location=here):
        plant(lot, patients=4, kind="burning")

    assert find_clusters(NOW) == []


def test_the_admin_says_which_kinds_are_usual(here):
    plant(LotFactory(location=here), kind="swelling")
    assert find_clusters(NOW) == []

    kind = SideEffectKind.objects.get(code="swelling")
    kind.is_expected = False
    kind.save()

    assert [each.kind for each in find_clusters(NOW)] == [kind]


def test_usual_is_what_a_clinician_need_not_see_each_time():
    assert not SideEffectKind.objects.filter(is_expected=True, always_review=True).exists()
    assert not SideEffectKind.objects.filter(is_expected=True, is_urgent=True).exists()
    assert SideEffectKind.objects.get(code="burning").is_expected
    assert not SideEffectKind.objects.get(code="nodule").is_expected


def test_a_session_that_waits_for_its_signature_counts_too(here):
    lot = LotFactory(location=here)
    plant(lot, patients=2)
    react(give(lot, signed=False))

    assert [each.own.patients.count for each in find_clusters(NOW)] == [3]


def test_patients_of_two_places_are_one_suspicion_and_each_place_sees_it(here, doctor):
    lot = LotFactory(location=here)
    elsewhere = LotFactory(product=lot.product, number=lot.number, location=LocationFactory())
    plant(lot, patients=1)
    plant(elsewhere, patients=2)

    [signal] = signals(doctor, NOW)

    assert (signal.lot, signal.cluster.own.patients.count) == (lot, 3)
    assert signals(UserFactory(role=Role.CLINICIAN, locations=[LocationFactory()]), NOW) == []


def test_what_was_seen_is_quiet_until_another_patient_has_it(here, doctor):
    lot = LotFactory(location=here)
    plant(lot)
    [signal] = signals(doctor, NOW)
    see(signal, doctor)
    assert [each.is_quiet for each in signals(doctor, NOW)] == [True]
    assert loud_signals(doctor, NOW) == []

    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        plant(lot, patients=1)
        [again] = loud_signals(doctor, NOW + timedelta(hours=1))

    assert again.cluster.own.patients.count == 4
    assert again.review is not None


def test_one_more_reaction_of_a_patient_who_was_seen_keeps_quiet(here, doctor):
    lot = LotFactory(location=here)
    plant(lot)
    patient = react(give(lot)).session.course.patient
    [signal] = signals(doctor, NOW)
    see(signal, doctor)

    later = NOW + timedelta(hours=1)
    with time_machine.travel(later, tick=False):
        react(give(lot, patient=patient, days=9))
        assert [each.is_quiet for each in signals(doctor, later)] == [True]


def test_a_new_reaction_is_counted_at_once_though_counts_are_kept(here, kept):
    lot = LotFactory(location=here)
    plant(lot, patients=2)
    assert clusters(NOW) == []

    plant(lot, patients=1)

    assert len(clusters(NOW)) == 1


@pytest.fixture
def kept(settings):
    """Let counts be kept, as a worker of the clinic does; the tests' own keeps nothing."""
    settings.CACHES = settings.CACHES | {"worker": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    caches["worker"].clear()
    yield
    caches["worker"].clear()


def test_what_is_kept_costs_one_query(here, kept, django_assert_num_queries):
    plant(LotFactory(location=here))
    clusters(NOW)

    with django_assert_num_queries(1):
        clusters(NOW)


@pytest.mark.parametrize("lots", [1, 3])
def test_counting_costs_the_same_for_one_lot_as_for_three(here, lots, django_assert_num_queries):
    for lot in LotFactory.create_batch(lots, location=here):
        plant(lot)

    with django_assert_num_queries(5):
        found = find_clusters(NOW)

    assert len(found) == lots


def test_the_others_are_everybody_else_a_patient_once_on_each_lot(here):
    lot, second, third = LotFactory.create_batch(3, location=here)
    plant(lot)
    patient = PatientFactory(location=here)
    react(give(second, patient=patient))
    give(third, patient=patient, days=8)

    [found] = find_clusters(NOW)

    assert (found.others.patients.count, found.others.patients.of) == (1, 2)


def test_a_lot_planted_in_a_year_is_found_and_a_year_without_has_none_above():
    """Draw a small year twice by one seed; tests/benchmarks/signals.py does it a hundred times with 5,000 sessions."""
    year = Year(1_200, seed=7, now=NOW).fill()
    planted = year.lot_of(60)
    year.react()
    assert not any(each.is_above for each in find_clusters(NOW))

    year.react(planted=planted, rate=0.25)
    hits = [each for each in find_clusters(NOW) if each.number == planted.number and each.kind.code == "nodule"]

    assert [each.is_above for each in hits] == [True]
