"""An outcome as data: the numbers of the progress page for other programs, in SI units and fixed words.

Units are UCUM, days are those of the location, moments carry their offset. Amounts of money are strings, as Decimal
writes them. Nothing here computes a number: `treatments.outcome` does.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from treatments.models import SideEffect
from treatments.outcome import Comparison, Line, Milestone, Outcome
from treatments.rules import response as rule
from treatments.rules.response import Change, Point, whole_percent


def outcome_data(outcome: Outcome) -> dict[str, Any]:
    """Return the course in numbers; what is not known is null, and says why where the page does."""
    course = outcome.course
    return {
        "course": {
            "id": str(course.public_id),
            "protocol": str(course.protocol),
            "indication": course.protocol.indication.code,
            "status": course.status,
            "started_on": course.started_on.isoformat(),
        },
        "as_of": course.location.local(outcome.now).isoformat(timespec="seconds"),
        "sessions": {
            "done": outcome.progress.done,
            "planned": outcome.progress.planned,
            "performed_on": [day.isoformat() for day in outcome.days],
        },
        "shown": outcome.focus.key if outcome.focus else None,
        "lines": [_line(outcome, line) for line in [*outcome.lines, *outcome.others]],
        "clinic": _clinic(outcome.comparison) if outcome.comparison else None,
        "weight": _weight(outcome),
        "reactions": [_reaction(effect, outcome.now) for effect in outcome.reactions],
        "milestones": [_milestone(milestone) for milestone in outcome.milestones],
        "money": {
            "currency": course.currency,
            "delivered": str(outcome.progress.spent),
            "to_come": [str(outcome.progress.remaining.least), str(outcome.progress.remaining.most)]
            if course.is_running
            else None,
        },
    }


def _line(outcome: Outcome, line: Line) -> dict[str, Any]:
    scale = line.instrument
    span = scale.span(photo_based=line.photo_based)
    found = line.change if isinstance(line.change, Change) else None
    is_claimed = scale == outcome.instrument  # the protocol's claim is of its own scale, and of no girth
    return {
        "instrument": scale.code,
        "name": scale.name,
        "loinc": scale.loinc_code or None,
        "unit": "{score}" if scale.is_scale else scale.unit,
        "range": [_number(span.least), _number(span.most)],
        "better": scale.better.value,
        "place": line.key,
        "from_photographs": line.photo_based,
        "points": [_point(point, line.labels) for point in line.points],
        "baseline": _point(line.baseline, line.labels) if line.baseline else None,
        "change": _change(found) if found else None,
        "no_change_because": None if found else str(line.change),
        "response": line.response.value if line.response and is_claimed else None,
        "expected": _expected(outcome, found) if found and is_claimed else None,
    }


def _point(point: Point, labels: dict[date, str]) -> dict[str, Any]:
    return {
        "on": point.on.isoformat(),
        "value": _number(point.value),
        "sessions_done": point.done,
        "label": labels.get(point.on) or None,
    }


def _change(found: Change) -> dict[str, Any]:
    """Return the difference, and the improvement as a fraction of the baseline and as the page's percent."""
    return {
        "difference": _number(found.now.value - found.baseline.value),
        "improvement": round(float(found.improvement), 6),
        "improvement_percent": whole_percent(found.improvement),
    }


def _expected(outcome: Outcome, found: Change) -> dict[str, Any] | None:
    """Return the claim of the clinic after as many sessions, as improvements in whole percent."""
    band = rule.expected(outcome.course.protocol.claim, found.now.done)
    return {"slow_percent": whole_percent(band.slow), "fast_percent": whole_percent(band.fast)} if band else None


def _clinic(compared: Comparison) -> dict[str, Any]:
    return {
        "courses": compared.n,
        "fewest_shown": rule.FEWEST_COURSES,
        "improvement_percent_after": {
            str(number): {
                "lower_quartile": whole_percent(middle.lower),
                "median": whole_percent(middle.median),
                "upper_quartile": whole_percent(middle.upper),
                "courses": middle.n,
            }
            for number, middle in sorted(compared.quartiles.items())
        },
    }


def _weight(outcome: Outcome) -> dict[str, Any]:
    weight = outcome.weight
    return {
        "unit": "kg",
        "points": [{"on": day.isoformat(), "value": _number(kilograms)} for day, kilograms in outcome.weights],
        "change": _number(weight.change) if weight else None,
        "is_over_limit": weight.is_over if weight else None,
        "bmi": _number(outcome.bmi) if outcome.bmi else None,
    }


def _reaction(effect: SideEffect, now: datetime) -> dict[str, Any]:
    clock = effect.clock
    return {
        "id": str(effect.public_id),
        "kind": effect.kind.code,
        "area": effect.area.code if effect.area else None,
        "severity": effect.severity,
        "ctcae_grade": effect.grade,
        "onset_at": clock.onset.isoformat(),
        "expected_end_at": clock.expected_end.isoformat() if clock.expected_end else None,
        "resolved_at": clock.resolved.isoformat() if clock.resolved else None,
        "state": clock.state(now).value,
    }


def _milestone(milestone: Milestone) -> dict[str, Any]:
    return {
        "after_session": milestone.number,
        "reached_on": milestone.on.isoformat() if milestone.on else None,
        "is_due": milestone.is_due,
        "decision": milestone.review.decision if milestone.review else None,
    }


def _number(value: Decimal) -> float | int:
    """Return a measure, which has at most two places, as the number a program reads."""
    return int(value) if value == value.to_integral_value() else float(value)
