"""Who could come to a free hour, and whom to ask first: the rule alone."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treatments.rules.waiting import ASKING, Facts, Misfit, Part, Slot, State, Turn, Wish, is_asking, misfit, part_of
from treatments.rules.waiting import state as state_of

LOS_ANGELES = ZoneInfo("America/Los_Angeles")
NOW = datetime(2026, 3, 10, 18, 0, tzinfo=UTC)  # a Tuesday, 11:00 in Los Angeles
SLOT = Slot(datetime(2026, 3, 16, 10, 0, tzinfo=LOS_ANGELES), 40, practitioner=7)  # a Monday
WISH = Wish(from_on=date(2026, 3, 10), minutes=40, notice=timedelta(hours=1))


def test_who_could_come_on_any_day_fits():
    assert misfit(WISH, SLOT, NOW) is None


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"notice": timedelta(days=7)}, Misfit.NOTICE),
        ({"instead_of": datetime(2026, 3, 16, 17, 0, tzinfo=UTC)}, Misfit.NOT_EARLIER),  # the same hour
        ({"instead_of": datetime(2026, 3, 16, 17, 5, tzinfo=UTC)}, None),
        ({"minutes": 45}, Misfit.LENGTH),
        ({"practitioner": 8}, Misfit.PERSON),
        ({"practitioner": 7}, None),
        ({"from_on": date(2026, 3, 17)}, Misfit.DAY),
        ({"until_on": date(2026, 3, 15)}, Misfit.DAY),
        ({"until_on": date(2026, 3, 16)}, None),
        ({"weekdays": [1, 2]}, Misfit.DAY),
        ({"weekdays": [0]}, None),
        ({"parts": ["afternoon"]}, Misfit.PART),
        ({"parts": ["morning"]}, None),
        ({"session_days": [date(2026, 3, 10)], "least_days": 7}, Misfit.INTERVAL),
        ({"session_days": [date(2026, 3, 9)], "least_days": 7}, None),
        ({"session_days": [date(2026, 3, 22)], "least_days": 7}, Misfit.INTERVAL),  # the one after it
    ],
)
def test_each_thing_that_was_said_is_held_to(changes, why):
    assert misfit(replace(WISH, **changes), SLOT, NOW) is why


def test_hour_that_has_begun_fits_nobody():
    assert misfit(replace(WISH, notice=timedelta(0)), SLOT, SLOT.starts_at.astimezone(UTC)) is Misfit.NOTICE


def test_notice_is_elapsed_time_over_a_change_of_the_clocks():
    before = datetime(2026, 3, 7, 10, 0, tzinfo=LOS_ANGELES)
    sunday = replace(SLOT, starts_at=datetime(2026, 3, 8, 10, 0, tzinfo=LOS_ANGELES))  # 23 hours later

    wish = replace(WISH, from_on=date(2026, 3, 8))
    assert misfit(replace(wish, notice=timedelta(hours=24)), sunday, before) is Misfit.NOTICE
    assert misfit(replace(wish, notice=timedelta(hours=23)), sunday, before) is None


@pytest.mark.parametrize(
    ("hour", "part"),
    [
        (time(0), Part.MORNING),
        (time(11, 59), Part.MORNING),
        (time(12), Part.AFTERNOON),
        (time(16, 59), Part.AFTERNOON),
        (time(17), Part.EVENING),
        (time(23, 59), Part.EVENING),
    ],
)
def test_day_has_three_parts(hour, part):
    assert part_of(hour) is part


FIRST, LAST = (datetime.combine(date(2026, month, 1), time(0)) for month in (3, 4))
wishes = st.builds(
    Wish,
    from_on=st.dates(date(2026, 3, 1), date(2026, 4, 1)),
    minutes=st.integers(5, 480),
    notice=st.integers(0, 200).map(lambda hours: timedelta(hours=hours)),
    until_on=st.none() | st.dates(date(2026, 3, 1), date(2026, 4, 1)),
    weekdays=st.frozensets(st.integers(0, 6)),
    parts=st.frozensets(st.sampled_from(list(Part))),
    practitioner=st.none() | st.integers(1, 3),
    instead_of=st.none() | st.datetimes(FIRST, LAST, timezones=st.just(UTC)),
    session_days=st.lists(st.dates(date(2026, 3, 1), date(2026, 4, 1)), max_size=3),
    least_days=st.integers(0, 14),
)
slots = st.builds(
    Slot,
    starts_at=st.datetimes(FIRST, LAST, timezones=st.just(LOS_ANGELES)),
    minutes=st.integers(5, 480),
    practitioner=st.integers(1, 3),
)


@given(wish=wishes, slot=slots)
def test_whoever_fits_comes_earlier_in_time_on_a_day_they_named_and_far_enough_from_every_session(wish, slot):
    if misfit(wish, slot, NOW) is not None:
        return
    day = slot.starts_at.date()
    assert slot.starts_at - NOW >= wish.notice
    assert wish.instead_of is None or slot.starts_at < wish.instead_of
    assert wish.from_on <= day
    assert wish.until_on is None or day <= wish.until_on
    assert not wish.weekdays or day.weekday() in wish.weekdays
    assert wish.minutes <= slot.minutes
    assert all(abs((day - other).days) >= wish.least_days for other in wish.session_days)


@given(wish=wishes, slot=slots)
def test_whoever_names_less_fits_wherever_they_fitted(wish, slot):
    if misfit(wish, slot, NOW) is None:
        freer = replace(wish, until_on=None, weekdays=(), parts=(), practitioner=None, instead_of=None)
        assert misfit(freer, slot, NOW) is None


def test_clinical_need_goes_first_then_who_was_not_called_in_vain_then_the_longest_wait():
    early, late = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 5, tzinfo=UTC)
    need, fresh, longest, in_vain = (
        Turn(1, 2, late, 4),
        Turn(2, 0, late, 3),
        Turn(2, 0, early, 2),
        Turn(2, 1, early, 1),
    )

    assert sorted([in_vain, fresh, longest, need]) == [need, longest, fresh, in_vain]


def test_call_is_taken_to_go_on_for_a_quarter_of_an_hour():
    assert is_asking(NOW - ASKING + timedelta(seconds=1), NOW)
    assert not is_asking(NOW - ASKING, NOW)


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        (Facts(), State.WAITING),
        (Facts(until_on=date(2026, 3, 10)), State.WAITING),
        (Facts(until_on=date(2026, 3, 9)), State.EXPIRED),
        (Facts(has_ended=True, until_on=date(2026, 3, 9)), State.ENDED),
        (Facts(is_off=True, has_ended=True), State.OFF),
        (Facts(is_fulfilled=True, is_off=True), State.FULFILLED),
        (Facts(is_gone=True, is_fulfilled=True), State.GONE),
        (Facts(is_removed=True, is_gone=True), State.REMOVED),
    ],
)
def test_state_follows_from_the_facts_the_plainest_first(facts, state):
    assert state_of(facts, date(2026, 3, 10)) is state
