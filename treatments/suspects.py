"""Which lots may be behind a reaction: what was injected where it is, unless somebody cleared it (decision 27)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from treatments.models import ClearedLot, Injection, Lot, Session, SideEffect


@dataclass(frozen=True)
class Given:
    """One lot that a session injected, straight or in a preparation, and the areas it went into by primary key."""

    lot: Lot
    areas: frozenset[int]


def given_in(session: Session) -> list[Given]:
    """Return the lots of a session in the order they were drawn up."""
    lots: dict[int, Lot] = {}
    areas: dict[int, set[int]] = {}
    for injection in Injection.objects.filter(session=session).for_page().order_by("pk"):
        mixed = injection.preparation.ingredients.all() if injection.preparation else []
        for lot in [injection.lot] if injection.lot else [ingredient.lot for ingredient in mixed]:
            lots.setdefault(lot.pk, lot)
            areas.setdefault(lot.pk, set()).add(injection.area_id)
    return [Given(lot, frozenset(areas[key])) for key, lot in lots.items()]


def inferred(given: Iterable[Given], area: int | None) -> list[Lot]:
    """Return the lots that a reaction in an area points to before anybody judges; None is the whole body.

    An area into which the session injected nothing, or no longer did after an amendment, points to all of it.
    """
    given = list(given)
    there = [each.lot for each in given if area in each.areas]
    return there or [each.lot for each in given]


@dataclass(frozen=True)
class Suspects:
    """The lots of a reaction: those that may be behind it, and those that somebody ruled out."""

    suspected: list[Lot]
    cleared: list[ClearedLot]


def suspects_of(effect: SideEffect) -> Suspects:
    """Return its lots as they follow from the session as it stands now."""
    cleared = {row.lot_id: row for row in effect.cleared_lots.select_related("cleared_by")}
    lots = inferred(given_in(effect.session), effect.area_id)
    for lot in lots:
        if lot.pk in cleared:
            cleared[lot.pk].lot = lot
    return Suspects(
        [lot for lot in lots if lot.pk not in cleared], [cleared[lot.pk] for lot in lots if lot.pk in cleared]
    )


def to_clear(given: Iterable[Given], area: int | None, cleared: Collection[Lot]) -> list[Lot]:
    """Return what of the cleared lots is a correction of the inference, and worth keeping."""
    keys = {lot.pk for lot in cleared}
    return [lot for lot in inferred(given, area) if lot.pk in keys]
