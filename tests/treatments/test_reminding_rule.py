"""Which message is due when, as plain facts."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from treatments.rules.follow_up import Window
from treatments.rules.reminding import (
    Occasion,
    Schedule,
    Telling,
    Told,
    appointment_occasion,
    follow_up_occasion,
    may_send,
)

WINDOW = Window(date(2026, 9, 2), date(2026, 11, 2))
NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("today", "occasion"),
    [
        (date(2026, 9, 1), None),
        (date(2026, 9, 2), Occasion.OPENS),
        (date(2026, 10, 1), Occasion.OPENS),
        (date(2026, 10, 2), Occasion.MIDDLE),
        (date(2026, 10, 19), Occasion.CLOSES),
        (date(2026, 11, 2), Occasion.CLOSES),
        (date(2026, 11, 3), None),
    ],
    ids=str,
)
def test_window_has_three_occasions_and_the_last_that_came_is_the_one(today, occasion):
    assert follow_up_occasion(WINDOW, Schedule(), today) == occasion


def test_protocol_may_leave_each_out():
    today = date(2026, 10, 25)

    assert follow_up_occasion(WINDOW, Schedule(days_before_close=None), today) == Occasion.MIDDLE
    assert follow_up_occasion(WINDOW, Schedule(in_middle=False, days_before_close=None), today) == Occasion.OPENS
    assert follow_up_occasion(WINDOW, Schedule(False, False, None), today) is None


def test_more_days_before_the_close_than_the_window_has_begin_with_it():
    window = Window(date(2028, 2, 29), date(2028, 3, 5))

    assert follow_up_occasion(window, Schedule(False, False, 14), date(2028, 2, 29)) == Occasion.CLOSES
    assert follow_up_occasion(window, Schedule(False, False, 14), date(2028, 2, 28)) is None


@pytest.mark.parametrize(("hour", "may"), [("07:59", False), ("08:00", True), ("19:59", True), ("20:00", False)])
def test_daytime_is_the_locations(hour, may):
    assert may_send(time.fromisoformat(hour)) is may
    assert may_send(time(7, 30), time(7), time(9))


def at(*moment, fold=0):
    return datetime(*moment, tzinfo=NEW_YORK, fold=fold)


STARTS = at(2026, 9, 9, 15, 30)
DAY_BEFORE, TWO_BEFORE = at(2026, 9, 8, 8, 0), at(2026, 9, 7, 20, 0)
CONFIRMS = Telling(confirms=True)


def occasion(now, *told, starts=STARTS, telling=Telling(), cancelled=False):  # noqa: B008 -- frozen
    return appointment_occasion(starts, told, telling, is_cancelled=cancelled, now=now)


def told(occasion, about=STARTS, when=TWO_BEFORE):
    return Told(occasion, about, when)


def test_reminder_is_due_on_the_day_before_as_the_calendar_there_says():
    assert occasion(TWO_BEFORE) is None
    assert occasion(DAY_BEFORE) == Occasion.SOON
    assert occasion(STARTS) is None


def test_without_days_before_there_is_no_reminder():
    assert occasion(DAY_BEFORE, telling=Telling(days_before=0)) is None


def test_what_was_told_on_the_day_before_is_not_told_again():
    assert occasion(DAY_BEFORE, told(Occasion.SOON, when=DAY_BEFORE)) is None
    assert occasion(DAY_BEFORE, told(Occasion.MOVED, when=DAY_BEFORE)) is None
    assert occasion(DAY_BEFORE, told(Occasion.BOOKED)) == Occasion.SOON


def test_booking_is_confirmed_where_the_location_says_so():
    assert occasion(TWO_BEFORE, telling=CONFIRMS) == Occasion.BOOKED
    assert occasion(TWO_BEFORE, told(Occasion.BOOKED), telling=CONFIRMS) is None


def test_whoever_was_told_one_time_is_told_another():
    earlier = STARTS - timedelta(days=1)

    assert occasion(TWO_BEFORE, told(Occasion.BOOKED, about=earlier)) == Occasion.MOVED
    assert occasion(TWO_BEFORE, told(Occasion.BOOKED, about=earlier), told(Occasion.MOVED)) is None


def test_there_and_back_again_is_told_each_time():
    other = STARTS + timedelta(days=1)
    chain = [told(Occasion.BOOKED), told(Occasion.MOVED, about=other)]

    assert occasion(TWO_BEFORE, *chain) == Occasion.MOVED
    assert occasion(TWO_BEFORE, *chain, told(Occasion.MOVED)) is None


def test_cancelling_is_told_to_whoever_knew_and_nobody_else():
    assert occasion(TWO_BEFORE, told(Occasion.BOOKED), cancelled=True) == Occasion.CANCELLED
    assert occasion(TWO_BEFORE, told(Occasion.BOOKED), told(Occasion.CANCELLED), cancelled=True) is None
    assert occasion(TWO_BEFORE, cancelled=True) is None
    assert occasion(STARTS, told(Occasion.BOOKED), cancelled=True) is None


def test_what_was_cancelled_and_is_on_again_is_told():
    assert occasion(TWO_BEFORE, told(Occasion.BOOKED), told(Occasion.CANCELLED)) == Occasion.BOOKED


@pytest.mark.parametrize(
    ("starts", "first"),
    [
        (at(2027, 3, 14, 9, 0), at(2027, 3, 13, 0, 0)),  # the night before has an hour less
        (at(2026, 11, 1, 9, 0), at(2026, 10, 31, 0, 0)),  # and here one more
        (at(2026, 11, 1, 1, 30, fold=1), at(2026, 10, 31, 0, 0)),
        (at(2028, 3, 1, 9, 0), at(2028, 2, 29, 0, 0)),
    ],
    ids=["gap", "overlap", "inside the overlap", "29 February"],
)
def test_change_of_the_clocks_moves_no_reminder_to_another_day(starts, first):
    assert occasion((first - timedelta(seconds=1)).astimezone(UTC), starts=starts) is None
    assert occasion(first.astimezone(UTC), starts=starts) == Occasion.SOON
    assert occasion(first.astimezone(UTC), told(Occasion.SOON, starts, first), starts=starts) is None
    kept = starts.astimezone(UTC)  # as it comes from the database
    assert occasion(first.astimezone(UTC), told(Occasion.SOON, kept, first), starts=starts) is None


def test_clock_set_back_an_hour_sends_nothing_twice():
    sent = told(Occasion.SOON, when=DAY_BEFORE)

    assert occasion(DAY_BEFORE - timedelta(hours=1), sent) is None
