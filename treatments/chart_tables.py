"""What the picture of a course shows, as tables: by day, by milestone, and the reactions."""

from decimal import ROUND_HALF_UP, Decimal

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinic.units import show_weight
from treatments.measures import figure
from treatments.outcome import Line, Outcome
from treatments.rules import response as rule
from treatments.rules.milestone import milestones_of
from treatments.rules.response import Point, Quartiles
from treatments.verdict import Table, TableRow
from treatments.words import clock_caption

TENTH = Decimal("0.1")


def chart_table(outcome: Outcome) -> Table:
    """Return what the picture shows as rows by day: each scoring of the areas, and each weight."""
    location = outcome.course.location
    lines = [line for line in outcome.lines if line.points]
    days = {point.on for line in lines for point in line.points} | {day for day, _kg in outcome.weights}
    weights = dict(outcome.weights)
    rows = []
    for day in sorted(days):
        done = rule.sessions_done(outcome.days, day)
        values = [next((figure(p.value) for p in reversed(line.points) if p.on == day), "") for line in lines]
        weight = show_weight(weights[day], location) if day in weights else ""
        rows.append(TableRow(date_format(day, "j M Y"), [str(done), *values, weight]))
    heads = [_("Sessions done"), *(line.title or line.instrument.short_name for line in lines), _("Weight")]
    return Table(heads, rows)


def claim_table(outcome: Outcome) -> Table:
    """Return the claim and the clinic's median of the picture as rows by milestone, in values of the line shown."""
    line = outcome.focus
    if line is None or line.baseline is None:
        return Table([], [])
    start = line.baseline
    is_claimed = outcome.course.protocol.claim.is_made
    quartiles = outcome.comparison.quartiles if outcome.comparison else {}
    heads = [_("Measured"), *[_("Expected")] * is_claimed]
    if quartiles:
        heads += [_("Slower quarter"), _("Median"), _("Better quarter"), _("Courses")]
    blanks = ["–"] * 4 if quartiles else []
    rows = [TableRow(_("Baseline"), [figure(start.value), *[figure(start.value)] * is_claimed, *blanks])]
    numbers = milestones_of(outcome.course.protocol.milestones, outcome.course.planned_sessions)
    for number, following in zip(numbers, [*numbers[1:], None], strict=True):
        point, middle = line.at(number, following), quartiles.get(number)
        cells = [figure(point.value) if point else "–", *_claimed(outcome, line, start, number)]
        cells += _compared(line, start, middle) if middle else blanks
        rows.append(TableRow(_("Session %(n)s") % {"n": number}, cells))
    return Table(heads, rows)


def _claimed(outcome: Outcome, line: Line, start: Point, number: int) -> list[str]:
    found = rule.expected(outcome.course.protocol.claim, number)
    if found is None:
        return []
    slow, fast = _value(line, start, found.slow), _value(line, start, found.fast)
    return [_("%(slow)s to %(fast)s") % {"slow": slow, "fast": fast}]


def _compared(line: Line, start: Point, middle: Quartiles) -> list[str]:
    improved = (middle.lower, middle.median, middle.upper)
    return [*(_value(line, start, each) for each in improved), str(middle.n)]


def _value(line: Line, start: Point, improved: Decimal) -> str:
    return figure(rule.expected_value(start.value, improved, line.instrument.better).quantize(TENTH, ROUND_HALF_UP))


def reaction_table(outcome: Outcome) -> Table:
    """Return the reactions as rows: what, since when, and how its clock stands."""
    local = outcome.course.location.local
    rows = [
        TableRow(
            effect.title,
            [
                date_format(local(effect.onset_at), "j M Y"),
                date_format(local(effect.resolved_at), "j M Y") if effect.resolved_at else _("still there"),
                clock_caption(effect.clock, outcome.now),
            ],
        )
        for effect in outcome.reactions
    ]
    return Table([_("Began"), _("Gone"), _("Clock")], rows)
