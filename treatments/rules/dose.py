"""Whether a session keeps to the doses of what it injects. The limits are the product's, with their source there."""

from dataclasses import dataclass
from decimal import ROUND_UP, Decimal
from enum import StrEnum


class Measure(StrEnum):
    """What is limited, and in which unit."""

    ML_A_POINT = "ml a point"
    POINTS = "points"
    ML = "ml"
    MG = "mg"
    MG_BY_WEIGHT = "mg by weight"
    NO_WEIGHT = "no weight"
    DAYS = "days"


@dataclass(frozen=True)
class Limits:
    """What a product allows at one session; None where no limit is known."""

    ml_a_point: Decimal | None = None
    points: int | None = None
    ml: Decimal | None = None
    mg: Decimal | None = None
    mg_per_kg: Decimal | None = None
    days_between: int | None = None


@dataclass(frozen=True)
class Given:
    """What a session gives of one product, over all areas.

    `ml_a_point` is the largest of its areas; `mg` is None where the product's strength is not known in milligrams,
    `weight_kg` where the patient was not weighed, `days_since` where it was never given before.
    """

    ml: Decimal
    points: int = 0
    ml_a_point: Decimal | None = None
    mg: Decimal | None = None
    weight_kg: Decimal | None = None
    days_since: int | None = None


@dataclass(frozen=True)
class Passed:
    """A limit that was passed: so much used of so much."""

    measure: Measure
    used: Decimal
    limit: Decimal


def passed(given: Given, limits: Limits) -> list[Passed]:
    """Return the limits that a session passes. Exactly at a limit is within it."""
    by_weight = None
    if limits.mg_per_kg is not None and given.weight_kg is not None:
        by_weight = limits.mg_per_kg * given.weight_kg
    pairs: list[tuple[Measure, Decimal | int | None, Decimal | int | None]] = [
        (Measure.ML_A_POINT, given.ml_a_point, limits.ml_a_point),
        (Measure.POINTS, given.points, limits.points),
        (Measure.ML, given.ml, limits.ml),
        (Measure.MG, given.mg, limits.mg),
        (Measure.MG_BY_WEIGHT, given.mg, by_weight),
    ]
    found = [
        Passed(measure, Decimal(used), Decimal(limit))
        for measure, used, limit in pairs
        if used is not None and limit is not None and used > limit
    ]
    if limits.mg_per_kg is not None and given.mg is not None and given.weight_kg is None:
        found.append(Passed(Measure.NO_WEIGHT, given.mg, limits.mg_per_kg))  # nobody can say whether it is passed
    if given.days_since is not None and limits.days_between is not None and given.days_since < limits.days_between:
        found.append(Passed(Measure.DAYS, Decimal(given.days_since), Decimal(limits.days_between)))
    return found


def most_mg(given: Given, limits: Limits) -> Decimal | None:
    """Return the smaller of the fixed limit and the one by weight, in mg, None where neither is known."""
    known = []
    if limits.mg is not None:
        known.append(limits.mg)
    if limits.mg_per_kg is not None and given.weight_kg is not None:
        known.append(limits.mg_per_kg * given.weight_kg)
    return min(known) if known else None


def ml_a_point(ml: Decimal, points: int | None) -> Decimal | None:
    """Return the volume of one point in ml, rounded up to the microlitre; None without points."""
    return (ml / points).quantize(Decimal("0.001"), ROUND_UP) if points else None
