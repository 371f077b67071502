"""A whole course booked at once by a rule: on which days its sessions fall."""

from collections.abc import Collection
from datetime import date, datetime, timedelta, tzinfo

from treatments.rules.wall_time import WallTime, at_wall


def days_of_series(first: date, *, weekdays: Collection[int], interval: int, count: int) -> list[date]:
    """Return `count` days from `first` on, at least `interval` days apart, each on one of the weekdays (Monday 0).

    Without weekdays every day will do. A day is the next possible one, so that no two are nearer than the interval.
    """
    days: list[date] = []
    day = first
    while len(days) < count:
        while weekdays and day.weekday() not in weekdays:
            day += timedelta(days=1)
        days.append(day)
        day += timedelta(days=interval)
    return days


def shifted_on_the_wall(moment: datetime, *, old: datetime, new: datetime, zone: tzinfo) -> WallTime:
    """Return a moment moved as far on the wall's clock as from `old` to `new`, whatever the clocks did in between."""
    bare_old, bare_new, bare = (each.astimezone(zone).replace(tzinfo=None, fold=0) for each in (old, new, moment))
    there = bare + (bare_new - bare_old)
    return at_wall(there.date(), there.time(), zone)
