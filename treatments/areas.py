"""Several areas in few words."""

from collections.abc import Iterable

from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from treatments.models import TreatmentArea

BOTH = 2


def areas_in_words(areas: Iterable[TreatmentArea], *, short: bool = False) -> str:
    """Return "Front thigh left and right, abdomen": a region once, with its sides.

    The short form, for a card, names a side only where the other is not treated: "Front thigh, abdomen".
    """
    sides: dict[str, list[TreatmentArea]] = {}
    for area in areas:
        sides.setdefault(area.region, []).append(area)
    parts = []
    for region, found in sides.items():
        named = [area.get_side_display() for area in found if area.side]
        if short and len(named) == BOTH:
            named = []
        parts.append(f"{region} {get_text_list(named, _('and'))}" if named else region)
    return ", ".join([part if index == 0 else part[:1].lower() + part[1:] for index, part in enumerate(parts)])
