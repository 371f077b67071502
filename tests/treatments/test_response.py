"""How a patient responds: the change with its baseline, the clinic's claim, and the status that follows."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treatments.rules import response as rule
from treatments.rules.response import Better, Change, Claim, Point, Response, Unknown

START = date(2026, 3, 2)
WEEK = timedelta(days=7)
CELLULITE = Claim(5, 10, 50)
ONE = Decimal(1)


def point(value, done, on=None):
    return Point(on or START + WEEK * done, Decimal(value), done)


def responded(before, now, done, *, claim=CELLULITE, better=Better.LOWER):
    start, latest = point(before, 0), point(now, done)
    improved = rule.improvement(start.value, latest.value, better)
    return rule.response(Change(start, latest, improved), claim, step=ONE, better=better)


@pytest.mark.parametrize(
    ("before", "now", "better", "improved"),
    [
        (11, 6, Better.LOWER, Decimal(5) / 11),
        (10, 12, Better.LOWER, Decimal("-0.2")),
        (10, 10, Better.LOWER, Decimal(0)),
        (2, 4, Better.HIGHER, Decimal(1)),
        (4, 2, Better.HIGHER, Decimal("-0.5")),
        (0, 3, Better.LOWER, None),
    ],
)
def test_improvement_is_a_share_of_the_baseline_in_the_better_direction(before, now, better, improved):
    assert rule.improvement(Decimal(before), Decimal(now), better) == improved


def test_baseline_is_the_last_point_up_to_the_day_of_the_first_session():
    points = [point(12, 0, START - WEEK), point(11, 1, START), point(9, 2, START + WEEK)]

    assert rule.baseline(points, START).value == 11
    assert rule.baseline(points[2:], START) is None
    assert rule.baseline(points[:1], None).value == 12
    assert rule.baseline([], START) is None


@pytest.mark.parametrize(
    ("points", "found"),
    [
        ([], Unknown.NO_SCORE),
        ([point(9, 3)], Unknown.NO_BASELINE),
        ([point(11, 1, START)], Unknown.ONLY_BASELINE),
        ([point(0, 1, START), point(0, 5)], Unknown.ZERO),
    ],
)
def test_without_a_change_it_is_said_why(points, found):
    assert rule.change(points, START, Better.LOWER) is found


def test_change_names_its_baseline_and_its_newest_point():
    points = [point(11, 1, START), point(9, 3), point(6, 10)]

    found = rule.change(points, START, Better.LOWER)

    assert (found.baseline, found.now, found.improvement) == (points[0], points[2], Decimal(5) / 11)


@pytest.mark.parametrize(
    ("done", "slow", "fast"),
    [
        (0, "0", "0"),
        (1, "0", "0.06"),
        (5, "0", "0.30"),
        (6, "0.08", "0.36"),
        (10, "0.40", "0.60"),
        (15, "0.40", "0.60"),
    ],
)
def test_expected_band_is_linear_between_the_claims_and_goes_no_further(done, slow, fast):
    band = rule.expected(CELLULITE, done)

    assert (band.slow, band.fast) == (Decimal(slow), Decimal(fast))


@pytest.mark.parametrize("claim", [Claim(5, None, 50), Claim(5, 10, None), Claim(None, None, None), Claim(5, 0, 0)])
def test_no_claim_is_no_band(claim):
    assert rule.expected(claim, 5) is None
    assert not claim.is_made


def test_claim_of_a_first_result_no_earlier_than_the_change_still_has_a_band():
    assert rule.expected(Claim(10, 10, 50), 10) == rule.Band(Decimal("0.40"), Decimal("0.60"))


def test_nothing_better_than_all_gone_is_expected():
    assert rule.expected(Claim(2, 4, 100), 4).fast == 1


@given(st.integers(0, 60), st.integers(0, 30), st.integers(1, 30), st.integers(1, 100))
def test_band_has_its_edges_in_order_and_never_turns_back(done, first, by, percent):
    claim = Claim(first, by, percent)
    now, then = rule.expected(claim, done), rule.expected(claim, done + 1)

    assert 0 <= now.slow <= now.fast <= 1
    assert now.slow <= then.slow
    assert now.fast <= then.fast


@pytest.mark.parametrize(
    ("before", "now", "done", "found"),
    [
        (11, 6, 10, Response.ON_TRACK),  # 45 %, expected 40 to 60
        (11, 7, 10, Response.SLOWER),  # 36 %
        (11, 2, 10, Response.ON_TRACK),  # better than expected is on track, too
        (11, 10, 3, Response.ON_TRACK),
        (11, 11, 3, Response.ON_TRACK),  # nothing is expected to be seen yet
        (11, 11, 5, Response.NO_RESPONSE),
        (11, 10, 5, Response.ON_TRACK),
        (11, 10, 6, Response.ON_TRACK),  # 9 %, expected 8 to 36
        (11, 10, 7, Response.SLOWER),  # 9 %, expected 16 to 42
        (11, 12, 3, Response.WORSE),
        (11, 12, 10, Response.WORSE),
    ],
)
def test_response_stands_against_the_claim(before, now, done, found):
    assert responded(before, now, done) is found


def test_where_higher_is_better_more_is_a_response():
    assert responded(2, 3, 10, better=Better.HIGHER) is Response.ON_TRACK
    assert responded(3, 2, 10, better=Better.HIGHER) is Response.WORSE


def test_without_a_claim_it_is_only_measured():
    assert responded(11, 6, 10, claim=Claim(None, None, None)) is Response.NO_CLAIM


def test_expected_value_follows_the_direction():
    assert rule.expected_value(Decimal(10), Decimal("0.4"), Better.LOWER) == 6
    assert rule.expected_value(Decimal(2), Decimal("0.5"), Better.HIGHER) == 3


def test_nine_courses_have_no_median_and_ten_have():
    values = [Decimal(number) / 10 for number in range(1, 11)]

    assert rule.quartiles(values[:9]) is None
    found = rule.quartiles(values)
    assert (found.lower, found.median, found.upper, found.n) == (
        Decimal("0.325"),
        Decimal("0.55"),
        Decimal("0.775"),
        10,
    )


@given(st.lists(st.decimals(-2, 1, places=3), min_size=10, max_size=60))
def test_quartiles_are_in_order_and_inside(values):
    found = rule.quartiles(values)

    assert min(values) <= found.lower <= found.median <= found.upper <= max(values)


def test_courses_are_compared_by_their_first_scoring_from_a_milestone_on():
    rows = [(1, 3, ONE), (1, 6, Decimal("0.2")), (1, 9, Decimal("0.3")), (2, 5, Decimal("0.1")), (2, 16, ONE)]

    assert rule.at_milestones(rows, [5, 10, 15]) == {5: {1: Decimal("0.2"), 2: Decimal("0.1")}, 10: {}, 15: {2: ONE}}


def test_sessions_are_done_by_the_end_of_their_day():
    days = [START, START + WEEK, START + WEEK]

    assert [rule.sessions_done(days, START + timedelta(days=n)) for n in (-1, 0, 6, 7)] == [0, 1, 1, 3]
