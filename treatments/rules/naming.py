"""Taking names out of what was written."""

import re
from collections.abc import Iterable
from typing import Any

MARK = "[name]"
SHORTEST = 3  # letters: a shorter part of a name is too often a word
DIGITS = 7  # of a phone number, from its end: how it is written in a note is anybody's guess


def parts(names: Iterable[str]) -> set[str]:
    """Return names in full and each word of them that is long enough to be known for a name."""
    found: set[str] = set()
    for name in names:
        whole = " ".join(name.split())
        found.update({whole} if len(whole) > 1 else ())
        found.update(word for word in re.split(r"[\s,.;/]+", whole) if len(word) >= SHORTEST)
    return found


def pattern_of(names: Iterable[str], texts: Iterable[str], phones: Iterable[str]) -> re.Pattern[str] | None:
    """Return what finds these in a text, whatever the case; None where there is nothing to find.

    Of `names` every word is looked for by itself, `texts` (an address, an e-mail) only as they are, of `phones`
    the last digits, however they are parted.
    """
    wanted = {re.escape(name) for name in [*parts(names), *(text.strip() for text in texts)] if name}
    longest_first = sorted(wanted, key=len, reverse=True)
    found = [rf"(?<!\w){name}(?!\w)" for name in longest_first]
    found += [_digits(phone) for phone in phones if len(re.sub(r"\D", "", phone)) >= DIGITS]
    return re.compile("|".join(found), re.IGNORECASE) if found else None


def _digits(phone: str) -> str:
    last = re.sub(r"\D", "", phone)[-DIGITS:]
    return r"[+(]*(?:\d[\s().\-/]*)*" + r"[\s().\-/]*".join(last)


def without_names(value: Any, pattern: re.Pattern[str] | None) -> Any:
    """Return a text with the mark in the place of what the pattern finds; lists and dicts of texts likewise."""
    if pattern is None:
        return value
    if isinstance(value, str):
        return pattern.sub(MARK, value)
    if isinstance(value, list):
        return [without_names(each, pattern) for each in value]
    if isinstance(value, dict):
        return {key: without_names(each, pattern) for key, each in value.items()}
    return value
