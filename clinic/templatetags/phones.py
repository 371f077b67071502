"""Phone numbers in templates."""

from django import template

from clinic.phones import show_phone

register = template.Library()


@register.filter
def phone(e164: str) -> str:
    """Show a stored number as people read it: `{{ patient.phone|phone }}`."""
    return show_phone(e164)
