"""Points on the body map. They are kept as fractions of the picture, 0 to 1 from its left and from its top."""

import json
import math
from collections.abc import Iterable
from functools import cache

from treatments.rules.bodymap.curves import Point, contains, distance
from treatments.rules.bodymap.figure import (
    AXIS,
    HEIGHT,
    WIDTH,
    Figure,
    direction_of,
    figures_of,
    outline_polygon,
    split_code,
    zone_polygon,
)

MapPoint = tuple[str, float, float]  # figure, x, y

STEP = 6  # units between two points of the grid
ROW = STEP * math.sqrt(3) / 2
MARGIN = 2.4  # units between a point of the grid and the edge of its zone
TOLERANCE = 0.01  # of the picture, by which a placed point may be outside: hands and roundings are not exact
MOST_POINTS = 400  # in one area; far above what anybody injects
PADDING = (10.5, 6.5)  # units beside and above the offered zones in the close-up
SMALLEST = (76.0, 96.0)  # width and height of a close-up, so that one still sees where on the body it is
NEARLY_ALL = 0.75  # of the height, from which on a close-up is none


@cache
def grid_points(code: str, figure: Figure) -> tuple[Point, ...]:
    """Return the triangular grid inside zone and outline, row by row; none for an area that the figure lacks."""
    if figure not in figures_of(code):
        return ()
    polygon, body = zone_polygon(code, figure), outline_polygon()
    heights = [y for _x, y in polygon]
    rows = range(math.floor(min(heights) / ROW), math.ceil(max(heights) / ROW) + 1)
    found = (point for row in rows for point in _grid_row(row))
    return tuple(
        (x / WIDTH, y / HEIGHT) for x, y in found if _well_inside(polygon, (x, y)) and _well_inside(body, (x, y))
    )


def _grid_row(row: int) -> Iterable[Point]:
    """Return a row of the grid, which is the same on both sides of the axis."""
    shift = STEP / 2 if row % 2 else 0
    reach = AXIS // STEP
    return ((AXIS + shift + STEP * index, row * ROW) for index in range(-reach - 1, reach + 1))


def _well_inside(polygon: tuple[Point, ...], point: Point) -> bool:
    return contains(polygon, point) and distance(polygon, point) >= MARGIN


def default_points(code: str) -> int:
    """Return how many points the grid has on all figures that show the area; 0 for one without a zone."""
    return sum(len(grid_points(code, figure)) for figure in figures_of(code))


def inside(code: str, figure: str, x: float, y: float, tolerance: float = 0) -> bool:
    """Say whether a point, as fractions of the picture, is in the area's zone and on the body, give or take."""
    if figure not in figures_of(code):
        return False
    point = (x * WIDTH, y * HEIGHT)
    shapes = (zone_polygon(code, Figure(figure)), outline_polygon())
    return all(
        contains(shape, point) or distance(shape, point, (1 / WIDTH, 1 / HEIGHT)) <= tolerance for shape in shapes
    )


def read_map_points(text: str, code: str) -> list[MapPoint]:
    """Return the points that were placed by hand, from JSON such as `[["front", 0.41, 0.62]]`; none for no text.

    Raises ValueError with one word that says why: "json", "many" (more than 400), "number", "picture" (not within 0
    to 1), "zone" (not in the zone of this area, by more than the tolerance).
    """
    if not text.strip():
        return []
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("json") from None
    if not isinstance(rows, list):
        raise ValueError("json")  # noqa: TRY004 -- one kind of error, told apart by its word
    if len(rows) > MOST_POINTS:
        raise ValueError("many")
    return [_read_point(row, code) for row in rows]


def _read_point(row: object, code: str) -> MapPoint:
    if not (isinstance(row, list) and len(row) == 3 and isinstance(row[0], str)):
        raise ValueError("json")
    figure, x, y = row
    if not all(type(value) in {int, float} and abs(value) < math.inf for value in (x, y)):
        raise ValueError("number")
    if not (0 <= x <= 1 and 0 <= y <= 1):
        raise ValueError("picture")
    if not inside(code, figure, x, y, TOLERANCE):
        raise ValueError("zone")
    return figure, float(x), float(y)


@cache
def mark_place(code: str, figure: Figure) -> Point:
    """Return where an open reaction is marked, in units: near the zone's upper outer edge."""
    points = [(x * WIDTH, y * HEIGHT) for x, y in grid_points(code, figure)] or [_middle(zone_polygon(code, figure))]
    direction = direction_of(split_code(code)[1] or "left", figure)
    return max(points, key=lambda point: direction * (point[0] - AXIS) * 2 - point[1])


def _middle(polygon: tuple[Point, ...]) -> Point:
    xs, ys = [x for x, _y in polygon], [y for _x, y in polygon]
    return (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2


@cache
def _box(code: str, figure: Figure) -> tuple[float, float, float]:
    """Return how far from the axis a zone goes on the body, and its top and bottom there, in units."""
    corners = [point for point in zone_polygon(code, figure) if contains(outline_polygon(), point)]
    heights = [y for _x, y in corners]
    return max(abs(x - AXIS) for x, _y in corners), min(heights), max(heights)


def close_up(codes: Iterable[str]) -> tuple[float, float, float, float] | None:
    """Return the part of the drawing that shows these areas as (x, y, width, height), even about the axis.

    None without a zone, and where the part would be nearly the whole.
    """
    boxes = [_box(code, figure) for code in codes for figure in figures_of(code)]
    if not boxes:
        return None
    half = max(box[0] for box in boxes) + PADDING[0]
    top = min(box[1] for box in boxes) - PADDING[1]
    bottom = max(box[2] for box in boxes) + PADDING[1]
    width, height = max(2 * half, SMALLEST[0]), max(bottom - top, SMALLEST[1])
    top = min(max((top + bottom - height) / 2, 0), HEIGHT - height)
    if height > HEIGHT * NEARLY_ALL:
        return None
    return round(AXIS - width / 2), round(top), round(width), round(height)
