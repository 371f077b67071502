"""How long an SMS is, as networks count and bill it (3GPP TS 23.038 and 23.040)."""

from dataclasses import dataclass

BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = "^{}\\[~]|€\f"  # each takes two places
SINGLE = {"GSM-7": 160, "UCS-2": 70}
PART = {"GSM-7": 153, "UCS-2": 67}  # of several parts, each begins with a header


@dataclass(frozen=True)
class Length:
    """`units` are places of the encoding, `parts` messages that are sent and paid."""

    encoding: str
    units: int
    parts: int


def length(text: str) -> Length:
    """Return how a text is encoded and in how many parts it goes. One letter outside of GSM-7 makes it all UCS-2."""
    if all(letter in BASIC or letter in EXTENDED for letter in text):
        sizes = [2 if letter in EXTENDED else 1 for letter in text]
        return _length("GSM-7", sizes)
    return _length("UCS-2", [len(letter.encode("utf-16-be")) // 2 for letter in text])


def _length(encoding: str, sizes: list[int]) -> Length:
    units = sum(sizes)
    if units <= SINGLE[encoding]:
        return Length(encoding, units, 1 if units else 0)
    parts, room = 1, PART[encoding]
    for size in sizes:  # no letter is cut in two
        if size > room:
            parts, room = parts + 1, PART[encoding]
        room -= size
    return Length(encoding, units, parts)
