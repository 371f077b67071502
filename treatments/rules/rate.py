"""How often something happened, and between what limits it may really lie: exact binomial intervals.

Exact limits after Clopper and Pearson (Biometrika 26, 1934, 404–413): the lower is the smallest rate at which seeing
so many or more is as likely as half the doubt, the upper the largest at which seeing so few or fewer is. They are
quantiles of beta distributions. Plain floats: no library is needed for two quantiles.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import exp, inf, lgamma, log, log1p

CONFIDENCE = 0.95
TINY = 1e-300  # in place of a zero that would be divided by
CLOSE = 1e-15
MOST_TERMS = 20_000  # the fraction needs about the square root of n of them
MOST_STEPS = 200


@dataclass(frozen=True)
class Interval:
    """Both limits, each from 0 to 1."""

    lower: float
    upper: float


@dataclass(frozen=True)
class Rate:
    """So many with it of so many: `count` of `of`. Raises `ValueError` for what cannot be."""

    count: int
    of: int

    def __post_init__(self) -> None:
        if not 0 <= self.count <= self.of:
            raise ValueError(f"{self.count} of {self.of} is no rate")

    @property
    def share(self) -> float | None:
        """Return the measured rate from 0 to 1, None of nobody."""
        return self.count / self.of if self.of else None

    def interval(self, confidence: float = CONFIDENCE) -> Interval:
        return exact_interval(self.count, self.of, confidence)

    def less(self, other: "Rate") -> "Rate":
        """Return the rate of those who are not in `other`, which is a part of this."""
        return Rate(self.count - other.count, self.of - other.of)


@lru_cache(maxsize=10_000)
def exact_interval(count: int, of: int, confidence: float = CONFIDENCE) -> Interval:
    """Return the exact interval of `count` of `of`. Of nobody everything may be true: 0 to 1.

    `confidence` is more than 0 and less than 1; raises `ValueError` otherwise.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"{confidence} is no confidence")
    if of == 0:
        return Interval(0.0, 1.0)
    tail = (1 - confidence) / 2
    lower = 0.0 if count == 0 else beta_quantile(tail, count, of - count + 1)
    upper = 1.0 if count == of else 1 - beta_quantile(tail, of - count, count + 1)
    return Interval(lower, upper)


def beta_quantile(p: float, a: float, b: float) -> float:
    """Return x with I_x(a, b) = p: Newton's steps, halving the bracket where one would leave it."""
    low, high = 0.0, 1.0
    x = a / (a + b)
    for _step in range(MOST_STEPS):
        excess = beta_share(x, a, b) - p
        if excess > 0:
            high = x
        else:
            low = x
        slope = _density(x, a, b)
        following = x - excess / slope if slope else -1.0
        if not low < following < high:
            following = (low + high) / 2
        if abs(following - x) <= CLOSE + 1e-13 * following:
            return following
        x = following
    return x


def beta_share(x: float, a: float, b: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b): the share of the distribution below x."""
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    front = exp(_log_power(x, a, b))
    if x < (a + 1) / (a + b + 2):
        return front / a * _fraction(x, a, b)
    return 1 - front / b * _fraction(1 - x, b, a)


def _log_power(x: float, a: float, b: float) -> float:
    return lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)


def _density(x: float, a: float, b: float) -> float:
    if not 0 < x < 1:
        return 0.0
    power = _log_power(x, a, b) - log(x) - log1p(-x)
    return exp(power) if power < 700 else inf


def _fraction(x: float, a: float, b: float) -> float:
    """Return the continued fraction of I_x(a, b) (NIST DLMF 8.17.22) by Lentz's method."""
    upper, lower = 1.0, 1 / _not_zero(1 - (a + b) * x / (a + 1))
    value = lower
    for m in range(1, MOST_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            lower = 1 / _not_zero(1 + term * lower)
            upper = _not_zero(1 + term / upper)
            value *= lower * upper
        if abs(lower * upper - 1) < CLOSE:
            break
    return value


def _not_zero(value: float) -> float:
    return value if abs(value) > TINY else TINY
