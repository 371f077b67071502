from datetime import UTC, date, datetime, timedelta

import pytest

from treatments.rules.reaction import Clock
from treatments.words import ago, clock_caption, moment

ONSET = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("maximum", "elapsed", "caption"),
    [
        (14 * DAY, 11.4 * DAY, "day 12 of about 14"),
        (14 * DAY, 14 * DAY, "day 14 of about 14"),
        (5 * DAY, 10 * DAY, "5 days over"),
        (5 * DAY, 5 * DAY + 3 * HOUR, "3 hours over"),
        (20 * MINUTE, 21 * MINUTE, "1 minute over"),
        (5 * DAY, 3.5 * HOUR, "3 hours of about 5 days"),
        (5 * DAY, 18 * MINUTE, "18 minutes of about 5 days"),
        (20 * MINUTE, 12 * MINUTE, "minute 13 of about 20"),
        (180 * DAY, 300 * DAY, "4 months over"),
        (180 * DAY, 40 * DAY, "month 2 of about 6"),
        (180 * DAY, 12 * DAY, "day 13 of about 6 months"),
        (HOUR, 30 * MINUTE, "30 minutes of about 1 hour"),
        (20 * MINUTE, 0 * MINUTE, "minute 1 of about 20"),
        (None, 18 * MINUTE, "18 minutes, no expected maximum"),
        (None, 2.2 * DAY, "day 3, no expected maximum"),
    ],
)
def test_open_reaction_says_how_far_it_is(maximum, elapsed, caption):
    assert clock_caption(Clock(ONSET, maximum), ONSET + elapsed) == caption


@pytest.mark.parametrize(
    ("lasted", "caption"),
    [
        (18 * MINUTE, "gone after 18 minutes, within its time"),
        (7 * DAY, "gone after 7 days, 2 days late"),
        (DAY, "gone after 1 day, within its time"),
    ],
)
def test_reaction_that_is_gone_says_how_long_it_lasted(lasted, caption):
    assert clock_caption(Clock(ONSET, 5 * DAY, ONSET + lasted), ONSET + 100 * DAY) == caption


@pytest.mark.parametrize(
    ("days", "words"),
    [(0, "today"), (1, "yesterday"), (11, "11 days ago"), (35, "5 weeks ago"), (200, "22 Aug 2025")],
)
def test_near_days_are_said_from_today(days, words):
    assert ago(date(2026, 3, 10) - days * DAY, date(2026, 3, 10)) == words


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (datetime(2026, 3, 2, 8, 52, tzinfo=UTC), "today 08:52"),
        (datetime(2026, 2, 20, tzinfo=UTC), "20 Feb"),
        (datetime(2025, 2, 20, tzinfo=UTC), "20 Feb 2025"),
    ],
)
def test_moment_is_as_short_as_it_may_be(at, words):
    assert moment(at, ONSET) == words
