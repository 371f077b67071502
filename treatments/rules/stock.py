"""Whether a lot may be injected, by its date, its hold and its product, and when it is suspected (design rule 8)."""

from collections import defaultdict
from collections.abc import Hashable, Iterable
from datetime import date, timedelta
from enum import StrEnum

EXPIRING = timedelta(days=60)  # a default of ours: long enough to use it up or to order anew
ALERT_PATIENTS = 3  # with the same kind of reaction on one batch: look at the bottle, not only at the patients


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


def is_expiring(expires_on: date, day: date) -> bool:
    """Say whether a lot is in date on a day, and for no more than 60 days."""
    return day <= expires_on <= day + EXPIRING


def clusters(seen: Iterable[tuple[Hashable, Hashable]]) -> dict[Hashable, int]:
    """Return how many patients had each kind of reaction, of the kinds that at least three of them had.

    `seen` are (kind, patient) pairs of one batch; a patient counts once a kind.
    """
    patients = defaultdict(set)
    for kind, patient in seen:
        patients[kind].add(patient)
    return {kind: len(those) for kind, those in patients.items() if len(those) >= ALERT_PATIENTS}
