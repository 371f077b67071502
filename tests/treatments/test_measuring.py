"""How a girth is taken: two readings, a third when they differ, limits that refuse and limits that ask."""

from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from treatments.rules.measuring import Earlier, Limits, Question, Span, bmi, question, settled, wants_third

CM = Decimal("2.54")
THIGH = Limits(Span(Decimal(20), Decimal(150)), Span(Decimal(40), Decimal(95)), Decimal(5), 14)
GIRTHS = st.decimals(min_value=20, max_value=250, places=1)


@pytest.mark.parametrize(
    ("first", "second", "third"),
    [("57.0", "57.0", False), ("57.0", "57.5", False), ("57.0", "57.6", True), ("99.5", "100.5", False)],
)
def test_third_reading_is_wanted_from_over_one_percent_apart(first, second, third):
    assert wants_third(Decimal(first), Decimal(second)) is third


@pytest.mark.parametrize(
    ("readings", "value"),
    [
        (["57.1"], "57.10"),
        (["57.0", "57.3"], "57.15"),
        (["57.0", "58.0", "57.8"], "57.80"),
        (["57.0", "57.0", "90.0"], "57.00"),
    ],
)
def test_value_is_the_mean_of_two_and_the_median_of_three(readings, value):
    assert settled([Decimal(reading) for reading in readings]) == Decimal(value)


@pytest.mark.parametrize("readings", [[], ["57", "58", "59", "60"], ["57", "60"]])
def test_no_value_of_none_of_four_and_of_two_that_want_a_third(readings):
    with pytest.raises(ValueError, match=r"reading|third"):
        settled([Decimal(reading) for reading in readings])


@given(GIRTHS, GIRTHS)
def test_two_readings_agree_in_either_order(first, second):
    assert wants_third(first, second) == wants_third(second, first)


@given(st.lists(GIRTHS, min_size=1, max_size=3), st.randoms())
def test_value_lies_among_the_readings_whatever_their_order(readings, dice):
    assume(len(readings) != 2 or not wants_third(*readings))
    shuffled = dice.sample(readings, len(readings))

    value = settled(readings)

    assert min(readings) <= value <= max(readings)
    assert value == settled(shuffled)


@given(GIRTHS, st.integers(-9, 9))
def test_two_readings_within_a_percent_are_settled_at_their_mean(first, thousandths):
    second = first * (1000 + thousandths) / 1000

    assert not wants_third(first, second)
    assert abs(settled([first, second]) - first) <= first * Decimal("0.0045") + Decimal("0.005")


@pytest.mark.parametrize(
    ("value", "earlier", "factor", "asked"),
    [
        ("57.1", None, CM, None),
        ("40.0", None, CM, None),
        ("22.5", None, CM, Question.OTHER_UNIT),  # 57.2 cm, were they inches
        ("130.0", None, CM, Question.UNUSUAL),
        ("144.8", None, 1 / CM, Question.OTHER_UNIT),  # typed as 57 at a place of inches
        ("22.5", None, Decimal(1), Question.UNUSUAL),
        ("57.1", Earlier(Decimal("52.1"), 14), CM, None),
        ("57.2", Earlier(Decimal("52.1"), 14), CM, Question.JUMP),
        ("52.1", Earlier(Decimal("57.2"), 1), CM, Question.JUMP),
        ("57.2", Earlier(Decimal("52.1"), 15), CM, None),
    ],
)
def test_what_is_unusual_is_asked(value, earlier, factor, asked):
    assert question(Decimal(value), THIGH, earlier, factor=factor) is asked


def test_without_usual_limits_nothing_is_asked():
    assert question(Decimal(3), Limits(Span(Decimal(0), Decimal(15))), factor=Decimal(1)) is None


def test_body_mass_index_is_kilograms_over_metres_squared():
    assert bmi(Decimal("70.4"), Decimal(167)) == Decimal("25.2")
