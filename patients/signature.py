"""A signature drawn on the screen: strokes of points as fractions of a field, and how they are drawn again."""

import json
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

Strokes = list[list[list[float]]]

WIDTH, HEIGHT = 500, 200  # units of the drawing: the field's proportion, 5 to 2
MOST_STROKES = 200
MOST_POINTS = 20_000
MOST_CHARACTERS = MOST_POINTS * 32
SMALLEST = 0.04  # of the field's width or height: less is a dot or a slip of the finger


class NotASignatureError(ValueError):
    """What was sent is no list of strokes of points inside the field, or far too much of it."""


def read_strokes(text: str) -> Strokes:
    """Return the strokes that a browser sent as JSON, to four decimals; nothing drawn is an empty list.

    Raises `NotASignatureError` for anything else.
    """
    if not text.strip():
        return []
    if len(text) > MOST_CHARACTERS:
        raise NotASignatureError
    try:
        sent = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotASignatureError from error
    if not isinstance(sent, list) or len(sent) > MOST_STROKES:
        raise NotASignatureError
    if not all(isinstance(stroke, list) for stroke in sent) or sum(map(len, sent)) > MOST_POINTS:
        raise NotASignatureError
    return [[_point(point) for point in stroke] for stroke in sent if stroke]


def _point(sent: Any) -> list[float]:
    if not isinstance(sent, list) or len(sent) != 2:
        raise NotASignatureError
    return [_fraction(value) for value in sent]


def _fraction(value: Any) -> float:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not 0 <= value <= 1:  # which no infinity and no “not a number” is
        raise NotASignatureError
    return round(float(value), 4) + 0.0  # which makes a zero of minus zero


def is_too_small(strokes: Strokes) -> bool:
    """Say whether all of it fits into a spot that no name fits into."""
    points = [point for stroke in strokes for point in stroke]
    extents = (max(values) - min(values) for values in zip(*points, strict=True))
    return max(extents, default=0.0) < SMALLEST


def path_data(stroke: list[list[float]]) -> str:
    """Return one stroke as the data of an SVG path; a single point is a dot, drawn by its round end."""
    places = [f"{x * WIDTH:.1f} {y * HEIGHT:.1f}" for x, y in stroke]
    return "M" + "L".join(places if len(places) > 1 else places * 2)


def signature_svg(strokes: Strokes, label: str) -> SafeString:
    """Return the signature as a picture with an accessible name, drawn in the colour of the text."""
    return format_html(
        '<svg class="signature" viewBox="0 0 {} {}" role="img" aria-label="{}"><path d="{}"/></svg>',
        WIDTH,
        HEIGHT,
        label,
        "".join(map(path_data, strokes)),
    )
