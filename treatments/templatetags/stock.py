"""Volumes in a template."""

from decimal import Decimal

from django import template

from clinic.units import show_ml

register = template.Library()


@register.filter
def ml(volume: Decimal) -> str:
    return show_ml(volume)
