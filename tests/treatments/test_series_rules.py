"""The days of a series and their hour on the wall, over every change of the clocks."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treatments.rules.series import days_of_series, shifted_on_the_wall
from treatments.rules.wall_time import Clock, at_wall

ZONES = ["America/Los_Angeles", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC", "America/St_Johns"]
moments = st.datetimes(datetime(2020, 1, 1), datetime(2037, 1, 1)).map(lambda at: at.replace(second=0, microsecond=0))  # noqa: DTZ001


@given(moments, st.sampled_from(ZONES))
def test_time_on_the_wall_is_kept_unless_it_is_not_there(bare, name):
    found = at_wall(bare.date(), bare.time(), ZoneInfo(name))
    shown = found.moment.astimezone(UTC).astimezone(ZoneInfo(name)).replace(tzinfo=None, fold=0)

    if found.clock is Clock.NEVER:
        assert timedelta(0) < shown - bare <= timedelta(hours=1)
    else:
        assert shown == bare


@pytest.mark.parametrize(
    ("name", "day", "hour", "clock", "moment"),
    [
        (
            "America/Los_Angeles",
            date(2027, 3, 14),
            time(2, 30),
            Clock.NEVER,
            datetime(2027, 3, 14, 10, 30, tzinfo=UTC),
        ),
        ("Europe/Berlin", date(2026, 10, 25), time(2, 30), Clock.TWICE, datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("Australia/Lord_Howe", date(2026, 4, 5), time(1, 45), Clock.TWICE, datetime(2026, 4, 4, 14, 45, tzinfo=UTC)),
        ("Europe/Berlin", date(2028, 2, 29), time(9), Clock.ONCE, datetime(2028, 2, 29, 8, tzinfo=UTC)),
    ],
)
def test_hours_around_a_change_of_the_clocks(name, day, hour, clock, moment):
    found = at_wall(day, hour, ZoneInfo(name))

    assert (found.clock, found.moment) == (clock, moment)


@given(
    st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    st.sets(st.integers(0, 6)),
    st.integers(1, 60),
    st.integers(1, 20),
)
def test_days_of_a_series_are_on_their_weekdays_and_never_nearer_than_the_interval(first, weekdays, interval, count):
    found = days_of_series(first, weekdays=weekdays, interval=interval, count=count)

    assert len(found) == count
    assert found[0] >= first
    assert all(not weekdays or day.weekday() in weekdays for day in found)
    apart = [(after - before).days for before, after in pairwise(found)]
    assert all(interval <= each < interval + 7 for each in apart)


@given(moments, moments, st.integers(-60, 60), st.integers(-720, 720), st.sampled_from(ZONES))
def test_shift_is_the_same_on_the_wall_for_all(one, other, days, minutes, name):
    zone = ZoneInfo(name)
    old = at_wall(one.date(), one.time(), zone)
    there = one + timedelta(days=days, minutes=minutes)
    new, later = at_wall(there.date(), there.time(), zone), at_wall(other.date(), other.time(), zone)
    if Clock.NEVER in {old.clock, new.clock, later.clock}:
        return

    found = shifted_on_the_wall(later.moment, old=old.moment, new=new.moment, zone=zone)

    if found.clock is not Clock.NEVER:
        shown = found.moment.astimezone(zone).replace(tzinfo=None, fold=0)
        assert shown == other + timedelta(days=days, minutes=minutes)
