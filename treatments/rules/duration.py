"""How long something was, as people say it: one number and one unit."""

from datetime import timedelta
from enum import StrEnum

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MONTH = timedelta(days=30.4375)  # the mean month of the calendar


class Unit(StrEnum):
    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"
    MONTHS = "months"


SIZES = {Unit.MINUTES: MINUTE, Unit.HOURS: HOUR, Unit.DAYS: DAY, Unit.MONTHS: MONTH}


def said(length: timedelta) -> tuple[int, Unit]:
    """Return the length in the unit a person would use: 18 minutes, 30 hours, 12 days, 6 months.

    Full units only, months rounded; a length of less than a minute is one minute.
    """
    if length > 90 * DAY:
        return round(length / MONTH), Unit.MONTHS
    if length >= 2 * DAY or length == DAY:
        return length // DAY, Unit.DAYS
    if length >= 2 * HOUR or length == HOUR:
        return length // HOUR, Unit.HOURS
    return max(length // MINUTE, 1), Unit.MINUTES


def lasting(number: float, unit: Unit) -> timedelta:
    """Return the length of so many units. Raises `OverflowError` for more than time itself holds."""
    return float(number) * SIZES[unit]
