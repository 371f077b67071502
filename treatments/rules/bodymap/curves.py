"""Smooth closed curves through points, and what lies inside them. Units are whatever the points are in."""

from collections.abc import Collection, Iterator, Sequence

Point = tuple[float, float]
Segment = tuple[Point, Point, Point, Point]  # of a cubic Bézier curve: start, its handle, the end's handle, end

TENSION = 0.5  # of a Catmull-Rom spline: 0 draws straight lines
STEPS = 8  # straight pieces that stand for one segment where a curve is reckoned with


def smoothed(points: Sequence[Point], corners: Collection[Point] = ()) -> list[Segment]:
    """Return the closed Catmull-Rom spline through the points, which are at least three; corners stay sharp."""
    count = len(points)
    segments = []
    for index, start in enumerate(points):
        before, end, after = points[index - 1], points[(index + 1) % count], points[(index + 2) % count]
        segments.append(
            (
                start,
                start if start in corners else _handle(start, before, end, TENSION / 3),
                end if end in corners else _handle(end, start, after, -TENSION / 3),
                end,
            )
        )
    return segments


def _handle(at: Point, before: Point, after: Point, share: float) -> Point:
    return at[0] + (after[0] - before[0]) * share, at[1] + (after[1] - before[1]) * share


def path(segments: Sequence[Segment]) -> str:
    """Return a closed curve as the `d` of an SVG path."""
    curves = (f"C{pair(one)} {pair(two)} {pair(end)}" for _start, one, two, end in segments)
    return f"M{pair(segments[0][0])}{''.join(curves)}Z"


def pair(point: Point) -> str:
    return f"{number(point[0])} {number(point[1])}"


def number(value: float) -> str:
    """Return a number as SVG wants it: short, and with a point in every language."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def flattened(segments: Sequence[Segment]) -> tuple[Point, ...]:
    """Return a closed curve as the corners of a polygon."""
    return tuple(_on(segment, step / STEPS) for segment in segments for step in range(STEPS))


def _on(segment: Segment, t: float) -> Point:
    weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
    x = sum(weight * point[0] for weight, point in zip(weights, segment, strict=True))
    y = sum(weight * point[1] for weight, point in zip(weights, segment, strict=True))
    return x, y


def contains(polygon: Sequence[Point], point: Point) -> bool:
    """Say whether a point is inside, by the edges that a ray from it to the right crosses."""
    x, y = point
    crossed = False
    for (x1, y1), (x2, y2) in _edges(polygon):
        if (y1 > y) != (y2 > y) and x < x1 + (x2 - x1) * (y - y1) / (y2 - y1):
            crossed = not crossed
    return crossed


def distance(polygon: Sequence[Point], point: Point, scale: Point = (1, 1)) -> float:
    """Return how far a point is from the edge, inside or out; each axis is multiplied by its scale before."""
    return min(_to_edge(point, one, two, scale) for one, two in _edges(polygon))


def _edges(polygon: Sequence[Point]) -> Iterator[tuple[Point, Point]]:
    return zip(polygon, [*polygon[1:], polygon[0]], strict=True)


def _to_edge(point: Point, one: Point, two: Point, scale: Point) -> float:
    px, py = (point[0] - one[0]) * scale[0], (point[1] - one[1]) * scale[1]
    ex, ey = (two[0] - one[0]) * scale[0], (two[1] - one[1]) * scale[1]
    length = ex * ex + ey * ey
    along = min(max((px * ex + py * ey) / length, 0), 1) if length else 0
    return ((px - along * ex) ** 2 + (py - along * ey) ** 2) ** 0.5
