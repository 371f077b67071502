"""Whether a lot may be injected, by its date, its hold and its product (design rule 8)."""

from datetime import date
from enum import StrEnum


class Fault(StrEnum):
    """Why a lot cannot be used, the gravest first."""

    BLOCKED = "blocked"
    HELD = "held"
    EXPIRED = "expired"


def fault_of_lot(*, expires_on: date, is_held: bool, is_blocked: bool, day: date) -> Fault | None:
    """Return why a lot cannot be injected on a day, None if it can. The day of expiry itself is in date."""
    if is_blocked:
        return Fault.BLOCKED
    if is_held:
        return Fault.HELD
    return Fault.EXPIRED if day > expires_on else None
