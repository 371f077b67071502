"""How what was drawn up is spread over the areas it was injected into."""

from collections.abc import Sequence
from decimal import Decimal

UNIT = Decimal("0.001")  # ml, as stored
READ = Decimal("0.01")  # ml, as a syringe is read


def spread(products: Sequence[Decimal], areas: Sequence[Decimal]) -> list[list[Decimal]]:
    """Return the ml of each product (rows) in each area (columns) when all were injected as one mixture.

    Both are volumes in ml of the same total. Each cell is in proportion, to the microlitre; every row adds up to its
    product and every column to its area exactly, so that no stock drifts. Raises `ValueError` when the totals differ.
    """
    rows, columns = ([_units(volume) for volume in volumes] for volumes in (products, areas))
    total = sum(rows)
    if total != sum(columns):
        raise ValueError("The products and the areas have different totals.")
    cells = [[row * column // total if total else 0 for column in columns] for row in rows]
    _place_rest(cells, rows, columns)
    return [[units * UNIT for units in row] for row in cells]


def _place_rest(cells: list[list[int]], rows: list[int], columns: list[int]) -> None:
    """Add to the rounded-down cells what rounding took, as evenly as the rows and columns let it."""
    total = max(sum(rows), 1)
    row_rest = [row - sum(cells[i]) for i, row in enumerate(rows)]
    column_rest = [column - sum(row[j] for row in cells) for j, column in enumerate(columns)]
    places = [(i, j) for i in range(len(rows)) for j in range(len(columns))]
    most_cut_first = sorted(places, key=lambda place: -(rows[place[0]] * columns[place[1]] % total))
    for most in (1, total):
        for i, j in most_cut_first:
            more = min(most, row_rest[i], column_rest[j])
            cells[i][j] += more
            row_rest[i] -= more
            column_rest[j] -= more


def share(total: Decimal, weights: Sequence[int]) -> list[Decimal]:
    """Return a volume in ml split by whole weights that are not all 0, the rest to the first; the sum is exact.

    Parts are to a hundredth, as a syringe is read, unless the volume is finer.
    """
    unit = READ if total % READ == 0 else UNIT
    units, whole = int(total / unit), sum(weights)
    parts = [units * weight // whole for weight in weights]
    rest = units - sum(parts)
    return [(part + (1 if place < rest else 0)) * unit for place, part in enumerate(parts)]


def _units(volume: Decimal) -> int:
    return int((volume / UNIT).to_integral_value())
