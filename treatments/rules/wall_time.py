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
    """The moment that a time on the wall means, and whether it had to be chosen."""

    moment: datetime
    clock: Clock


def at_wall(day: date, hour: time, zone: tzinfo) -> WallTime:
    """Return the moment of a time on the wall.

    A time that the clocks leave out becomes as much later as they go forward, as people do who come "at half past
    two" that night; one that is there twice is the first. Both are said, so that a person can choose another.
    """
    first = datetime.combine(day, hour.replace(fold=0), zone)
    second = first.replace(fold=1)
    if first.utcoffset() == second.utcoffset():
        return WallTime(first, Clock.ONCE)
    # Through UTC and back, a time that is not on the wall comes out as another.
    there = first.astimezone(UTC).astimezone(zone)
    if there.replace(tzinfo=None, fold=0) != first.replace(tzinfo=None, fold=0):
        return WallTime(there, Clock.NEVER)
    return WallTime(first, Clock.TWICE)
