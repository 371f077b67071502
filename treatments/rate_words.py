"""Rates as people read them."""

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from treatments.rules.rate import Interval, Rate

SMALL = 0.001  # below it, a tenth of a per cent says too little


def percent(share: float | None, *, places: int | None = 1) -> str:
    """Return "14.3 %", "0.04 %", or a dash for nothing measured; as many places as it takes for None."""
    if share is None:
        return "–"
    if places is None:
        places = 0 if round(share * 100, 9).is_integer() else 1
    elif 0 < share < SMALL:
        places += 1
    return f"{number_format(round(share * 100, places), places)}\N{NO-BREAK SPACE}%"


def range_of(interval: Interval) -> str:
    """Return "3.0 to 36.3 %"."""
    return _("%(lower)s to %(upper)s") % {"lower": percent(interval.lower), "upper": percent(interval.upper)}


def of_so_many(rate: Rate) -> str:
    """Return "5 of 1,240"."""
    count, whole = (number_format(each, force_grouping=True) for each in (rate.count, rate.of))
    return _("%(count)s of %(whole)s") % {"count": count, "whole": whole}
