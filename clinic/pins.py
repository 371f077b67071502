"""Which digits are no PIN: those that are tried first. No Django, no clock."""

from datetime import date
from itertools import pairwise

FEWEST, MOST = 6, 12
DATE_LENGTHS = {6, 8}


def is_too_short(digits: str) -> bool:
    return len(digits) < FEWEST


def is_run(digits: str) -> bool:
    """Say whether each digit is the one before it, or one more, or one less: 111111, 123456, 987654."""
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(digits)}
    return len(steps) == 1 and steps <= {0, 1, 9}


def is_repeated(digits: str) -> bool:
    """Say whether a part of it makes the whole: 121212, 123123."""
    return any(
        len(digits) % size == 0 and digits[:size] * (len(digits) // size) == digits
        for size in range(1, len(digits) // 2 + 1)
    )


def is_date(digits: str) -> bool:
    """Say whether it reads as a day: DDMMYY, MMDDYY, YYMMDD, and the same with all four digits of the year."""
    if len(digits) not in DATE_LENGTHS:
        return False
    size = len(digits) - 4  # of the year
    readings = [
        (digits[:size], digits[size:-2], digits[-2:]),
        (digits[-size:], digits[:2], digits[2:4]),
        (digits[-size:], digits[2:4], digits[:2]),
    ]
    return any(_is_day(*reading) for reading in readings)


def _is_day(year: str, month: str, day: str) -> bool:
    try:
        read = date(int(year) if len(year) > 2 else 2000 + int(year), int(month), int(day))
    except ValueError:
        return False
    return len(year) == 2 or 1900 <= read.year <= 2100
