"""Scores and measures in a template."""

from decimal import Decimal

from django import template

from clinic.models import Location
from treatments import measures
from treatments.models import Instrument, Score

register = template.Library()


@register.filter
def range_and_direction(instrument: Instrument, location: Location) -> str:
    return measures.range_and_direction(instrument, location)


@register.filter
def anchors(instrument: Instrument) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return each item of a scale with the words of its values."""
    return [(item.name, item.words()) for item in instrument.items.all() if item.anchors]


@register.filter
def photo_anchors(instrument: Instrument) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return each item that a photograph shows with the words of its values."""
    return [(item.name, item.words()) for item in instrument.items_for(photo_based=True) if item.anchors]


@register.simple_tag
def range_from_photo(instrument: Instrument, location: Location) -> str:
    return measures.range_and_direction(instrument, location, photo_based=True)


@register.filter
def figure(value: Decimal | None) -> str:
    return "–" if value is None else measures.figure(value)


@register.simple_tag
def last_value(score: Score, location: Location) -> str:
    return measures.said(score.value, score.instrument, location) if score.value is not None else "–"


@register.simple_tag
def parts_in_words(score: Score, location: Location) -> str:
    return measures.parts_in_words(score, location)
