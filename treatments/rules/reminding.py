"""Which message is due: by day, as the clocks at the location say, and each occasion once.

Days are calendar days at the location, so that neither the change of the clocks nor a night shift a message by one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from treatments.rules.follow_up import Window

EARLIEST, LATEST = time(8), time(20)


class Occasion(StrEnum):
    """What a message to a patient is for."""

    OPENS = "opens"  # the follow-up window is open
    MIDDLE = "middle"  # half of it has passed
    CLOSES = "closes"  # it is about to close
    BOOKED = "booked"  # the appointment, when it is made
    MOVED = "moved"  # another time than the patient was told
    CANCELLED = "cancelled"  # it does not take place
    SOON = "soon"  # the reminder some days before


def may_send(local: time, earliest: time = EARLIEST, latest: time = LATEST) -> bool:
    """Say whether it is daytime: from 8 o'clock on, before 20 o'clock, unless the location says otherwise."""
    return earliest <= local < latest


@dataclass(frozen=True)
class Schedule:
    """When people are reminded of a window: settings of the protocol."""

    at_opening: bool = True
    in_middle: bool = True
    days_before_close: int | None = 14


def follow_up_occasion(window: Window, schedule: Schedule, today: date) -> Occasion | None:
    """Return the occasion that has come last, None while none has. What was missed before it is not made up for."""
    days = [(window.opens, Occasion.OPENS)] if schedule.at_opening else []
    if schedule.in_middle:
        days.append((window.opens + (window.closes - window.opens) / 2, Occasion.MIDDLE))
    if schedule.days_before_close is not None:
        days.append((window.closes - timedelta(days=schedule.days_before_close), Occasion.CLOSES))
    come = [(day, occasion) for day, occasion in days if max(day, window.opens) <= today <= window.closes]
    return max(come, key=lambda each: each[0])[1] if come else None


@dataclass(frozen=True)
class Told:
    """What the patient was told of an appointment, and when."""

    occasion: Occasion
    about_at: datetime | None
    told_at: datetime


@dataclass(frozen=True)
class Telling:
    """How the patients of a place are told of their appointments."""

    confirms: bool = False
    days_before: int = 1


def appointment_occasion(
    starts_at: datetime, told: Sequence[Told], telling: Telling, *, is_cancelled: bool, now: datetime
) -> Occasion | None:
    """Return what the patient is to be told now of an appointment, None when nothing is.

    `told` is what was told before, the oldest first; `starts_at` and `now` are in the location's zone.
    """
    last = told[-1] if told else None
    knows = last is not None and last.occasion is not Occasion.CANCELLED
    if is_cancelled:
        ahead = last is not None and last.about_at is not None and last.about_at > now
        return Occasion.CANCELLED if knows and ahead else None
    if starts_at <= now:
        return None
    if last is not None and not knows:
        return Occasion.BOOKED  # it was cancelled, and is on again
    if last is not None and is_moved(last.about_at, starts_at):
        return Occasion.MOVED
    if is_soon(starts_at, telling, now):
        return None if last is not None and is_soon(starts_at, telling, last.told_at) else Occasion.SOON
    return Occasion.BOOKED if telling.confirms and last is None else None


def is_moved(about_at: datetime | None, starts_at: datetime) -> bool:
    """Say whether two moments differ. In the hour that the clocks have twice, only those of one zone ever equal."""
    return about_at is None or about_at.astimezone(UTC) != starts_at.astimezone(UTC)


def is_soon(starts_at: datetime, telling: Telling, moment: datetime) -> bool:
    """Say whether the reminder's day has come at a moment. `starts_at` is in the location's zone."""
    days = (starts_at.date() - moment.astimezone(starts_at.tzinfo).date()).days
    return telling.days_before > 0 and days <= telling.days_before
