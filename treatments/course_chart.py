"""The course over time as one picture: sessions, score, weight and reactions above each other on one axis.

It reads an `Outcome` and draws; nothing is computed here that the page says in words as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from clinic import charts
from clinic.charts import Scale, TimeFrame
from clinic.units import show_weight_change, weight_number, weight_unit
from treatments.measures import figure, range_and_direction
from treatments.models import SideEffect
from treatments.outcome import Line, Outcome, counted
from treatments.rules import response as rule
from treatments.words import duration

MARGIN = timedelta(days=4)
MONTH_WIDTH = 28  # of its three letters
FIGURE_WIDTH = 20  # of a figure of two digits beside its point, with some air
LETTER = 8  # of a word beside a line, with some air


@dataclass(frozen=True)
class Size:
    """How a drawing is laid out: beside its labels on a desk, above them on a phone."""

    width: int
    left: int
    right: int
    score_height: int
    row: int
    is_wide: bool
    name: str


WIDE = Size(width=860, left=48, right=136, score_height=190, row=20, is_wide=True, name="chart-wide")
NARROW = Size(width=360, left=46, right=10, score_height=170, row=31, is_wide=False, name="chart-narrow")

# The page's own colours for paper, which knows no variables: typst draws this picture as it stands.
PAPER = """
text{font-family:"Noto Sans","Liberation Sans","DejaVu Sans",sans-serif;font-size:12px;fill:#14211f}
.chart-muted,.chart-tick{fill:#4d5c58}.chart-strong,.chart-value{font-weight:600}
.chart-grid,.chart-base{stroke:#dfe5e3;stroke-width:1}.chart-session{fill:#0b5f66}.chart-session-ahead{fill:#b9c4c1}
.chart-line{fill:none;stroke:#0b5f66;stroke-width:2.5}.chart-line-other{fill:none;stroke:#0b5f66;stroke-width:1.5;opacity:.35}
.chart-point{fill:#fff;stroke:#0b5f66;stroke-width:2}.chart-point-last{fill:#0b5f66;stroke:#0b5f66}
.chart-band{fill:#0b5f66;fill-opacity:.14}.chart-band-edge{fill:none;stroke:#0b5f66;stroke-opacity:.45;stroke-width:1}
.chart-median{fill:none;stroke:#7f8d89;stroke-width:1.5;stroke-dasharray:6 4}
.chart-quartile{fill:none;stroke:#7f8d89;stroke-width:1.5;stroke-dasharray:2 3}.chart-label-expected{fill:#0b5f66}
.chart-milestone{stroke:#5a3ca6;stroke-width:1;stroke-dasharray:3 3}.chart-label-milestone{fill:#5a3ca6}
.chart-today{stroke:#14211f;stroke-width:1}.chart-weight{fill:none;stroke:#1e5bb8;stroke-width:2}.chart-weight-point{fill:#1e5bb8}
.chart-limit{stroke:#c4760c;stroke-width:1.5;stroke-dasharray:5 4}.chart-label-limit,.chart-over
{fill:#874a00;font-weight:600}
.chart-gone{fill:#879691}.chart-open{fill:#5b8fdc}.chart-past{fill:#c4760c}
"""


def course_chart(outcome: Outcome, size: Size, *, on_paper: bool = False) -> SafeString:
    """Return the whole picture of a course."""
    return _Drawing(outcome, size, on_paper=on_paper).draw()


def frame_of(outcome: Outcome, size: Size) -> TimeFrame:
    """Return the axis: from the first thing that happened to the last that did or is planned."""
    course = outcome.course
    taken = [point.on for line in outcome.lines for point in line.points]
    started = min([course.started_on, *outcome.days, *taken])
    last = max([*outcome.days, *taken, *_ends(outcome), started])
    if course.is_running:
        last = max(last, outcome.today, outcome.day_of(course.planned_sessions))
    return TimeFrame(
        started - MARGIN, max(last, started + timedelta(days=28)) + MARGIN, size.width, size.left, size.right
    )


def _ends(outcome: Outcome) -> list[date]:
    """Return when the reactions went, those that are open left out: they may outlast the picture."""
    local = outcome.course.location.local
    return [local(effect.resolved_at).date() for effect in outcome.reactions if effect.resolved_at]


def in_words(outcome: Outcome) -> str:
    """Return what the picture shows in one sentence: its accessible name."""
    line = outcome.focus
    if line is None or not line.points:
        return _("Course over time: %(done)s, nothing scored.") % {"done": outcome.progress.long_label}
    first, last = line.points[0], line.points[-1]
    return _("Course over time: %(scale)s, %(place)s, from %(first)s on %(from)s to %(last)s on %(to)s.") % {
        "scale": line.instrument.short_name,
        "place": line.title.lower(),
        "first": figure(first.value),
        "from": date_format(first.on, "j F"),
        "last": figure(last.value),
        "to": date_format(last.on, "j F"),
    }


class _Drawing:
    """One drawing in the making: parts from top to bottom, `y` where the next strip begins."""

    def __init__(self, outcome: Outcome, size: Size, *, on_paper: bool) -> None:
        self.outcome, self.size, self.on_paper = outcome, size, on_paper
        self.frame = frame_of(outcome, size)
        self.parts: list[SafeString] = []
        self.over: list[SafeString] = []  # what lies above the strips
        self.y = 0.0

    def draw(self) -> SafeString:
        self.sessions()
        top = self.y
        self.score()
        self.weight()
        self.reactions()
        self.verticals(top, self.y)
        self.months()
        return charts.picture(
            [*self.parts, *self.over],
            width=self.size.width,
            height=self.y,
            name=self.size.name,
            label=in_words(self.outcome),
            sheet=PAPER if self.on_paper else "",
        )

    def end_label(self, y: float, words: str, name: str = "") -> None:
        if self.size.is_wide:
            self.parts.append(charts.text(self.frame.plot_end + 10, y, words, f"chart-text {name}".strip()))

    def sessions(self) -> None:
        """One tick a session, the milestones taller, those to come pale."""
        tall = {milestone.number for milestone in self.outcome.milestones}
        planned = self.outcome.course.planned_sessions if self.outcome.course.is_running else 0
        done = len(self.outcome.days)
        for number in range(1, max(done, planned) + 1):
            height = 14 if number in tall else 8
            name = "chart-session" if number <= done else "chart-session-ahead"
            x = self.frame.x(self.outcome.day_of(number))
            self.parts.append(charts.block(x - 2, 20 - height, 4, height, name))
        self.end_label(18, _("Sessions"), "chart-muted")
        self.y = 34

    def score(self) -> None:
        line = self.outcome.focus
        if line is None:
            return
        span = line.instrument.span(photo_based=line.photo_based)
        scale = Scale(float(span.least), float(span.most), self.y, self.y + self.size.score_height)
        for tick in scale.ticks():
            self.parts.append(charts.rule_across(self.frame, scale.y(tick), "chart-grid"))
            words = f"{tick:g}"
            self.parts.append(charts.text(self.size.left - 8, scale.y(tick) + 4, words, "chart-tick", anchor="end"))
        labels = [*self.expected(line, scale), *self.clinic(line, scale)]
        for other in self.outcome.lines:
            if other is not line:
                self.parts.append(charts.line(self.along(other, scale), "chart-line-other"))
        self.measured(line, scale)
        for y, words, name in charts.spread(labels):
            self.end_label(y + 4, words, name)
        self.y = scale.bottom + 16

    def along(self, line: Line, scale: Scale) -> list[tuple[float, float]]:
        return [(self.frame.x(point.on), scale.y(float(point.value))) for point in line.points]

    def measured(self, line: Line, scale: Scale) -> None:
        places = self.along(line, scale)
        self.parts.append(charts.line(places, "chart-line"))
        heights = figure_heights(places, scale)
        for number, ((x, y), point) in enumerate(zip(places, line.points, strict=True)):
            is_last = number == len(places) - 1
            name = "chart-point chart-point-last" if is_last else "chart-point"
            self.parts.append(charts.dot(x, y, 4.5, name))
            if number in heights:
                self.over.append(charts.text(x + 7, heights[number], figure(point.value), "chart-value"))

    def expected(self, line: Line, scale: Scale) -> list[tuple[float, str, str]]:
        """Draw what the protocol claims, from the baseline on; return the label at its end."""
        claim = self.outcome.course.protocol.claim
        if line.baseline is None or not claim.is_made:
            return []
        start, better = line.baseline.value, line.instrument.better
        slow, fast = [], []
        for number in range(self.last_session() + 1):
            found = rule.expected(claim, number)
            if found is None:
                return []
            x = self.frame.x(self.outcome.day_of(number))
            slow.append((x, scale.y(float(rule.expected_value(start, found.slow, better)))))
            fast.append((x, scale.y(float(rule.expected_value(start, found.fast, better)))))
        self.parts.append(charts.band(slow, fast, "chart-band"))
        self.parts += [charts.line(edge, "chart-band-edge") for edge in (slow, fast)]
        return [((slow[-1][1] + fast[-1][1]) / 2, _("Expected"), "chart-label-expected chart-strong")]

    def last_session(self) -> int:
        """Return the number of the last session the picture has room for."""
        course = self.outcome.course
        return max(course.planned_sessions, len(self.outcome.days)) if course.is_running else len(self.outcome.days)

    def clinic(self, line: Line, scale: Scale) -> list[tuple[float, str, str]]:
        """Draw the median and the quartiles of comparable courses; return their labels."""
        compared = self.outcome.comparison
        if line.baseline is None or compared is None or not compared.quartiles:
            return []
        start, better = line.baseline.value, line.instrument.better
        edges: dict[str, list[tuple[float, float]]] = {"lower": [], "median": [], "upper": []}
        numbers = [number for number in sorted(compared.quartiles) if number <= self.last_session()]
        zero = rule.Quartiles(Decimal(0), Decimal(0), Decimal(0), compared.n)
        for number, middle in [(0, zero), *((number, compared.quartiles[number]) for number in numbers)]:
            x = self.frame.x(self.outcome.day_of(number))
            for name, points in edges.items():
                value = rule.expected_value(start, getattr(middle, name), better)
                points.append((x, scale.y(float(value))))
        if not numbers:
            return []
        for name, points in edges.items():
            self.parts.append(charts.line(points, "chart-median" if name == "median" else "chart-quartile"))
        n = counted(compared.quartiles[number] for number in numbers)
        return [
            (edges["lower"][-1][1], _("Slower quarter"), "chart-muted"),
            (edges["median"][-1][1], _("Median, n = %(n)s") % {"n": n}, "chart-muted"),
            (edges["upper"][-1][1], _("Better quarter"), "chart-muted"),
        ]

    def weight(self) -> None:
        """The weight at each session, its baseline, and the limit of the protocol."""
        outcome, location = self.outcome, self.outcome.course.location
        limit = outcome.weight_limit
        if outcome.weight is None or limit is None:
            return
        self.title(_("Weight, %(unit)s") % {"unit": weight_unit(location)})
        kilograms = [float(value) for _day, value in outcome.weights]
        least, most = min([*kilograms, float(outcome.weight.baseline)]), max([*kilograms, float(limit)])
        scale = Scale(least - 0.6, most + 0.6, self.y, self.y + 52)
        base = scale.y(float(outcome.weight.baseline))
        self.parts.append(charts.rule_across(self.frame, base, "chart-base"))
        words = figure(weight_number(outcome.weight.baseline, location))
        self.parts.append(charts.text(self.size.left - 8, base + 4, words, "chart-tick", anchor="end"))
        self.parts.append(charts.rule_across(self.frame, scale.y(float(limit)), "chart-limit"))
        gain = show_weight_change(limit - outcome.weight.baseline, location)
        words = _("Limit %(gain)s") % {"gain": gain}
        places = [(self.frame.x(day), scale.y(float(value))) for day, value in outcome.weights]
        self.parts.append(charts.line(places, "chart-weight"))
        self.parts += [charts.dot(x, y, 2.5, "chart-weight-point") for x, y in places]
        now = f"{weight_number(outcome.weight.now, location)} ({show_weight_change(outcome.weight.change, location)})"
        if self.size.is_wide:
            labels = [(scale.y(float(limit)), words, "chart-label-limit"), (places[-1][1], now, "chart-strong")]
            for y, label, name in charts.spread(labels):
                self.end_label(y + 4, label, name)
        else:
            place = self.frame.plot_end, scale.y(float(limit)) - 4
            self.over.append(charts.text(*place, words, "chart-label-limit", anchor="end"))
        self.y = scale.bottom + 14

    def title(self, words: str) -> None:
        self.parts.append(charts.text(0, self.y + 12, words, "chart-text chart-strong"))
        self.y += 24

    def reactions(self) -> None:
        """One row a kind: grey what is over, filled what runs, hatched what is past its time."""
        kinds: dict[str, list[SideEffect]] = {}
        for effect in self.outcome.reactions:
            kinds.setdefault(effect.kind.name, []).append(effect)
        if not kinds:
            return
        self.title(_("Reactions, onset to resolution"))
        for name, effects in kinds.items():
            bar_top = self.y + (4 if self.size.is_wide else 17)
            if self.size.is_wide:
                self.end_label(self.y + 13, shortened(name), "chart-muted")
            else:
                self.parts.append(charts.text(self.size.left, self.y + 12, name, "chart-text chart-muted"))
            for effect in effects:
                self.bar(effect, bar_top)
            self.y += self.size.row
            self.parts.append(charts.rule_across(self.frame, self.y, "chart-grid"))
        self.y += 8

    def bar(self, effect: SideEffect, top: float) -> None:
        local, clock, now = self.outcome.course.location.local, effect.clock, self.outcome.now
        start = self.frame.x(local(effect.onset_at).date())
        end = max(self.frame.x(local(effect.resolved_at or now).date()), start + 4)
        late = clock.over(now)
        inside = end
        if late and clock.expected_end:
            inside = max(min(self.frame.x(local(clock.expected_end).date()), end - 3), start)
        name = "chart-open" if clock.is_open() else "chart-gone"
        self.parts.append(charts.block(start, top, inside - start, 10, name))
        if late:
            hatch = "" if self.on_paper else "hatch-prolonged"
            self.parts.append(charts.block(inside, top, end - inside, 10, "chart-past", fill=hatch))
            words = _("%(duration)s over") % {"duration": duration(late)}
            room = self.frame.plot_end - end
            if self.size.is_wide and room > LETTER * len(words):
                self.over.append(charts.text(end + 6, top + 9, words, "chart-over"))

    def verticals(self, top: float, bottom: float) -> None:
        """Milestones and today, through all strips: the lines below every word."""
        lines = []
        reached = [(self.frame.x(each.on), each.number) for each in self.outcome.milestones if each.on]
        ends = [x for x, _number in reached[1:]] + [self.size.width]
        for (x, number), end in zip(reached, ends, strict=False):
            lines.append(charts.rule_down(x, top - 8, bottom, "chart-milestone"))
            words = _("Review %(n)s") % {"n": number}
            fits = end - x > LETTER * len(words)  # on a phone the next line may stand where the word would
            self.over.append(self.beside(x, top + 6, words if fits else str(number), "chart-label-milestone"))
        today = self.outcome.today
        if self.outcome.course.is_running and self.frame.shows(today):
            x = self.frame.x(today)
            lines.append(charts.rule_down(x, top - 8, bottom, "chart-today"))
            y = top + self.size.score_height - 8 if self.outcome.focus else top + 6
            self.over.append(self.beside(x, y, _("Today"), "chart-strong"))
        self.over[:0] = lines

    def beside(self, x: float, y: float, words: str, name: str) -> SafeString:
        """Return words after an upright line, before it where there is no room after it."""
        is_late = x + 9 * len(words) > self.frame.plot_end
        return charts.text(x - 5 if is_late else x + 5, y, words, name, anchor="end" if is_late else "start")

    def months(self) -> None:
        self.parts.append(charts.rule_across(self.frame, self.y, "chart-grid"))
        for month in self.frame.months():
            x = self.frame.x(month)
            self.parts.append(charts.rule_down(x, self.y, self.y + 4, "chart-base"))
            if x + MONTH_WIDTH <= self.size.width:
                self.parts.append(charts.text(x, self.y + 18, date_format(month, "M"), "chart-text chart-muted"))
        self.y += 26


def figure_heights(places: Sequence[tuple[float, float]], scale: Scale) -> dict[int, float]:
    """Return where the figures of points stand, by their place: above them, else below, else nowhere.

    The newest is sure of its place. What has no room between its neighbours stands in the table alone.
    """
    placed: dict[int, float] = {}
    for number in reversed(range(len(places))):
        x, y = places[number]
        near = [height for other, height in placed.items() if places[other][0] - x < FIGURE_WIDTH]
        tries = (max(y - 9, scale.top + 9), min(y + 21, scale.bottom - 2))
        free = [each for each in tries if all(abs(each - height) >= charts.LINE_HEIGHT for height in near)]
        if free:
            placed[number] = free[0]
    return placed


def shortened(name: str, most: int = 17) -> str:
    """Return a name as the margin has room for it."""
    return name if len(name) <= most else f"{name[: most - 1].rstrip()}…"


def scale_caption(line: Line, outcome: Outcome) -> str:
    """Return "0 to 15, lower is better" of the line shown."""
    return range_and_direction(line.instrument, outcome.course.location, photo_based=line.photo_based)
