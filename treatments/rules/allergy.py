"""Whether a product meets an allergy that the patient named, by the words of both."""

import re
import unicodedata
from collections.abc import Iterable

STEM = 6  # letters: a word as long as this also begins longer ones, "xylocain" as "xylocaine"; "egg" is no "eggplant"


def allergy_conflict(words: str, substances: Iterable[str]) -> str | None:
    """Return the first substance that one of a product's words names, None when there is none.

    `words` are the product's, parted by commas, as an admin types them. A word fits as a whole, whatever its case,
    accents and plural; one of six letters or more also as the beginning of a longer one. Words of several parts
    ("benzyl alcohol") fit in their order. A match is a reason to look, not a diagnosis.
    """
    patterns = [_pattern(parts) for parts in map(_parts, words.split(",")) if parts]
    for substance in substances:
        folded = " ".join(_parts(substance))
        if any(pattern.search(folded) for pattern in patterns):
            return substance
    return None


def _pattern(parts: list[str]) -> re.Pattern[str]:
    end = "" if len(parts[-1]) >= STEM else r"(?:e?s)?\b"
    return re.compile(rf"\b{re.escape(' '.join(parts))}{end}")


def _parts(text: str) -> list[str]:
    """Return the words of a text without case, accents and signs."""
    bare = "".join(part for part in unicodedata.normalize("NFKD", text) if not unicodedata.combining(part))
    return re.findall(r"\w+", bare.casefold())
