"""What a GS1 bar code or DataMatrix on a package says: product number, batch, expiry, serial number.

After the GS1 General Specifications: each value follows its application identifier, of fixed length or up to a
separator. Scanners send the separator as the control character GS; people type the brackets printed below the code.
"""

import calendar
import re
from dataclasses import dataclass
from datetime import date

GTIN, BATCH, EXPIRY, SERIAL = "01", "10", "17", "21"
SEPARATOR = "\x1d"
SYMBOLOGY = re.compile(r"^\](?:d2|C1|Q3|J1|e0)")  # what a scanner may send first, to name the kind of code
# Characters after each identifier that a package may carry; a value of variable length ends at a separator.
FIXED = {"00": 18, GTIN: 14, "02": 14, "11": 6, "12": 6, "13": 6, "15": 6, "16": 6, EXPIRY: 6, "20": 2}
VARIABLE = {BATCH: 20, SERIAL: 20, "22": 20, "30": 8, "37": 8, "240": 30, "241": 30, "250": 30, "251": 30}
VARIABLE |= {f"71{number}": 20 for number in range(8)}  # numbers of national health systems
BARE_LENGTHS = (8, 12, 13, 14)  # of a product number alone
HALF_CENTURY = 50


class UnreadableError(ValueError):
    """The text is no code that is known here."""


@dataclass(frozen=True)
class Package:
    """What a package says of itself; empty or None where it says nothing."""

    gtin: str = ""
    number: str = ""
    expires_on: date | None = None
    serial: str = ""


def read(text: str, *, year: int) -> Package:
    """Return what a scanned or typed code says. `year` is this year: a code's year has two digits.

    Raises `UnreadableError` for an unknown identifier, a value that is too short or too long, a product number whose
    last digit does not check, and a day that the calendar lacks.
    """
    bare = SYMBOLOGY.sub("", text.strip())
    if re.fullmatch(r"\d+", bare, re.ASCII) and len(bare) in BARE_LENGTHS:
        return Package(gtin=_checked(bare))
    values = _typed(bare) if bare.startswith("(") else _scanned(bare)
    if not values:
        raise UnreadableError("no identifier")
    return Package(
        gtin=_checked(values[GTIN]) if GTIN in values else "",
        number=values.get(BATCH, "").strip(),
        expires_on=_day(values[EXPIRY], year) if EXPIRY in values else None,
        serial=values.get(SERIAL, "").strip(),
    )


def _typed(text: str) -> dict[str, str]:
    """Return the values of "(01)04006381333931(10)A-117", by identifier."""
    found = {}
    pieces = re.split(r"\((\d{2,4})\)", text, flags=re.ASCII)
    for identifier, value in zip(pieces[1::2], pieces[2::2], strict=True):
        plain = value.strip().strip(SEPARATOR)
        if not _fits(identifier, plain):
            raise UnreadableError(f"identifier {identifier}")
        found[identifier] = plain
    return found


def _scanned(text: str) -> dict[str, str]:
    """Return the values of a code as a scanner sends it, by identifier."""
    found = {}
    rest = text.lstrip(SEPARATOR)
    while rest:
        identifier = next((rest[:length] for length in (2, 3) if rest[:length] in FIXED | VARIABLE), None)
        if identifier is None:
            raise UnreadableError("no identifier")
        rest = rest[len(identifier) :]
        if identifier in FIXED:
            value, rest = rest[: FIXED[identifier]], rest[FIXED[identifier] :]
        else:
            value, _separator, rest = rest.partition(SEPARATOR)
        if not _fits(identifier, value):
            raise UnreadableError(f"identifier {identifier}")
        found[identifier] = value
        rest = rest.lstrip(SEPARATOR)
    return found


def _fits(identifier: str, value: str) -> bool:
    if identifier in FIXED:
        return re.fullmatch(r"\d+", value, re.ASCII) is not None and len(value) == FIXED[identifier]
    return identifier in VARIABLE and 0 < len(value) <= VARIABLE[identifier]


def _checked(gtin: str) -> str:
    """Return the product number if its last digit is the check digit of the others."""
    digits = [int(digit) for digit in reversed(gtin)]
    if (sum(digits[0::2]) + 3 * sum(digits[1::2])) % 10:
        raise UnreadableError("check digit")
    return gtin


def _day(text: str, year: int) -> date:
    """Return the day of YYMMDD, in the century nearest to this year; day 00 is the last of its month."""
    century = year - year % 100
    full = century + int(text[:2])
    if full - year > HALF_CENTURY:
        full -= 100
    elif year - full >= HALF_CENTURY:
        full += 100
    month, day = int(text[2:4]), int(text[4:])
    try:
        return date(full, month, day or calendar.monthrange(full, month)[1])
    except (ValueError, calendar.IllegalMonthError) as error:
        raise UnreadableError("day") from error
