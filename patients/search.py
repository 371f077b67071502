"""What a person means who types into the search box. No database here."""

import re
from dataclasses import dataclass, field
from datetime import date, datetime

from clinic.fields import fold
from patients.identifiers import parse_record_number

DATE_FORMATS = ["%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%d %b %Y", "%d %B %Y"]
MOST_WORDS = 8
SHORT = 3  # fewer letters than this are only looked for at the start of a name
PHONE_DIGITS = 5  # so many digits and nothing but what stands between them are a phone number
_PHONE = re.compile(r"\+?[\d\s()\-./\u00a0]+\Z")


@dataclass(frozen=True)
class Query:
    """A search, understood: birth dates it may mean, and folded words that must all be found.

    A record number is looked for beside the words: seven digits may be one by chance and mean a phone.
    """

    birth_dates: frozenset[date] = frozenset()
    record_number: str | None = None
    words: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.birth_dates or self.record_number or self.words)


def understand(text: str) -> Query:
    """Read a search: names in any order, a birth date, a record number, a phone as it is printed or dialled."""
    text = text.replace("\0", " ").replace(",", " ").strip()
    dates = birth_dates(text)
    if dates:
        return Query(birth_dates=dates)
    number = parse_record_number(text)
    phone = phone_digits(text)
    if phone:
        return Query(record_number=number, words=[phone])
    words = []
    for word in text.split():
        found = birth_dates(word)
        dates |= found
        if not found:
            words += [digits_only(part) for part in fold(word).split()]
    return Query(dates, number, [word for word in words if word][:MOST_WORDS])


def phone_digits(text: str) -> str:
    """Return the digits of a phone number that every way of dialling it shares; empty for anything else.

    "030 23125001" and "+49 30 23125001" and "0049 30 23125001" all end as "+493023125001" is kept.
    """
    digits = re.sub(r"\D", "", text)
    if len(digits) < PHONE_DIGITS or not _PHONE.match(text):
        return ""
    return digits.removeprefix("00") if digits.startswith("00") else digits.removeprefix("0")


def birth_dates(text: str) -> frozenset[date]:
    """Return every day the text may mean: 03/04/1980 is both 3 April and 4 March."""
    found = set()
    for pattern in DATE_FORMATS:
        try:
            found.add(datetime.strptime(text, pattern).date())  # noqa: DTZ007 -- a day has no time zone
        except ValueError:
            continue
    return frozenset(found)


def digits_only(word: str) -> str:
    """Return a word of phone digits without its brackets and dashes, "(415)" as "415"; other words unchanged."""
    digits = re.sub(r"[()\-./+]", "", word)
    return digits if digits.isdigit() else word
