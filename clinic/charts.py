"""Charts on one time axis as SVG: no inline style and no script, so they also print.

Everything is drawn in a fixed frame (`TimeFrame`) whose units are pixels at full size; the picture scales as a whole.
Colours come from the classes in `drawings.css`, or of a sheet that paper brings along.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from clinic.drawing import figure

LINE_HEIGHT = 15  # least distance of two labels at the right end
STEPS = (1, 2, 3, 5, 10, 20, 25, 50, 100)
MOST_TICKS = 4


@dataclass(frozen=True)
class TimeFrame:
    """The shared time axis: from `start` to `end`, between the margins of a picture `width` wide."""

    start: date
    end: date
    width: int
    left: int
    right: int

    @property
    def plot_end(self) -> int:
        return self.width - self.right

    def x(self, day: date) -> float:
        """Return where a day is; days outside the frame are at its edge."""
        whole = max((self.end - self.start).days, 1)
        share = min(max((day - self.start).days / whole, 0), 1)
        return self.left + share * (self.plot_end - self.left)

    def shows(self, day: date) -> bool:
        return self.start <= day <= self.end

    def months(self) -> list[date]:
        """Return the first of each month inside, thinned to what has room."""
        found, day = [], date(self.start.year, self.start.month, 1)
        while day <= self.end:
            if day >= self.start:
                found.append(day)
            day = date(day.year + day.month // 12, day.month % 12 + 1, 1)
        room = max((self.plot_end - self.left) // 46, 1)
        step = -(-len(found) // room)
        return found[:: max(step, 1)]


@dataclass(frozen=True)
class Scale:
    """A vertical scale: `least` at the bottom, `most` at the top, both in the picture's units below."""

    least: float
    most: float
    top: float
    bottom: float

    def y(self, value: float) -> float:
        share = (value - self.least) / ((self.most - self.least) or 1)
        return self.bottom - min(max(share, 0), 1) * (self.bottom - self.top)

    def ticks(self) -> list[float]:
        """Return a few round values from the least to the most, which is among them where a round step reaches it."""
        whole = self.most - self.least
        few = [step for step in STEPS if whole / step <= MOST_TICKS] or [STEPS[-1]]
        step = next((step for step in few if step < whole and whole % step == 0), few[0])
        return [self.least + number * step for number in range(int(whole / step) + 1)]


def line(points: Iterable[tuple[float, float]], name: str) -> SafeString:
    return format_html('<polyline class="{}" points="{}"/>', name, _joined(points))


def band(lower: Sequence[tuple[float, float]], upper: Sequence[tuple[float, float]], name: str) -> SafeString:
    """Return what lies between two lines, from left to right and back."""
    return format_html('<polygon class="{}" points="{}"/>', name, _joined([*lower, *reversed(upper)]))


def rule_across(frame: TimeFrame, y: float, name: str) -> SafeString:
    return stroke(frame.left, y, frame.plot_end, y, name)


def rule_down(x: float, top: float, bottom: float, name: str) -> SafeString:
    return stroke(x, top, x, bottom, name)


def stroke(x1: float, y1: float, x2: float, y2: float, name: str) -> SafeString:
    return format_html(
        '<line class="{}" x1="{}" y1="{}" x2="{}" y2="{}"/>', name, *(figure(each) for each in (x1, y1, x2, y2))
    )


def dot(x: float, y: float, radius: float, name: str) -> SafeString:
    return format_html('<circle class="{}" cx="{}" cy="{}" r="{}"/>', name, figure(x), figure(y), figure(radius))


def block(x: float, y: float, width: float, height: float, name: str, *, fill: str = "") -> SafeString:
    """Return a bar; `fill` names a pattern."""
    filled = format_html(' fill="url(#{})"', fill) if fill else ""
    return format_html(
        '<rect class="{}"{} x="{}" y="{}" width="{}" height="{}" rx="2"/>',
        name,
        filled,
        *(figure(each) for each in (x, y, max(width, 0), height)),
    )


def text(x: float, y: float, words: str, name: str, *, anchor: str = "start") -> SafeString:
    return format_html(
        '<text class="{}" x="{}" y="{}" text-anchor="{}">{}</text>', name, figure(x), figure(y), anchor, words
    )


def spread(labels: Sequence[tuple[float, str, str]]) -> list[tuple[float, str, str]]:
    """Return labels (y, words, class) pushed apart, each as near to its place as those above it allow."""
    placed: list[tuple[float, str, str]] = []
    for y, words, name in sorted(labels):
        lowest = placed[-1][0] + LINE_HEIGHT if placed else y
        placed.append((max(y, lowest), words, name))
    return placed


def picture(
    parts: Iterable[SafeString], *, width: int, height: float, name: str, label: str, sheet: str = ""
) -> SafeString:
    """Return the parts as one picture with an accessible name; `sheet` is the style that paper brings along."""
    style = format_html("<style>{}</style>", SafeString(sheet)) if sheet else ""
    return format_html(
        '<svg xmlns="http://www.w3.org/2000/svg" class="chart {}" role="img" aria-label="{}" viewBox="0 0 {} {}"'
        ' width="{}" height="{}">{}{}</svg>',
        name,
        label,
        width,
        figure(height),
        width,
        figure(height),
        style,
        format_html_join("", "{}", ((part,) for part in parts)),
    )


def _joined(points: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{figure(x)},{figure(y)}" for x, y in points)
