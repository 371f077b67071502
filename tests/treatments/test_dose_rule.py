"""Whether a session keeps to the doses of a product. The figures are of the tests alone."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treatments.rules.dose import Given, Limits, Measure, Passed, ml_a_point, most_mg, passed

KILO = Decimal(1)


@pytest.mark.parametrize(
    ("at_limit", "over", "limits", "measure"),
    [
        (
            Given(ml=Decimal(4), ml_a_point=Decimal("0.100")),
            Given(ml=Decimal(4), ml_a_point=Decimal("0.101")),
            Limits(ml_a_point=Decimal("0.1")),
            Measure.ML_A_POINT,
        ),
        (Given(ml=Decimal(4), points=200), Given(ml=Decimal(4), points=201), Limits(points=200), Measure.POINTS),
        (Given(ml=Decimal(10)), Given(ml=Decimal("10.001")), Limits(ml=Decimal(10)), Measure.ML),
        (
            Given(ml=Decimal(4), mg=Decimal(300)),
            Given(ml=Decimal(4), mg=Decimal("300.1")),
            Limits(mg=Decimal(300)),
            Measure.MG,
        ),
        (
            Given(ml=Decimal(4), mg=Decimal(315), weight_kg=Decimal(70)),
            Given(ml=Decimal(4), mg=Decimal(315), weight_kg=Decimal("69.9")),
            Limits(mg_per_kg=Decimal("4.5")),
            Measure.MG_BY_WEIGHT,
        ),
        (
            Given(ml=Decimal(4), days_since=28),
            Given(ml=Decimal(4), days_since=27),
            Limits(days_between=28),
            Measure.DAYS,
        ),
    ],
)
def test_at_the_limit_is_within_it_and_beyond_is_not(at_limit, over, limits, measure):
    assert passed(at_limit, limits) == []
    assert [each.measure for each in passed(over, limits)] == [measure]


def test_limit_that_is_passed_says_how_much_of_how_much():
    found = passed(Given(ml=Decimal(32), mg=Decimal(320), weight_kg=Decimal(60)), Limits(mg_per_kg=Decimal("4.5")))

    assert found == [Passed(Measure.MG_BY_WEIGHT, Decimal(320), Decimal("270.0"))]


def test_every_limit_that_is_passed_is_told():
    given = Given(ml=Decimal(20), points=300, ml_a_point=Decimal("0.5"), mg=Decimal(400), weight_kg=KILO, days_since=0)
    limits = Limits(Decimal("0.1"), 200, Decimal(10), Decimal(300), Decimal(4), 7)

    told = [each.measure for each in passed(given, limits)]

    assert told == [measure for measure in Measure if measure is not Measure.NO_WEIGHT]


def test_nothing_known_is_nothing_passed():
    most = Given(Decimal(10_000), 2000, Decimal(5), Decimal(100_000), KILO, 0)

    assert passed(most, Limits()) == []


def test_what_is_not_known_of_the_session_passes_no_limit():
    limits = Limits(Decimal("0.1"), 200, Decimal(10), Decimal(300), Decimal(4), 7)

    assert passed(Given(ml=Decimal(1)), limits) == []


def test_dose_by_weight_cannot_be_judged_without_a_weight_and_says_so():
    found = passed(Given(ml=Decimal(90), mg=Decimal(900)), Limits(mg_per_kg=Decimal("4.5")))

    assert [each.measure for each in found] == [Measure.NO_WEIGHT]


@given(st.integers(0, 400), st.integers(0, 400))
def test_days_between_two_sessions_are_enough_from_the_least_on(days_since, least):
    found = passed(Given(ml=Decimal(1), days_since=days_since), Limits(days_between=least))

    assert bool(found) == (days_since < least)


@pytest.mark.parametrize(
    ("weight_kg", "limits", "most"),
    [
        (Decimal(60), Limits(mg=Decimal(300), mg_per_kg=Decimal("4.5")), Decimal(270)),
        (Decimal(90), Limits(mg=Decimal(300), mg_per_kg=Decimal("4.5")), Decimal(300)),
        (None, Limits(mg=Decimal(300), mg_per_kg=Decimal("4.5")), Decimal(300)),
        (None, Limits(mg_per_kg=Decimal("4.5")), None),
        (Decimal(60), Limits(mg_per_kg=Decimal("4.5")), Decimal(270)),
        (Decimal(60), Limits(), None),
    ],
)
def test_most_is_the_smaller_of_the_fixed_limit_and_the_one_by_weight(weight_kg, limits, most):
    assert most_mg(Given(ml=Decimal(1), weight_kg=weight_kg), limits) == most


@given(st.decimals("0.001", 1000, places=3), st.integers(1, 2000))
def test_volume_of_a_point_is_rounded_up_so_that_no_limit_is_passed_unseen(ml, points):
    each = ml_a_point(ml, points)

    assert each * points >= ml
    assert (each - Decimal("0.001")) * points < ml


@pytest.mark.parametrize("points", [None, 0])
def test_without_points_there_is_no_volume_of_a_point(points):
    assert ml_a_point(Decimal(2), points) is None
