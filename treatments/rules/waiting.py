"""Who of those that wait could come to an hour that is free, and whom to ask first.

What a part of the day is, and how long somebody who is being asked is left to the one who asks, are defaults of ours.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

AFTERNOON_FROM, EVENING_FROM = time(12), time(17)
ASKING = timedelta(minutes=15)  # a call; after it others may ask the same person again


class Part(StrEnum):
    """A part of the day, by the clock on the wall of the place."""

    MORNING = "morning"
    AFTERNOON = "afternoon"
    EVENING = "evening"


def part_of(hour: time) -> Part:
    if hour < AFTERNOON_FROM:
        return Part.MORNING
    return Part.AFTERNOON if hour < EVENING_FROM else Part.EVENING


@dataclass(frozen=True)
class Slot:
    """A free hour: `starts_at` in the zone of its place, `practitioner` by key."""

    starts_at: datetime
    minutes: int
    practitioner: int


@dataclass(frozen=True)
class Wish:
    """When somebody could come, and for what.

    `weekdays` (Monday 0) and `parts` mean any where they are empty. `instead_of` is the appointment they would give up
    for it. `session_days` are the days of the other sessions of the course, given and booked, and `least_days` is how
    far from each of them a session has to be.
    """

    from_on: date
    minutes: int
    notice: timedelta
    until_on: date | None = None
    weekdays: Collection[int] = ()
    parts: Collection[str] = ()
    practitioner: int | None = None
    instead_of: datetime | None = None
    session_days: Collection[date] = ()
    least_days: int = 0


class Misfit(StrEnum):
    """Why somebody does not come to an hour, the first that holds."""

    NOTICE = "notice"  # too short before it
    NOT_EARLIER = "not-earlier"  # than what they have
    LENGTH = "length"
    PERSON = "person"
    DAY = "day"  # outside the days they said, or another weekday
    PART = "part"
    INTERVAL = "interval"  # too near to another session


def misfit(wish: Wish, slot: Slot, now: datetime) -> Misfit | None:
    """Return why a wish does not fit a free hour, None when it does."""
    start, day = slot.starts_at.astimezone(UTC), slot.starts_at.date()
    refusals = (
        (Misfit.NOTICE, start - now.astimezone(UTC) < max(wish.notice, timedelta(0)) or start <= now),
        (Misfit.NOT_EARLIER, wish.instead_of is not None and start >= wish.instead_of.astimezone(UTC)),
        (Misfit.LENGTH, wish.minutes > slot.minutes),
        (Misfit.PERSON, wish.practitioner not in {None, slot.practitioner}),
        (Misfit.DAY, not takes_day(wish, day)),
        (Misfit.PART, bool(wish.parts) and part_of(slot.starts_at.time()) not in wish.parts),
        (Misfit.INTERVAL, any(abs((day - other).days) < wish.least_days for other in wish.session_days)),
    )
    return next((why for why, holds in refusals if holds), None)


def takes_day(wish: Wish, day: date) -> bool:
    """Say whether somebody could come on a day at all."""
    is_within = wish.from_on <= day and (wish.until_on is None or day <= wish.until_on)
    return is_within and (not wish.weekdays or day.weekday() in wish.weekdays)


@dataclass(frozen=True, order=True)
class Turn:
    """Who is asked first: clinical need (1 before 2), then who was not called in vain, then who waits longest."""

    need: int
    calls_in_vain: int
    since: datetime
    key: int


class State(StrEnum):
    """How a waiting stands. All but the first are over."""

    WAITING = "waiting"
    REMOVED = "removed"  # by a person, with a reason
    GONE = "gone"  # nothing is booked for the patient: died, archived, restricted, merged or erased
    FULFILLED = "fulfilled"  # moved earlier, or booked where nothing was
    OFF = "off"  # the appointment it was about is cancelled, or its hour has come
    ENDED = "ended"  # the course has
    EXPIRED = "expired"  # the last day they said is past


@dataclass(frozen=True)
class Facts:
    """What the state of a waiting follows from."""

    is_removed: bool = False
    is_gone: bool = False
    is_fulfilled: bool = False
    is_off: bool = False
    has_ended: bool = False
    until_on: date | None = None


def state(facts: Facts, today: date) -> State:
    """Return how a waiting stands on a day of its place."""
    found = (
        (State.REMOVED, facts.is_removed),
        (State.GONE, facts.is_gone),
        (State.FULFILLED, facts.is_fulfilled),
        (State.OFF, facts.is_off),
        (State.ENDED, facts.has_ended),
        (State.EXPIRED, facts.until_on is not None and facts.until_on < today),
    )
    return next((each for each, holds in found if holds), State.WAITING)


def is_asking(asked_at: datetime, now: datetime) -> bool:
    """Say whether whoever began to ask somebody then is taken to ask still."""
    return now - ASKING < asked_at
