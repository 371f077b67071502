"""A day and a time on the wall as a moment, also where the clocks change (zoneinfo's rules, which are IANA's)."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from enum import StrEnum


class Clock(StrEnum):
    """Whether a time is on the wall that day."""

    ONCE = "once"
    NEVER = "never"  # the clocks go forward over it
    TWICE = "twice"  # the clocks go back over it


@dataclass(frozen=True)
class WallTime:
    """The moment that a time on the wall means, in UTC, and whether it had to be chosen."""

    moment: datetime
    clock: Clock


def at_wall(day: date, hour: time, zone: tzinfo) -> WallTime:
    """Return the moment of a time on the wall.

    A time that the clocks leave out becomes as much later as they go forward, as people do who come "at half past
    two" that night; one that is there twice is the first. Both are said, so that a person can choose another.
    """
    first = datetime.combine(day, hour.replace(fold=0), zone)
    second = first.replace(fold=1)
    # In UTC: two moments of one zone are compared by their clocks alone.
    moment = first.astimezone(UTC)
    if first.utcoffset() == second.utcoffset():
        return WallTime(moment, Clock.ONCE)
    # Through UTC and back, a time that is not on the wall comes out as another.
    there = moment.astimezone(zone)
    is_there = there.replace(tzinfo=None, fold=0) == first.replace(tzinfo=None, fold=0)
    return WallTime(moment, Clock.TWICE if is_there else Clock.NEVER)
