"""Exact binomial intervals: against published tables, and by what they promise."""

from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treatments.rules.rate import Interval, Rate, beta_share, exact_interval

# Confidence 95 %, limits as printed.
PUBLISHED = [
    # Newcombe, Statistics in Medicine 17 (1998), 857-872, table I, method 5 (Clopper-Pearson).
    (81, 263, 0.2527, 0.3676),
    (15, 148, 0.0578, 0.1617),
    (0, 20, 0.0000, 0.1684),
    (1, 29, 0.0009, 0.1776),
    # R, stats::binom.test, its documented example after Conover (1971), page 97.
    (682, 925, 0.7076683, 0.7654066),
    # Conover, Practical Nonparametric Statistics (1999), table of exact limits for n = 25.
    (5, 25, 0.068, 0.407),
    # Geigy Scientific Tables (Documenta Geigy), exact limits for n = 10.
    (0, 10, 0.0000, 0.3085),
    (1, 10, 0.0025, 0.4450),
    (3, 10, 0.0667, 0.6525),
    (5, 10, 0.1871, 0.8129),
]


@pytest.mark.parametrize(("count", "of", "lower", "upper"), PUBLISHED)
def test_the_limits_are_those_of_published_tables(count, of, lower, upper):
    places = max(len(str(limit).partition(".")[2]) for limit in (lower, upper))
    limits = exact_interval(count, of)

    assert (round(limits.lower, places), round(limits.upper, places)) == (lower, upper)


@pytest.mark.parametrize("of", [30, 100, 1000, 100_000])
def test_of_none_in_n_the_one_sided_limit_is_about_three_in_n(of):
    """Say the rule of three (Hanley and Lippman-Hand, JAMA 249, 1983, 1743-1745): 95 % on one side, 3 / n."""
    assert exact_interval(0, of, 0.90).upper == pytest.approx(3 / of, rel=0.05)


@pytest.mark.parametrize("of", [1, 2, 7, 300, 1_000_000])
def test_none_and_all_have_a_closed_form(of):
    none, every = exact_interval(0, of), exact_interval(of, of)

    assert none.lower == 0
    assert none.upper == pytest.approx(1 - 0.025 ** (1 / of), rel=1e-9)
    assert every.upper == 1
    assert every.lower == pytest.approx(0.025 ** (1 / of), rel=1e-9)


def test_of_nobody_everything_may_be_true():
    assert Rate(0, 0).share is None
    assert Rate(0, 0).interval() == Interval(0, 1)


@pytest.mark.parametrize(("count", "of"), [(-1, 3), (4, 3), (1, 0)])
def test_what_cannot_be_is_no_rate(count, of):
    with pytest.raises(ValueError, match="no rate"):
        Rate(count, of)


@pytest.mark.parametrize("confidence", [0, 1, -0.5, 1.5])
def test_confidence_is_between_nothing_and_all(confidence):
    with pytest.raises(ValueError, match="no confidence"):
        exact_interval(1, 2, confidence)


def test_a_million_and_a_doubt_of_almost_nothing_are_no_trouble():
    limits = exact_interval(500, 1_000_000)
    assert (round(limits.lower, 8), round(limits.upper, 8)) == (0.00045714, 0.00054580)

    sure = exact_interval(3, 21, 1 - 1e-12)
    assert 0 < sure.lower < exact_interval(3, 21).lower < exact_interval(3, 21).upper < sure.upper < 1


COUNTS = st.integers(1, 400).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of)))


@given(COUNTS, st.floats(0.01, 0.999999))
def test_the_measured_rate_is_inside(counts, confidence):
    count, of = counts
    limits = exact_interval(count, of, confidence)

    assert 0 <= limits.lower <= count / of <= limits.upper <= 1


@given(COUNTS)
def test_one_more_raises_both_limits(counts):
    count, of = counts
    if count < of:
        fewer, more = exact_interval(count, of), exact_interval(count + 1, of)
        assert fewer.lower < more.lower
        assert fewer.upper < more.upper


@given(COUNTS, st.floats(0.5, 0.99))
def test_more_confidence_is_a_wider_interval(counts, confidence):
    narrow, wide = exact_interval(*counts, confidence), exact_interval(*counts, confidence + 0.005)

    assert wide.lower <= narrow.lower
    assert narrow.upper <= wide.upper


@given(COUNTS)
def test_those_without_are_the_mirror_of_those_with(counts):
    count, of = counts
    with_it, without = exact_interval(count, of), exact_interval(of - count, of)

    assert with_it.lower == pytest.approx(1 - without.upper, abs=1e-12)


@given(COUNTS)
def test_at_each_limit_half_the_doubt_is_left(counts):
    """Check the definition itself, summed term by term."""
    count, of = counts
    limits = exact_interval(count, of)
    if count:
        assert at_least(count, of, limits.lower) == pytest.approx(0.025, rel=1e-6)
    if count < of:
        assert 1 - at_least(count + 1, of, limits.upper) == pytest.approx(0.025, rel=1e-6)


def at_least(count, of, rate):
    return sum(comb(of, k) * rate**k * (1 - rate) ** (of - k) for k in range(count, of + 1))


@pytest.mark.parametrize("of", [1, 5, 12, 30])
@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_the_true_rate_is_covered_at_least_as_often_as_promised(of, confidence):
    """Enumerate every outcome for a thousand true rates."""
    limits = [exact_interval(count, of, confidence) for count in range(of + 1)]
    for step in range(1, 1000):
        rate = step / 1000
        covered = sum(
            comb(of, count) * rate**count * (1 - rate) ** (of - count)
            for count in range(of + 1)
            if limits[count].lower <= rate <= limits[count].upper
        )
        assert covered >= confidence - 1e-12


@given(st.floats(0.001, 0.999), st.integers(1, 60), st.integers(1, 60))
def test_the_beta_share_is_a_binomial_tail(x, a, b):
    whole = a + b - 1

    assert beta_share(x, a, b) == pytest.approx(at_least(a, whole, x), rel=1e-9, abs=1e-12)
