"""What holds of the pure rules for every day, duration and amount."""

import calendar
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from treatments.rules import course, duration, follow_up, reaction
from treatments.rules.course import Interval, Pace
from treatments.rules.follow_up import ANSWERS, State, Window
from treatments.rules.reaction import Clock, Judgement, ReviewReason

DAY = timedelta(days=1)
BERLIN = ZoneInfo("Europe/Berlin")
ZONES = st.sampled_from([BERLIN, ZoneInfo("America/Los_Angeles"), ZoneInfo("Pacific/Auckland"), UTC])

days = st.dates(date(1990, 1, 1), date(2090, 12, 31))
moments = st.datetimes(datetime(1990, 1, 1), datetime(2090, 12, 31), timezones=ZONES)  # noqa: DTZ001 -- the zones are drawn
lengths = st.timedeltas(timedelta(seconds=1), timedelta(days=400))
money = st.decimals(0, 99_999, places=2)
counts = st.integers(0, 60)
intervals = st.tuples(st.integers(1, 60), st.integers(0, 60)).map(lambda pair: Interval(pair[0], sum(pair)))


# The follow-up window


@pytest.mark.parametrize(
    ("last", "opens"),
    [
        (date(2026, 8, 31), date(2027, 2, 28)),
        (date(2027, 8, 31), date(2028, 2, 29)),
        (date(2026, 8, 28), date(2027, 2, 28)),
        (date(2028, 2, 29), date(2028, 8, 29)),
        (date(2026, 3, 31), date(2026, 9, 30)),
        (date(2026, 12, 15), date(2027, 6, 15)),
    ],
)
def test_window_opens_on_the_same_day_of_the_month_or_its_last(last, opens):
    assert follow_up.window(last, months_min=6, months_max=8).opens == opens


@given(days, st.integers(1, 36), st.integers(0, 12))
def test_window_is_counted_in_months_from_the_session_itself(last, months, more):
    window = follow_up.window(last, months_min=months, months_max=months + more)
    assert last < window.opens <= window.closes
    for day, after in [(window.opens, months), (window.closes, months + more)]:
        assert (day.year - last.year) * 12 + day.month - last.month == after
        assert day.day == min(last.day, calendar.monthrange(day.year, day.month)[1])


@given(days, days, st.integers(0, 24))
def test_later_session_never_opens_the_window_sooner(one, other, months):
    first, second = sorted([one, other])
    earlier, later = (follow_up.window(day, months_min=months, months_max=months) for day in (first, second))
    assert earlier.opens <= later.opens


@given(days, st.integers(0, 90), st.integers(-200, 200))
def test_calendar_decides_while_nothing_happened(opens, length, offset):
    window, today = Window(opens, opens + length * DAY), opens + offset * DAY
    expected = State.UPCOMING if offset < 0 else State.DUE if offset <= length else State.OVERDUE
    assert follow_up.state(window, today) is expected


@given(days, st.booleans(), st.booleans(), st.sampled_from([None, *sorted(ANSWERS)]))
def test_strongest_fact_decides(today, attended, booked, answer):
    found = follow_up.state(Window(today, today), today, attended=attended, booked=booked, answer=answer)
    facts = [State.ATTENDED if attended else None, State.BOOKED if booked else None, answer, State.DUE]
    assert found is next(filter(None, facts))


# The reaction's clock


def test_five_days_are_120_hours_over_a_change_of_the_clocks():
    onset = datetime(2026, 3, 27, 12, 0, tzinfo=BERLIN)
    clock = Clock(onset.astimezone(UTC), 5 * DAY)
    assert clock.expected_end.astimezone(BERLIN) == datetime(2026, 4, 1, 13, 0, tzinfo=BERLIN)


@given(moments, lengths, lengths, ZONES)
def test_clock_does_not_depend_on_the_zone_it_is_read_in(onset, maximum, elapsed, zone):
    onset = onset.astimezone(UTC)
    now = onset + elapsed
    there = Clock(onset.astimezone(zone), maximum)
    assert there.elapsed(now) == Clock(onset, maximum).elapsed(now.astimezone(zone)) == elapsed
    assert there.state(now) is Clock(onset, maximum).state(now)


@given(moments, lengths, lengths, st.booleans())
def test_reaction_is_late_exactly_when_it_is_past_its_maximum(onset, maximum, elapsed, is_open):
    onset = onset.astimezone(UTC)
    clock = Clock(onset, maximum, None if is_open else onset + elapsed)
    now = onset + elapsed
    assert clock.over(now) == max(elapsed - maximum, timedelta(0))
    late = {reaction.State.PROLONGED, reaction.State.RESOLVED_LATE}
    assert (clock.state(now) in late) == (elapsed > maximum) == (now > clock.expected_end)


@given(moments, lengths, lengths)
def test_reaction_that_is_gone_stands_as_it_ended(onset, maximum, elapsed):
    onset = onset.astimezone(UTC)
    clock = Clock(onset, maximum, onset + elapsed)
    assert clock.state(onset + elapsed) is clock.state(onset + elapsed + 1000 * DAY)


@given(moments, lengths)
def test_reaction_without_a_maximum_is_never_late(onset, elapsed):
    clock = Clock(onset.astimezone(UTC), None)
    assert clock.state(onset.astimezone(UTC) + elapsed) is reaction.State.RUNNING


@given(moments, lengths, lengths, st.booleans(), st.booleans(), st.sampled_from([None, 1, 2, 3, 4, 5]))
def test_review_now_answers_for_all_there_is_to_see(onset, maximum, elapsed, always, severe, grade):
    onset = onset.astimezone(UTC)
    now = onset + elapsed
    assume(now <= onset + elapsed)
    clock = Clock(onset, maximum)
    unseen = reaction.review_reasons(clock, Judgement(always, severe, grade), now)
    seen = reaction.review_reasons(clock, Judgement(always, severe, grade, reviewed=now), now)
    assert (seen, ReviewReason.SEVERE in unseen) == ([], severe or (grade or 0) >= 3)


@given(st.booleans(), st.sampled_from([None, 1, 2, 3, 4, 5]))
def test_what_interrupts_is_reviewed_and_then_rests(urgent, grade):
    moment = datetime(2026, 3, 2, tzinfo=UTC)
    assert reaction.interrupts(urgent_kind=urgent, grade=grade, reviewed=None) == (urgent or (grade or 0) >= 3)
    assert not reaction.interrupts(urgent_kind=urgent, grade=grade, reviewed=moment)


# Course arithmetic


@given(days, intervals, st.integers(0, 300))
def test_pace_turns_where_the_interval_says(last, interval, since):
    today = last + since * DAY
    found, dates = course.pace(last, interval, today), course.next_session(last, interval)
    assert (found is Pace.DUE) == (dates.first <= today <= dates.last)
    assert (found is Pace.EARLY) == course.too_early(last, today, interval) == (today < dates.first)
    assert (found is Pace.LAPSED) == (since > 2 * interval.maximum)


@given(counts, counts, counts)
def test_sessions_to_come_never_exceed_the_plan(done, planned, minimum):
    fewest, most = course.sessions_to_come(done, planned, minimum)
    assert 0 <= fewest <= most == max(planned - done, 0)


@given(counts, counts, counts, money)
def test_money_is_exact_to_the_cent(done, planned, minimum, price):
    cost = course.remaining_cost(done, planned, minimum, price)
    assert cost.least <= cost.most
    assert course.spent(done, price) == sum([price] * done, Decimal(0))
    if done <= planned:
        assert course.spent(done, price) + cost.most == planned * price
    assert cost.most.as_tuple().exponent >= -2


@given(counts, st.lists(st.integers(1, 60), max_size=5, unique=True).map(sorted), counts)
def test_next_milestone_is_the_nearest_ahead_and_the_last_session_is_one(done, milestones, planned):
    found = course.next_milestone(done, milestones, planned)
    ahead = [number for number in [*milestones, planned] if number > done]
    assert found == (min(ahead) if ahead else None)


@given(st.decimals(30, 200, places=1), st.decimals(-30, 30, places=1))
def test_weight_is_flagged_over_either_limit_and_not_at_it(baseline, gain):
    alert = course.weight_alert(baseline, baseline + gain, percent=Decimal(5), kilograms=Decimal(3))
    assert alert == (gain > min(Decimal(3), baseline * 5 / 100))


# Durations as people say them


@given(lengths)
def test_said_duration_is_never_more_than_it_was(length):
    number, unit = duration.said(length)
    assert number >= 1
    if unit is not duration.Unit.MONTHS and length >= duration.MINUTE:
        size = duration.SIZES[unit]
        assert number * size <= length < (number + 1) * size


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (timedelta(seconds=20), (1, "minutes")),
        (timedelta(minutes=18), (18, "minutes")),
        (timedelta(minutes=60), (1, "hours")),
        (timedelta(minutes=90), (90, "minutes")),
        (timedelta(hours=30), (30, "hours")),
        (timedelta(days=1), (1, "days")),
        (timedelta(days=17, hours=23), (17, "days")),
        (timedelta(days=180), (6, "months")),
    ],
)
def test_duration_is_said_in_one_unit(length, said):
    assert duration.said(length) == said
