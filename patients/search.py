"""What a person means who types into the search box. No database here."""

import re
from dataclasses import dataclass, field
from datetime import date, datetime

from clinic.fields import fold
from patients.identifiers import parse_record_number

DATE_FORMATS = ["%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%d %b %Y", "%d %B %Y"]
MOST_WORDS = 8
SHORT = 3  # fewer letters than this are only looked for at the start of a name


@dataclass(frozen=True)
class Query:
    """A search, understood: birth dates it may mean, a record number, folded words that must all be found."""

    birth_dates: frozenset[date] = frozenset()
    record_number: str | None = None
    words: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.birth_dates or self.record_number or self.words)


def understand(text: str) -> Query:
    """Read a search: "1980-03-12" is a birth date, "MT-003917-4" a record number, else words and phone digits."""
    text = text.replace("\0", " ").strip()
    dates = birth_dates(text)
    if dates:
        return Query(birth_dates=dates)
    number = parse_record_number(text)
    if number:
        return Query(record_number=number)
    words = [digits_only(word) for word in fold(text).split()]
    return Query(words=[word for word in words if word][:MOST_WORDS])


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
