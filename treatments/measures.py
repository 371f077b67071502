"""Scores and measures in words: a value with its unit, its range, and what it was made of."""

from decimal import Decimal

from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from clinic.models import Location
from clinic.units import length_number, show_length
from treatments.models import Instrument, Score
from treatments.rules.response import Better

NO_BREAK = "\N{NO-BREAK SPACE}"


def figure(value: Decimal) -> str:
    """Return a number without idle zeros: 11, 57.1."""
    return f"{value.normalize():f}" if value else "0"


def said(value: Decimal, instrument: Instrument, location: Location) -> str:
    """Return a value as a location reads it: "11", "57.1 cm", "22.5 in", "3.5 mm"."""
    if instrument.unit == "cm":
        return show_length(value, location)
    return f"{figure(value)}{NO_BREAK}{instrument.unit}" if instrument.unit else figure(value)


def said_change(change: Decimal, instrument: Instrument, location: Location) -> str:
    """Return a difference with its sign: "−5", "+1.4 cm"."""
    sign = "+" if change > 0 else "−" if change < 0 else "±"
    return f"{sign}{said(abs(change), instrument, location)}"


def range_and_direction(instrument: Instrument, location: Location, *, photo_based: bool = False) -> str:
    """Return what a number of this instrument can be: "0 to 15, lower is better"; a measure's unit alone."""
    direction = {
        Better.LOWER: _("lower is better"),
        Better.HIGHER: _("higher is better"),
        Better.NEITHER: "",
    }[instrument.better]
    if not instrument.is_scale:
        unit = (
            "in" if instrument.unit == "cm" and show_length(Decimal(1), location).endswith("in") else instrument.unit
        )
        return _("in %(unit)s") % {"unit": unit}
    span = instrument.span(photo_based=photo_based)
    limits = _("%(least)s to %(most)s") % {"least": figure(span.least), "most": figure(span.most)}
    return ", ".join(filter(None, [limits, direction]))


def parts_in_words(score: Score, location: Location) -> str:
    """Return what a value was made of: the items of a scale, or the readings of a measure."""
    if score.readings and len(score.readings) > 1:
        numbers = [str(_number(Decimal(reading), score.instrument, location)) for reading in score.readings]
        return _("Readings %(numbers)s") % {"numbers": get_text_list(numbers, _("and"))}
    items = list(score.instrument.items.all())
    if len(items) < 2:  # one item is the value itself
        return ""
    return ", ".join(f"{item.name.lower()} {score.items[item.code]}" for item in items if item.code in score.items)


def _number(value: Decimal, instrument: Instrument, location: Location) -> Decimal:
    return length_number(value, location) if instrument.unit == "cm" else value
