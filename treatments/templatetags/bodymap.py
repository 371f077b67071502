"""The body map in a template: read-only, and as the editor of a session's areas."""

import json
from collections.abc import Sequence
from typing import Any

from django import template
from django.utils.translation import gettext as _

from treatments import bodymap
from treatments.bodymap import AreaRow

register = template.Library()


@register.inclusion_tag("treatments/bodymap/map.html")
def body_map(rows: Sequence[AreaRow], when: str = "", today: str = "", name: str = "map") -> dict[str, Any]:
    """Draw the areas of a session or a record. Chosen ones are `today`'s, the others the session `when`'s.

    `name` keeps two maps on one page apart.
    """
    return {
        "figures": bodymap.drawn_figures(rows),
        "label": bodymap.in_words(rows, when),
        "legend": bodymap.legend(rows, when, today or _("Treated")),
        "name": name,
        "view_box": bodymap.WHOLE_BODY,
    }


@register.inclusion_tag("treatments/bodymap/editor.html")
def body_map_editor(
    rows: Sequence[AreaRow], when: str = "", total_ml: object = "", prefix: str = "", before: str = ""
) -> dict[str, Any]:
    """Draw the map beside the list of the same areas, as controls of the form around them.

    `when` names the session before ("session 4"), `total_ml` is the volume of the products, `prefix` goes before the
    names ml-…, points-… and map-…, and `before` is said behind the totals ("Session 4: 0.05.").
    """
    near, others = bodymap.listed_rows(rows, prefix, when)
    return {
        "before": before,
        "figures": bodymap.drawn_figures(rows),
        "label": bodymap.in_words(rows, when),
        "legend": bodymap.legend(rows, when, _("Today")),
        "listed": near,
        "name": f"{prefix}editor",
        "others": others,
        "prefix": prefix,
        "region": bodymap.region(rows),
        "total_ml": total_ml,
        "totals": bodymap.totals_in_words(rows),
        "view_box": bodymap.WHOLE_BODY,
        "words": json.dumps(bodymap.words()),
    }


@register.filter
def as_json(value: object) -> str:
    """Return a value as compact JSON, for an attribute."""
    return json.dumps(value, separators=(",", ":")) if value else ""
