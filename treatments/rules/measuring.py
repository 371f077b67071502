"""How a value is taken: its limits, its readings, its unit.

Values are Decimal in the stored unit (cm for a girth). Hard limits refuse, usual limits ask. Sources of the numbers:
docs/glossary.md, "Measures".
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

TENTH, HUNDREDTH = Decimal("0.1"), Decimal("0.01")
TOLERANCE_PERCENT = 1  # ISAK, for girths: two readings further apart than this want a third
PAIR, TRIPLE = 2, 3


@dataclass(frozen=True)
class Span:
    """A range, both ends included."""

    least: Decimal
    most: Decimal

    def holds(self, value: Decimal) -> bool:
        return self.least <= value <= self.most


@dataclass(frozen=True)
class Limits:
    """What is refused, what is asked, and what change within how many days is asked."""

    hard: Span
    usual: Span | None = None
    change: Decimal | None = None
    days: int | None = None


@dataclass(frozen=True)
class Earlier:
    """The value before this one, and how many days lie between."""

    value: Decimal
    days: int


class Question(StrEnum):
    """Why a value is asked again before it is kept."""

    UNUSUAL = "unusual"  # outside the usual range
    OTHER_UNIT = "other unit"  # outside it, and inside once read in the other unit of length
    JUMP = "jump"  # further from the value before than changes in so few days


def question(value: Decimal, limits: Limits, earlier: Earlier | None = None, *, factor: Decimal) -> Question | None:
    """Return why a value inside the hard limits is asked again, None when it is not.

    `factor` turns what was typed into what it would be had it been of the other unit: 2.54 where centimetres are
    typed, 1/2.54 where inches are, 1 for what is no length.
    """
    if limits.usual is not None and not limits.usual.holds(value):
        if factor != 1 and limits.usual.holds(value * factor):
            return Question.OTHER_UNIT
        return Question.UNUSUAL
    if earlier is None or limits.change is None or limits.days is None:
        return None
    jumped = abs(value - earlier.value) > limits.change and earlier.days <= limits.days
    return Question.JUMP if jumped else None


def wants_third(first: Decimal, second: Decimal) -> bool:
    """Say whether two readings differ by over 1 % of their mean. Both are more than zero."""
    return abs(first - second) * 200 > TOLERANCE_PERCENT * (first + second)


def settled(readings: list[Decimal]) -> Decimal:
    """Return the value of one to three readings: itself, the mean of two, the median of three, to a hundredth.

    Raises `ValueError` for none, more than three, or two that want a third.
    """
    if not 1 <= len(readings) <= TRIPLE:
        raise ValueError("one to three readings")
    if len(readings) == TRIPLE:
        return sorted(readings)[1].quantize(HUNDREDTH, ROUND_HALF_UP)
    if len(readings) == PAIR and wants_third(*readings):
        raise ValueError("these two want a third")
    return (sum(readings, Decimal(0)) / len(readings)).quantize(HUNDREDTH, ROUND_HALF_UP)


def bmi(kilograms: Decimal, centimetres: Decimal) -> Decimal:
    """Return the body mass index, kg/m² to a tenth. The height is more than zero."""
    metres = centimetres / 100
    return (kilograms / (metres * metres)).quantize(TENTH, ROUND_HALF_UP)
