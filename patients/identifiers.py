"""Record numbers: MT-003917-4, a running number and a check digit that catches a mistyped or swapped digit."""

import re

PREFIX = "MT"
_PATTERN = re.compile(rf"({PREFIX}[- ]?)?(\d{{6,9}})[- ]?(\d)\Z", re.IGNORECASE)


def check_digit(number: str) -> int:
    """Return the ISO 7064 MOD 11,10 check digit of a string of decimal digits."""
    product = 10
    for digit in number:
        total = (int(digit) + product) % 10 or 10
        product = total * 2 % 11
    return (11 - product) % 10


def record_number(serial: int) -> str:
    """Return the record number of the `serial`-th patient, from 1: MT-003917-4."""
    digits = f"{serial:06d}"
    return f"{PREFIX}-{digits}-{check_digit(digits)}"


def parse_record_number(text: str) -> str | None:
    """Return the record number in its one spelling, or None when the text is none or its check digit is wrong."""
    match = _PATTERN.match(text.strip())
    if not match or check_digit(match[2]) != int(match[3]):
        return None
    return f"{PREFIX}-{match[2]}-{match[3]}"


def is_mistyped(text: str) -> bool:
    """Say whether the text is written as a record number whose check digit is wrong."""
    match = _PATTERN.match(text.strip())
    return bool(match and match[1] and check_digit(match[2]) != int(match[3]))
