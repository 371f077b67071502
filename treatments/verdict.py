"""An outcome in words and tables: what the progress page shows, and its report prints, from the same numbers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.models import Location
from clinic.money import show_money, show_money_range
from clinic.units import show_weight, show_weight_change
from treatments.measures import NO_BREAK, figure, said, said_change
from treatments.outcome import Line, Milestone, Outcome
from treatments.rules import response as rule
from treatments.rules.milestone import milestones_of
from treatments.rules.response import Better, Change, Point, Response, Unknown

MOST_COLUMNS = 3  # milestones beside each other; of more, the last ones


@dataclass(frozen=True)
class Verdict:
    """How it goes, in a badge (word, tone, icon), a headline, and sentences.

    `asks` names the scoring that is missing, empty when none is, and `asks_query` what its form is to begin with.
    """

    word: str
    tone: str
    icon: str
    headline: str
    what: str
    measured: str
    reasons: list[str]
    asks: str = ""
    asks_query: str = ""


@dataclass(frozen=True)
class Fact:
    """One key figure: label, value, a second line; `is_over` when it is past a limit."""

    label: str
    value: str
    detail: str
    is_over: bool = False
    is_money: bool = False


@dataclass(frozen=True)
class TableRow:
    label: str
    cells: list[str]


@dataclass(frozen=True)
class Table:
    heads: list[str]
    rows: list[TableRow]


BADGES = {
    Response.ON_TRACK: (lambda: _("On track"), "is-in-time", "check"),
    Response.SLOWER: (lambda: _("Slower than expected"), "is-prolonged", "timer"),
    Response.NO_RESPONSE: (lambda: _("No response"), "is-prolonged", "circle-minus"),
    Response.WORSE: (lambda: _("Worse"), "is-prolonged", "trending-up"),
    Response.NO_CLAIM: (lambda: _("Measured"), "is-running", "activity"),
}


def percent(fraction: Decimal) -> str:
    """Return a fraction as whole percent without its sign: "45 %"."""
    return f"{abs(rule.whole_percent(fraction))}{NO_BREAK}%"


def verdict(outcome: Outcome) -> Verdict:
    line = outcome.focus
    if line is None:
        text = _("This protocol names no scale. An admin chooses one in the catalogue.")
        return Verdict(_("Not measured"), "is-resolved", "info", _("No scale"), "", "", [text])
    what = ", ".join(filter(None, [line.instrument.short_name, line.title.lower()]))
    if isinstance(line.change, Change):
        return _changed(outcome, line, line.change, what)
    return _unknown(outcome, line, line.change, what)


def _changed(outcome: Outcome, line: Line, change: Change, what: str) -> Verdict:
    word, tone, icon = BADGES[line.response or Response.NO_CLAIM]
    headline = _("%(before)s to %(now)s") % {"before": figure(change.baseline.value), "now": figure(change.now.value)}
    measured = _("measured %(when)s") % {"when": when(change.now)}
    return Verdict(word(), tone, icon, headline, what, measured, list(_reasons(outcome, line, change)))


def when(point: Point) -> str:
    day = date_format(point.on, "j F")
    if not point.done:
        return _("before the first session, %(day)s") % {"day": day}
    return _("after session %(n)s, %(day)s") % {"n": point.done, "day": day}


def _reasons(outcome: Outcome, line: Line, change: Change) -> Iterable[str]:
    facts = {"percent": percent(change.improvement), "base": figure(change.baseline.value)}
    facts["day"] = date_format(change.baseline.on, "j F Y")
    rises = (change.improvement < 0) == (line.instrument.better is Better.LOWER)
    if not change.improvement:
        yield _("No change from the baseline of %(base)s, %(day)s.") % facts
    elif rises:
        yield _("Up %(percent)s from the baseline of %(base)s, %(day)s.") % facts
    else:
        yield _("Down %(percent)s from the baseline of %(base)s, %(day)s.") % facts
    yield from _against_claim(outcome, line, change)
    yield from _against_clinic(outcome)
    yield from _elsewhere(outcome, line)


def _against_claim(outcome: Outcome, line: Line, change: Change) -> Iterable[str]:
    claim = outcome.course.protocol.claim
    if line.response is Response.NO_RESPONSE:
        yield _("The protocol expects something to see after session %(n)s.") % {"n": claim.first_session}
    found = rule.expected(claim, change.now.done)
    if found is None:
        yield _("The protocol names no expected change.")
        return
    facts = {"slow": percent(found.slow), "fast": percent(found.fast), "n": change.now.done}
    yield (
        ngettext(
            "Expected after %(n)s session: %(slow)s to %(fast)s, which is the clinic's claim.",
            "Expected after %(n)s sessions: %(slow)s to %(fast)s, which is the clinic's claim.",
            change.now.done,
        )
        % facts
    )


def _against_clinic(outcome: Outcome) -> Iterable[str]:
    compared = outcome.comparison
    if compared is None or not compared.among:
        return
    yield _("Better than %(n)s of %(all)s comparable courses here.") % {
        "n": compared.better_than,
        "all": compared.among,
    }


def _elsewhere(outcome: Outcome, line: Line) -> Iterable[str]:
    """Name the areas that stand worse than the one shown: they would hide behind it."""
    order = [Response.WORSE, Response.NO_RESPONSE, Response.SLOWER]
    for response in order[: order.index(line.response)] if line.response in order else order:
        titles = [other.title.lower() for other in outcome.lines if other.response is response]
        if titles:
            word = BADGES[response][0]()
            yield _("%(response)s: %(areas)s.") % {"response": word, "areas": "; ".join(titles)}


def clinic_note(outcome: Outcome) -> str:
    """Return why the clinic's own median is not drawn; empty when it is."""
    compared = outcome.comparison
    if compared is None or compared.quartiles:
        return ""
    return _("Clinic median from %(least)s courses on, %(n)s so far.") % {
        "least": rule.FEWEST_COURSES,
        "n": compared.n,
    }


def _unknown(outcome: Outcome, line: Line, why: Unknown, what: str) -> Verdict:
    if why is Unknown.NO_SCORE:
        text = _("Nothing is scored yet. The baseline is what every later score is compared with.")
        if outcome.first_on:
            text = _("Nothing is scored yet, and treatment began on %(day)s. Score what photographs show of then.")
            text %= {"day": date_format(outcome.first_on, "j F Y")}
        return _asking(_("Not scored"), _("No score yet"), what, "", text, *_for_baseline(outcome.first_on))
    latest = line.points[-1]
    headline = figure(latest.value)
    measured = _("measured %(when)s") % {"when": when(latest)}
    if why is Unknown.NO_BASELINE and outcome.first_on:
        return _asking(_("No baseline"), headline, what, measured, *_without_baseline(outcome, line, outcome.first_on))
    if why is Unknown.ZERO:
        reasons = [_("The baseline is 0: there is nothing to improve here.")]
        return Verdict(_("Baseline 0"), "is-resolved", "check", headline, what, measured, reasons)
    measured = _("taken %(day)s") % {"day": date_format(latest.on, "j F Y")}
    reasons = [_("This is the baseline. The next scoring shows a change.")]
    return Verdict(_("Baseline"), "is-running", "flag", headline, what, measured, reasons)


def _asking(word: str, headline: str, what: str, measured: str, text: str, asks: str, query: str = "") -> Verdict:
    return Verdict(word, "is-prolonged", "flag", headline, what, measured, [text], asks=asks, asks_query=query)


def _for_baseline(first_on: date | None) -> tuple[str, str]:
    return _("Record the baseline"), f"?on={first_on.isoformat()}" if first_on else ""


def _without_baseline(outcome: Outcome, line: Line, first_on: date) -> tuple[str, str, str]:
    """Say why there is no baseline, and what to score: it may have been taken in the other way."""
    other = outcome.other_baseline
    if other is None:
        text = _(
            "The baseline is missing: nothing was scored up to the first session, %(day)s. No change can be told."
        )
        return text % {"day": date_format(first_on, "j F Y")}, *_for_baseline(first_on)
    day = {"day": date_format(other.on, "j F Y")}
    if line.photo_based:
        text = _(
            "The baseline of %(day)s was scored by hand, this from photographs: the two totals do not compare. "
            "Score by hand."
        )
        return text % day, _("Score by hand"), ""
    text = _(
        "The baseline of %(day)s was scored from photographs, this by hand: the two totals do not compare. "
        "Score photographs of now."
    )
    return text % day, _("Score photographs"), "?from=photographs"


def facts(outcome: Outcome) -> list[Fact]:
    """Return the key figures: weight, girth, satisfaction, and what was delivered."""
    found = [_weight(outcome), _girth(outcome), _satisfaction(outcome), _delivered(outcome)]
    return [fact for fact in found if fact]


def _weight(outcome: Outcome) -> Fact:
    location, weight, limit = outcome.course.location, outcome.weight, outcome.weight_limit
    if weight is None or limit is None:
        return Fact(_("Weight"), "–", _("not weighed yet"))
    detail = _("%(change)s, limit %(limit)s") % {
        "change": show_weight_change(weight.change, location),
        "limit": show_weight_change(limit - weight.baseline, location),
    }
    if outcome.bmi:
        detail = f"{detail}. {_('BMI %(bmi)s') % {'bmi': outcome.bmi}}"
    return Fact(_("Weight"), show_weight(weight.now, location), detail, is_over=weight.is_over)


def _girth(outcome: Outcome) -> Fact | None:
    location = outcome.course.location
    girths = [line for line in outcome.others if line.instrument.unit == "cm" and line.instrument.readings > 1]
    changed = [line for line in girths if isinstance(line.change, Change)]
    for line in [*changed, *girths]:
        title = capfirst(", ".join(filter(None, [line.instrument.short_name, line.title.lower()])))
        value = said(line.points[-1].value, line.instrument, location)
        detail = _("no baseline")
        if isinstance(line.change, Change):
            moved = line.change.now.value - line.change.baseline.value
            detail = _("%(change)s since %(day)s") % {
                "change": said_change(moved, line.instrument, location),
                "day": date_format(line.change.baseline.on, "j M"),
            }
        elif line.baseline:
            detail = _("baseline, %(day)s") % {"day": date_format(line.baseline.on, "j M")}
        return Fact(title, value, detail)
    return None


def _satisfaction(outcome: Outcome) -> Fact | None:
    line = next((line for line in outcome.others if line.instrument.code == "satisfaction"), None)
    if line is None:
        return None
    most = figure(line.instrument.most)
    value = _("%(value)s of %(most)s") % {"value": figure(line.points[-1].value), "most": most}
    return Fact(_("Satisfaction"), value, ", ".join(filter(None, [capfirst(line.label), when(line.points[-1])])))


def _delivered(outcome: Outcome) -> Fact:
    now, currency = outcome.progress, outcome.course.currency
    detail = ""
    if outcome.course.is_running:
        rest = show_money_range(now.remaining.least, now.remaining.most, currency)
        detail = _("%(amount)s to come") % {"amount": rest}
    return Fact(_("Delivered"), show_money(now.spent, currency), detail, is_money=True)


def columns(outcome: Outcome) -> list[int]:
    """Return the milestones that have a column: those reached, the last three."""
    course = outcome.course
    numbers = milestones_of(course.protocol.milestones, course.planned_sessions)
    return [number for number in numbers if number <= len(outcome.days)][-MOST_COLUMNS:]


def table(outcome: Outcome) -> Table:
    """Return "Baseline against now": a row for each line, the weight, and what was decided.

    The newest values have a column of their own where they are newer than the last milestone's.
    """
    numbers = columns(outcome)
    lines = [line for line in [*outcome.lines, *outcome.others] if line.points]
    lines = [line for line in lines if line.instrument.better is not Better.NEITHER]
    is_newer = not numbers or len(outcome.days) > numbers[-1]
    is_newer |= any(line.latest not in {line.at(numbers[-1], None), line.baseline} for line in lines if numbers)
    heads = [_("Baseline"), *(_("Session %(n)s") % {"n": number} for number in numbers)]
    heads += [_("Now"), _("Change")] if is_newer else [_("Change")]
    rows = [_row(outcome, line, numbers, is_newer=is_newer) for line in lines]
    if outcome.weight:
        rows.append(_weight_row(outcome, numbers, is_newer=is_newer))
    decided = {milestone.number: milestone for milestone in outcome.milestones}
    if numbers:
        cells = [decision_in_words(decided[number], outcome.course.location) for number in numbers]
        rows.append(TableRow(_("Decision"), ["", *cells, *[""] * (len(heads) - len(cells) - 1)]))
    return Table(heads, rows)


def decision_in_words(milestone: Milestone, location: Location) -> str:
    if milestone.review:
        day = date_format(location.local(milestone.review.decided_at), "j M")
        return f"{milestone.review.get_decision_display()}, {day}"
    return _("Due") if milestone.is_due else "–"


def _row(outcome: Outcome, line: Line, numbers: list[int], *, is_newer: bool) -> TableRow:
    location = outcome.course.location

    def cell(point: Point | None) -> str:
        return said(point.value, line.instrument, location) if point else "–"

    following = [*numbers[1:], None][: len(numbers)]
    at = [line.at(number, then) for number, then in zip(numbers, following, strict=True)]
    latest = line.latest if line.latest is not line.baseline else None
    change = "–"
    if isinstance(line.change, Change):
        moved = line.change.now.value - line.change.baseline.value
        change = said_change(moved, line.instrument, location)
        if line.instrument.is_scale and moved:
            change = f"{change} ({percent(line.change.improvement)})"
    way = _("from photographs") if line.photo_based and line.instrument.has_touch else ""
    label = ", ".join(filter(None, [line.instrument.short_name, line.title.lower(), way]))
    now = [cell(latest)] if is_newer else []
    return TableRow(label, [cell(line.baseline), *map(cell, at), *now, change])


def _weight_row(outcome: Outcome, numbers: list[int], *, is_newer: bool) -> TableRow:
    location, weight = outcome.course.location, outcome.weight
    if weight is None:
        return TableRow(_("Weight"), [])
    taken = {number: outcome.sessions[number - 1].weight_kg for number in numbers}
    cells = [show_weight(weight.baseline, location)]
    cells += [show_weight(kilograms, location) if kilograms else "–" for kilograms in taken.values()]
    now = [show_weight(weight.now, location)] if is_newer else []
    return TableRow(_("Weight"), [*cells, *now, show_weight_change(weight.change, location)])
