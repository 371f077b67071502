"""The body map as its templates draw it: rows of areas made into two figures, a list, a legend and words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from clinic.widgets import Stepper, UnitInput
from treatments.models import TreatmentArea
from treatments.rules.bodymap import (
    Figure,
    MapPoint,
    close_up,
    default_points,
    figures_of,
    grid_points,
    lines_path,
    mark_place,
    mirror_of,
    outline_path,
    place_of,
    zone_path,
)
from treatments.rules.bodymap.figure import HEIGHT, WIDTH

WHOLE_BODY = "16 6 168 478"  # the drawing without its empty margins
HUNDREDTH = Decimal("0.01")
LONGEST = 6  # digits of a count that is worth reckoning with; the form says what is wrong with more
MOST_ML = 10_000  # likewise


@dataclass(frozen=True)
class LastTime:
    """What an area got at the session before, as it was written there."""

    volume: str = ""  # ml
    points: str = ""
    map_points: Sequence[MapPoint] = ()


@dataclass(frozen=True)
class AreaRow:
    """One area that a session offers, or that a record shows. Volume (ml) and points are text, as typed."""

    area: TreatmentArea
    chosen: bool = False
    volume: str = ""
    points: str = ""
    map_points: Sequence[MapPoint] = ()
    last: LastTime | None = None
    open_reaction: bool = False
    blocked: str = ""  # why the area must not be treated
    errors: Sequence[str] = ()  # what to say under the row of a form

    @property
    def grid_count(self) -> int:
        return default_points(self.area.code)

    @property
    def count(self) -> int:
        """Return the points that count: those typed, else those placed by hand, else the grid's."""
        typed = self.points.strip()
        if typed.isdecimal() and len(typed) < LONGEST:
            return int(typed)
        return len(self.map_points) or self.grid_count

    @property
    def amount(self) -> str:
        """Return "2.4 ml, 46 points" as far as it is known."""
        return _amount(self.volume, self.count)


def _amount(volume: str, points: int) -> str:
    said = [_("%(volume)s ml") % {"volume": volume}] if volume else []
    if points:
        said.append(ngettext("%(n)s point", "%(n)s points", points) % {"n": points})
    return ", ".join(said)


@dataclass(frozen=True)
class Dot:
    """A point placed by hand, in units of the drawing."""

    x: str
    y: str


@dataclass(frozen=True)
class Zone:
    """An area on one figure."""

    row: AreaRow
    path: str
    grid: str  # the points of the grid, as one path of dots
    placed: Sequence[Dot]
    last: str  # the points of the last session, likewise; "" when it was not treated
    mark: Dot

    @property
    def classes(self) -> str:
        row = self.row
        states = {
            "is-chosen": row.chosen,
            "is-placed": row.map_points,
            "is-last": row.last,
            "is-blocked": row.blocked,
            "has-reaction": row.open_reaction,
        }
        return " ".join(["bodymap-zone", *(name for name, holds in states.items() if holds)])


@dataclass(frozen=True)
class DrawnFigure:
    """The body from one side; `left` and `right` are the letters at the viewer's left and right."""

    figure: Figure
    name: str
    left: str
    right: str
    zones: Sequence[Zone]
    outline: str
    lines: str


def drawn_figures(rows: Sequence[AreaRow]) -> list[DrawnFigure]:
    """Return both figures with the zones of these rows. Areas without a zone are on neither."""
    right, left = pgettext("side of the body, one letter", "R"), pgettext("side of the body, one letter", "L")
    names = {Figure.FRONT: _("Front"), Figure.BACK: _("Back")}
    return [
        DrawnFigure(
            figure=figure,
            name=names[figure],
            left=right if figure is Figure.FRONT else left,
            right=left if figure is Figure.FRONT else right,
            zones=[_zone(row, figure) for row in _in_drawing_order(rows, figure)],
            outline=outline_path(),
            lines=lines_path(figure),
        )
        for figure in Figure
    ]


def _in_drawing_order(rows: Sequence[AreaRow], figure: Figure) -> list[AreaRow]:
    shown = [row for row in rows if figure in figures_of(row.area.code)]
    return sorted(shown, key=lambda row: place_of(row.area.code, figure))


def _zone(row: AreaRow, figure: Figure) -> Zone:
    code = row.area.code
    grid = [(x * WIDTH, y * HEIGHT) for x, y in grid_points(code, figure)]
    before = row.last.map_points if row.last else ()
    x, y = mark_place(code, figure)
    return Zone(
        row=row,
        path=zone_path(code, figure),
        grid=dots(grid),
        placed=[Dot(f"{x:.1f}", f"{y:.1f}") for x, y in _on(figure, row.map_points)],
        last=dots(_on(figure, before) if before else grid) if row.last else "",
        mark=Dot(f"{x:.1f}", f"{y:.1f}"),
    )


def _on(figure: Figure, points: Iterable[MapPoint]) -> list[tuple[float, float]]:
    """Return the points of one figure, in units."""
    return [(x * WIDTH, y * HEIGHT) for view, x, y in points if view == figure]


def dots(points: Iterable[tuple[float, float]]) -> str:
    """Return an SVG path whose every piece is as good as nothing: drawn with round ends, a dot for each point."""
    return "".join(f"M{x:.1f} {y:.1f}h.01" for x, y in points)


def region(rows: Iterable[AreaRow]) -> str:
    """Return the `viewBox` of the close-up on these areas, "" where there is none."""
    part = close_up(row.area.code for row in rows)
    return " ".join(f"{value:g}" for value in part) if part else ""


def in_words(rows: Sequence[AreaRow], when: str) -> str:
    """Return all that the map shows as sentences: "Body map. Treated: Buttock, left, 2.4 ml, 46 points. …"

    `when` names the session before, as in the middle of a sentence: "session 4".
    """
    groups = [
        (_("Treated"), [_with(row, row.amount) for row in rows if row.chosen]),
        (
            capfirst(when),
            [_with(row, _amount(row.last.volume, 0)) for row in rows if row.last and not row.chosen],
        ),
        (_("Open reaction"), [str(row.area) for row in rows if row.open_reaction]),
        (_("Blocked"), [_with(row, row.blocked) for row in rows if row.blocked]),
    ]
    said = [f"{title}: {'; '.join(names)}." for title, names in groups if names]
    return " ".join([_("Body map."), *(said or [_("No area is marked.")])])


def _with(row: AreaRow, more: str) -> str:
    return f"{row.area}, {more}" if more else str(row.area)


def legend(rows: Sequence[AreaRow], when: str, today: str) -> list[tuple[str, str]]:
    """Return (mark, words) of what these rows may show."""
    return [
        (mark, words)
        for mark, words, shown in [
            ("chosen", today, True),
            ("last", capfirst(when), any(row.last for row in rows)),
            ("reaction", _("Open reaction"), any(row.open_reaction for row in rows)),
            ("blocked", _("Blocked"), any(row.blocked for row in rows)),
        ]
        if shown
    ]


@dataclass(frozen=True)
class ListedRow:
    """A row of the editor's list with its inputs. `key` makes ids, and names beside the shared one of the areas."""

    row: AreaRow
    order: int
    prefix: str
    when: str

    @property
    def is_near(self) -> bool:
        """Say whether the row stands in front: it is in use, was at the last session, or has something to say."""
        row = self.row
        return row.chosen or row.last is not None or row.open_reaction or bool(row.blocked or row.errors)

    @property
    def code(self) -> str:
        return self.row.area.code

    @property
    def key(self) -> str:
        return f"{self.prefix}{self.code}"

    @property
    def has_zone(self) -> bool:
        return bool(figures_of(self.code))

    @property
    def mirror(self) -> str:
        return mirror_of(self.code)

    @property
    def last_said(self) -> str:
        """Return "2.6 ml in session 4", or that the area was treated then."""
        last = self.row.last
        if last is None:
            return ""
        if last.volume:
            return _("%(volume)s ml in %(session)s") % {"volume": last.volume, "session": self.when}
        return _("treated in %(session)s") % {"session": self.when}

    @property
    def volume_input(self) -> SafeString:
        return Stepper(unit=_("ml")).render(
            f"{self.prefix}ml-{self.code}", self.row.volume, self._attrs("ml", _("ml"))
        )

    @property
    def points_input(self) -> SafeString:
        attrs = self._attrs("points", _("points")) | {"step": "1", "min": "0", "inputmode": "numeric"}
        if self.row.grid_count:
            attrs["placeholder"] = str(self.row.grid_count)
        return UnitInput(unit=_("points")).render(f"{self.prefix}points-{self.code}", self.row.points, attrs)

    def _attrs(self, name: str, unit: str) -> dict[str, str]:
        attrs = {"id": f"id_{self.prefix}{name}-{self.code}", "aria-label": f"{self.row.area}, {unit}"}
        if self.row.errors:
            attrs |= {"aria-invalid": "true", "aria-describedby": f"id_{self.key}_error"}
        return attrs

    @property
    def map_value(self) -> list[list[object]]:
        return [[view, round(x, 4), round(y, 4)] for view, x, y in self.row.map_points]


def listed_rows(rows: Sequence[AreaRow], prefix: str, when: str) -> tuple[list[ListedRow], list[ListedRow]]:
    """Return (those in front, the others) in their order; a first session has all in front."""
    listed = [ListedRow(row, order, prefix, when) for order, row in enumerate(rows)]
    near = [item for item in listed if item.is_near]
    return (near, [item for item in listed if not item.is_near]) if near else (listed, [])


def totals_in_words(rows: Iterable[AreaRow]) -> str:
    """Return "7.4 ml over 144 points is 0.05 ml a point." of the chosen areas, "" while either is unknown."""
    chosen = [row for row in rows if row.chosen]
    volume = sum((_decimal(row.volume) for row in chosen), Decimal())
    points = sum(row.count for row in chosen)
    if not (volume and points):
        return ""
    each = (volume / points).quantize(HUNDREDTH)
    shown = str(volume.quantize(HUNDREDTH)).removesuffix("0")
    return words()["sum"].format(volume=shown, points=points, each=each)


def _decimal(text: str) -> Decimal:
    try:
        value = Decimal(text or 0)
    except InvalidOperation:
        return Decimal()
    return value if value.is_finite() and 0 < value < MOST_ML else Decimal()


def words() -> Mapping[str, str]:
    """Return what the script says; it fills in the names in braces."""
    return {
        "added": _("{name} added."),
        "blocked": _("{name} is blocked: {reason}"),
        "cleared": _("{name}: back to the grid."),
        "full": _("400 points are the most in one area."),
        "mirrored": _("Mirrored from left to right: {names}."),
        "no_left": _("Choose an area at the left first."),
        "no_room": _("{name} has no room for another point."),
        "no_total": _("Enter the products and their volumes first."),
        "none_chosen": _("Choose an area first."),
        "outside": _("That is outside {name}. No point was added or moved."),
        "placing": _("Points of {name}"),
        "point": _("Point {number} of {count}"),
        "point_added": _("Point {number} added."),
        "point_removed": _("Point removed, {count} left."),
        "reaction": _("open reaction"),
        "removed": _("{name} taken out."),
        "split": _("{volume} ml split over {count} areas."),
        "sum": _("{volume} ml over {points} points is {each} ml a point."),
        "volume": _("{volume} ml"),
    }
