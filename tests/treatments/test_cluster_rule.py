"""When a lot stands out: three patients, or a rate above the others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treatments.rules.cluster import Reason, Tally, confidence, is_above, reasons
from treatments.rules.rate import Rate

MANY = Tally(Rate(5, 1240), Rate(6, 4000))


def of(patients, exposed):
    """Return a tally of which each patient had two sessions, and the reaction after one."""
    return Tally(Rate(patients, exposed), Rate(patients, exposed * 2))


def test_three_patients_with_what_is_not_expected_are_a_cluster():
    assert Reason.THREE in reasons(of(3, 21), MANY, is_expected=False, looks=400)
    assert Reason.THREE not in reasons(of(2, 21), MANY, is_expected=False, looks=400)


def test_three_patients_with_what_is_usual_are_none():
    usual = Tally(Rate(600, 1240), Rate(1500, 4000))

    assert reasons(of(10, 21), usual, is_expected=True, looks=400) == []


def test_a_rate_above_the_others_is_a_cluster_whatever_the_kind():
    usual = Tally(Rate(600, 6000), Rate(900, 12000))

    assert reasons(of(24, 60), usual, is_expected=True, looks=400) == [Reason.ABOVE]


def test_two_rare_infections_on_a_small_lot_stand_out_and_one_does_not():
    never = Tally(Rate(0, 5000), Rate(0, 20000))

    assert reasons(of(2, 8), never, is_expected=False, looks=200) == [Reason.ABOVE]
    assert reasons(of(1, 8), never, is_expected=False, looks=1) == []


def test_one_patient_who_always_reacts_does_not_accuse_a_lot():
    own = Tally(Rate(1, 20), Rate(8, 40))

    assert reasons(own, MANY, is_expected=False, looks=100) == []


def test_a_lot_that_was_used_for_long_is_not_above_by_its_patients_alone():
    own = Tally(Rate(60, 80), Rate(75, 800))
    others = Tally(Rate(300, 2000), Rate(300, 3000))

    assert reasons(own, others, is_expected=True, looks=100) == []


def test_with_nobody_to_compare_with_nothing_is_above():
    assert not is_above(Rate(10, 10), Rate(0, 0), 1)


def test_few_others_do_not_know_their_rate_either():
    assert not is_above(Rate(3, 4), Rate(0, 10), 50)


@pytest.mark.parametrize(("looks", "sure"), [(0, 0.95), (1, 0.95), (100, 0.9995)])
def test_each_look_is_held_to_its_share_of_the_doubt(looks, sure):
    assert confidence(looks) == pytest.approx(sure)


@given(st.integers(0, 200), st.integers(1, 1000), st.integers(1, 1000))
def test_more_looks_never_find_more(count, looks, more):
    own, others = Rate(count, 200), Rate(60, 2000)

    assert not is_above(own, others, looks + more) or is_above(own, others, looks)
