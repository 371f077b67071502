"""The reaction's clock over every kind of the catalogue, in zones whose clocks are put forward and back."""

from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.factories import LocationFactory, SessionFactory, SideEffectFactory
from treatments.models import SideEffect
from treatments.rules import late_infection
from treatments.rules.reaction import Clock, Judgement, ReviewReason, State, review_reasons
from treatments.words import clock_caption

MAXIMA = {kind[0]: kind[5] for kind in import_module("treatments.migrations.0002_catalogue").KINDS}
# Half an hour of summer time, three quarters of an hour to the hour, the usual hour, and a day that was left out.
ZONES = [ZoneInfo(f"{name}") for name in ("Australia/Lord_Howe", "Asia/Kathmandu", "America/New_York", "Pacific/Apia")]
SECOND = timedelta(seconds=1)
LENGTHS = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=400))

# An hour before clocks go forward (New York), and in the hour that comes twice (Lord Howe).
GAP = datetime(2026, 3, 8, 1, 30, tzinfo=ZONES[2])
FOLD = datetime(2026, 4, 5, 1, 45, tzinfo=ZONES[0], fold=1)
LEFT_OUT = datetime(2011, 12, 29, 23, 0, tzinfo=ZONES[3])


@st.composite
def moments(draw):
    """Return a moment as a form reads it: in the zone of a place, also where the wall clock shows no such time."""
    first, last = (datetime(year, 1, 1) for year in (2010, 2035))  # noqa: DTZ001 -- the zones are drawn
    return draw(st.datetimes(first, last, timezones=st.sampled_from(ZONES), allow_imaginary=True))


def later(moment, length):
    """Return the moment so much later, as the same place's wall shows it."""
    return (moment.astimezone(UTC) + length).astimezone(moment.tzinfo)


@given(onset=moments(), maximum=st.sampled_from(sorted(set(MAXIMA.values()) - {None})), zone=st.sampled_from(ZONES))
@example(onset=GAP, maximum=timedelta(days=5), zone=ZONES[2])
@example(onset=FOLD, maximum=timedelta(minutes=20), zone=ZONES[0])
@example(onset=LEFT_OUT, maximum=timedelta(days=1), zone=ZONES[3])
def test_a_reaction_has_its_whole_maximum_whatever_the_wall_clock_does(onset, maximum, zone):
    clock, end = Clock(onset, maximum), later(onset, maximum)
    assert clock.expected_end == end.astimezone(UTC)
    for moment in (end, end.astimezone(zone), end.astimezone(UTC)):
        assert clock.state(moment) is State.RUNNING
        assert clock.state(later(moment, SECOND)) is State.PROLONGED
        assert Clock(onset, maximum, moment).state(moment) is State.IN_TIME
        assert Clock(onset, maximum, later(moment, SECOND)).state(moment) is State.RESOLVED_LATE


@given(onset=moments(), length=LENGTHS, zone=st.sampled_from(ZONES), code=st.sampled_from(sorted(MAXIMA)))
@example(onset=GAP, length=timedelta(days=6), zone=ZONES[2], code="swelling")
def test_elapsed_and_over_are_real_time_for_every_kind(onset, length, zone, code):
    maximum, now = MAXIMA[code], later(onset, length).astimezone(zone)
    clock = Clock(onset, maximum)
    assert clock.elapsed(now) == length
    assert clock.over(now) == (max(length - maximum, timedelta(0)) if maximum else timedelta(0))
    assert Clock(onset, maximum, now).elapsed(later(now, length)) == length


@given(onset=moments(), length=LENGTHS, more=LENGTHS, code=st.sampled_from(sorted(MAXIMA)))
def test_time_alone_never_takes_a_reason_away(onset, length, more, code):
    clock, judgement = Clock(onset, MAXIMA[code]), Judgement(always_review=False, severe=False)
    now = later(onset, length)
    assert set(review_reasons(clock, judgement, now)) <= set(review_reasons(clock, judgement, later(now, more)))


@given(onset=moments(), length=LENGTHS, due=moments())
@example(onset=GAP, length=timedelta(0), due=datetime(2026, 3, 8, 2, 0, 1, tzinfo=ZONES[2]))
def test_a_review_is_due_from_its_moment_on(onset, length, due):
    judgement = Judgement(always_review=False, severe=False, reviewed=onset, review_due=due)
    now = later(due, length)
    assert ReviewReason.DUE in review_reasons(Clock(onset, None), judgement, now)
    assert ReviewReason.DUE not in review_reasons(Clock(onset, None), judgement, later(due, -SECOND))


@given(performed=moments(), length=LENGTHS, zone=st.sampled_from(ZONES))
@example(performed=GAP, length=timedelta(days=7) - SECOND, zone=ZONES[2])
@example(performed=FOLD, length=timedelta(days=204) - SECOND, zone=ZONES[0])
def test_the_watch_counts_full_days_of_real_time(performed, length, zone):
    onset = later(performed, length).astimezone(zone)
    assert late_infection.days_after(performed, onset) == length.days


@given(onset=moments(), length=LENGTHS, code=st.sampled_from(sorted(MAXIMA)), is_gone=st.booleans())
def test_every_state_of_every_kind_has_its_words(onset, length, code, is_gone):
    now = later(onset, length)
    clock = Clock(onset, MAXIMA[code], now if is_gone else None)
    caption = clock_caption(clock, now)
    ending = {
        State.RUNNING: "" if MAXIMA[code] else ", no expected maximum",
        State.PROLONGED: " over",
        State.IN_TIME: ", within its time" if MAXIMA[code] else "",
        State.RESOLVED_LATE: " late",
    }[clock.state(now)]
    assert caption.endswith(ending)
    assert caption.startswith("gone after ") is is_gone
    if clock.state(now) is State.RUNNING and MAXIMA[code]:
        assert " of about " in caption


@pytest.mark.parametrize("zone", [str(zone) for zone in ZONES])
def test_the_end_that_is_stored_is_the_end_of_the_rule_over_a_change_of_the_clocks(db, zone):
    place = LocationFactory(time_zone=zone, name=zone)
    session = SessionFactory(
        course__patient__location=place,
        course__started_on=date(2026, 1, 1),
        performed_at=GAP - timedelta(9),
    )
    for day in range(0, 365, 7):
        onset = later(GAP, timedelta(days=day)).astimezone(ZoneInfo(zone))
        SideEffectFactory(session=session, kind__code="swelling", onset_at=onset)
    stored = SideEffect.objects.select_related("kind")
    assert all(effect.expected_end_at == effect.clock.expected_end for effect in stored)
