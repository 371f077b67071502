"""How a patient responds: the change since a named baseline, what the protocol claims, and what the clinic sees.

Days are calendar days at the location. An improvement is a fraction of the baseline, positive when it is better.
"Expected" is a claim of the clinic (docs/glossary.md, "Course numbers"); nothing here stores it as an outcome.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from statistics import quantiles

# "About": how far around the claimed change still is as claimed. A default of ours, in points of percent.
ABOUT = Decimal("0.10")
FEWEST_COURSES = 10  # fewer say nothing about a clinic, and might be recognised


class Better(StrEnum):
    LOWER = "lower"
    HIGHER = "higher"
    NEITHER = "neither"


@dataclass(frozen=True)
class Point:
    """One value of one line: the day it was taken, and how many sessions were done by the end of that day."""

    on: date
    value: Decimal
    done: int


@dataclass(frozen=True)
class Claim:
    """What the protocol says to expect: something to see after a session, so much change by another."""

    first_session: int | None
    by_session: int | None
    percent: int | None

    @property
    def is_made(self) -> bool:
        return bool(self.by_session and self.percent)


@dataclass(frozen=True)
class Band:
    """The slower and the faster edge of what is expected, as improvements."""

    slow: Decimal
    fast: Decimal


class Response(StrEnum):
    ON_TRACK = "on track"
    SLOWER = "slower than expected"
    NO_RESPONSE = "no response"  # nothing to see where the protocol says there is
    WORSE = "worse"
    NO_CLAIM = "measured"  # the protocol claims nothing to compare with


class Unknown(StrEnum):
    """Why there is no response to tell yet."""

    NO_SCORE = "no score"
    NO_BASELINE = "no baseline"
    ONLY_BASELINE = "only baseline"
    ZERO = "zero"  # nothing to improve: no change is a fraction of zero


@dataclass(frozen=True)
class Change:
    """From a named baseline to a later point."""

    baseline: Point
    now: Point
    improvement: Decimal


@dataclass(frozen=True)
class Quartiles:
    """The middle of comparable courses as improvements, and how many they are."""

    lower: Decimal
    median: Decimal
    upper: Decimal
    n: int


def sessions_done(days: Sequence[date], on: date) -> int:
    """Return how many sessions were done by the end of a day; `days` are those of the sessions that count."""
    return sum(day <= on for day in days)


def baseline(points: Sequence[Point], first_on: date | None) -> Point | None:
    """Return the last point before treatment began, the day of the first session included; None without one.

    Before the first session the newest point is the baseline. `points` rise by day.
    """
    before = [point for point in points if first_on is None or point.on <= first_on]
    return before[-1] if before else None


def improvement(before: Decimal, now: Decimal, better: Better) -> Decimal | None:
    """Return (baseline - now) / baseline, or its opposite where higher is better; None of a baseline of zero."""
    if before == 0:
        return None
    return (now - before) / before if better is Better.HIGHER else (before - now) / before


def whole_percent(fraction: Decimal) -> int:
    """Return a fraction as whole percent, halves away from zero: 5/11 is 45."""
    return int((fraction * 100).quantize(Decimal(1), ROUND_HALF_UP))


def change(points: Sequence[Point], first_on: date | None, better: Better) -> Change | Unknown:
    """Return the change from the baseline to the newest point, or why there is none."""
    if not points:
        return Unknown.NO_SCORE
    start, latest = baseline(points, first_on), points[-1]
    if start is None:
        return Unknown.NO_BASELINE
    if latest is start:
        return Unknown.ONLY_BASELINE
    improved = improvement(start.value, latest.value, better)
    return Unknown.ZERO if improved is None else Change(start, latest, improved)


def expected(claim: Claim, done: int) -> Band | None:
    """Return the band expected after so many sessions, None where nothing is claimed.

    Linear between what is claimed: the faster edge rises from the first session on, the slower one from the session
    after which something is to be seen; both end around the claimed change, and go no further than the claim.
    """
    by, percent = claim.by_session, claim.percent
    if not by or not percent:
        return None
    target = Decimal(percent) / 100
    first = min(claim.first_session or 0, by - 1)
    share = Decimal(min(done, by))
    fast = share / by * min(target + ABOUT, Decimal(1))
    slow = max(share - first, Decimal(0)) / (by - first) * max(target - ABOUT, Decimal(0))
    return Band(slow, fast)


def response(found: Change, claim: Claim, *, step: Decimal, better: Better) -> Response:
    """Say how a change stands against the claim. Less than one `step` of the scale is no change."""
    moved = found.baseline.value - found.now.value
    gained = -moved if better is Better.HIGHER else moved
    if gained <= -step:
        return Response.WORSE
    if claim.first_session and found.now.done >= claim.first_session and gained < step:
        return Response.NO_RESPONSE
    band = expected(claim, found.now.done)
    if band is None:
        return Response.NO_CLAIM
    return Response.ON_TRACK if found.improvement >= band.slow else Response.SLOWER


def expected_value(start: Decimal, improved: Decimal, better: Better) -> Decimal:
    """Return the value that an improvement leads to from a baseline."""
    return start * (1 + improved) if better is Better.HIGHER else start * (1 - improved)


def quartiles(values: Iterable[Decimal]) -> Quartiles | None:
    """Return the quartiles (inclusive method) of at least ten values; None of fewer."""
    found = sorted(values)
    if len(found) < FEWEST_COURSES:
        return None
    lower, median, upper = quantiles(found, n=4, method="inclusive")
    return Quartiles(lower, median, upper, len(found))


def at_milestones(
    rows: Iterable[tuple[int, int, Decimal]], milestones: Sequence[int]
) -> dict[int, dict[int, Decimal]]:
    """Return, for each milestone, each course's first improvement from there to before the next milestone.

    `rows` are (course, sessions done, improvement); a course that was not measured in between is not in it.
    """
    found: dict[int, dict[int, Decimal]] = {number: {} for number in milestones}
    for course, done, improved in sorted(rows):
        reached = max((number for number in milestones if number <= done), default=None)
        if reached is not None:
            found[reached].setdefault(course, improved)
    return found
