"""Course arithmetic: how far, when next, what it costs (design rule 1).

Days are calendar days at the location; money is Decimal in the course's currency.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum


class Pace(StrEnum):
    """When the next session is wanted, seen from today."""

    NOT_STARTED = "not started"
    EARLY = "early"  # sooner than the minimum interval: a session today needs a reason
    DUE = "due"  # inside the interval
    LATE = "late"  # past the maximum interval
    LAPSED = "lapsed"  # later than twice the maximum interval


@dataclass(frozen=True)
class Interval:
    """The days between two sessions, both ends included; 1 ≤ minimum ≤ maximum."""

    minimum: int
    maximum: int


@dataclass(frozen=True)
class DateRange:
    first: date
    last: date


@dataclass(frozen=True)
class MoneyRange:
    least: Decimal
    most: Decimal


def days_since(last: date | None, today: date) -> int | None:
    """Return the days since the last session, None before the first one."""
    return None if last is None else (today - last).days


def next_session(last: date | None, interval: Interval) -> DateRange | None:
    """Return the days on which the next session may be, None before the first one."""
    if last is None:
        return None
    return DateRange(last + timedelta(days=interval.minimum), last + timedelta(days=interval.maximum))


def pace(last: date | None, interval: Interval, today: date) -> Pace:
    """Say where today stands between the last session and the next."""
    days = days_since(last, today)
    if days is None:
        return Pace.NOT_STARTED
    if days < interval.minimum:
        return Pace.EARLY
    if days <= interval.maximum:
        return Pace.DUE
    if days <= 2 * interval.maximum:
        return Pace.LATE
    return Pace.LAPSED


def too_early(previous: date | None, performed: date, interval: Interval) -> bool:
    """Say whether a session on this day comes sooner than the minimum interval after the previous one."""
    return previous is not None and (performed - previous).days < interval.minimum


def sessions_to_come(done: int, planned: int, minimum: int) -> tuple[int, int]:
    """Return (fewest, most) sessions still to come: to the protocol's minimum, and to the plan.

    A plan below the minimum is the plan: then both are the same.
    """
    most = max(planned - done, 0)
    return min(max(minimum - done, 0), most), most


def spent(done: int, price: Decimal) -> Decimal:
    """Return what the sessions done cost at the agreed price."""
    return done * price


def remaining_cost(done: int, planned: int, minimum: int, price: Decimal) -> MoneyRange:
    """Return what the sessions to come will cost, from the protocol's minimum to the plan."""
    fewest, most = sessions_to_come(done, planned, minimum)
    return MoneyRange(fewest * price, most * price)


def next_milestone(done: int, milestones: list[int], planned: int) -> int | None:
    """Return the number of the next session after which progress is reviewed; the last session is one too."""
    ahead = [number for number in [*milestones, planned] if number > done]
    return min(ahead, default=None)


def weight_alert(baseline: Decimal | None, now: Decimal | None, *, percent: Decimal, kilograms: Decimal) -> bool:
    """Say whether the weight gained since the baseline is over either limit (design rule 4).

    Results last only without a large weight gain. Weights in kg; an unknown weight raises no alert.
    """
    if baseline is None or now is None:
        return False
    gain = now - baseline
    return gain > kilograms or gain * 100 > percent * baseline
