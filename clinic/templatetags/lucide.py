"""The icons of lucide in a template, each drawn once: a list shows the same few a hundred times."""

from functools import lru_cache

from django import template
from django.utils.safestring import SafeString
from lucide.templatetags.lucide import lucide as draw

register = template.Library()
MOST = 1_000  # looks of icons that are remembered; the pages have some 300


@register.simple_tag
def lucide(name: str, *, size: int | None = 24, **attributes: str) -> SafeString:
    """Return an icon as SVG. Raises `lucide.IconDoesNotExist` for a name that is none."""
    return drawn(name, size, tuple(attributes.items()))


@lru_cache(MOST)
def drawn(name: str, size: int | None, attributes: tuple[tuple[str, str], ...]) -> SafeString:
    return SafeString(draw(name, size=size, **dict(attributes)))
