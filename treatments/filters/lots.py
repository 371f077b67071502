"""What the stock can be narrowed to."""

from datetime import datetime

import django_filters
from django import forms
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from clinic.models import Location, User
from treatments.filters.follow_ups import own_locations
from treatments.models.product import Level, LotQuerySet, by_day


class Tab(TextChoices):
    USABLE = "usable", _("Usable")
    EXPIRING = "expiring", _("Expiring")
    HELD = "held", _("On hold")
    LOW = "low", _("Low")
    EXPIRED = "expired", _("Expired")
    ALL = "all", _("All")


FOLDED = (Tab.EXPIRED, Tab.ALL)
ON_DAY = {
    Tab.USABLE: lambda lots, day: lots.usable(day),
    Tab.EXPIRING: lambda lots, day: lots.expiring(day),
    Tab.EXPIRED: lambda lots, day: lots.expired(day),
}


def chosen_tab(text: str | None) -> Tab:
    """Return the tab that an address names, the usable lots for anything else."""
    return Tab(text) if text in Tab.values else Tab.USABLE


def on_tab(lots: LotQuerySet, tab: Tab, user: User, now: datetime) -> LotQuerySet:
    """Return the lots of one tab with their stock, each judged by the day of its own place; in no order yet.

    What is used up is under "All" alone, and under "On hold" while its batch is.
    """
    if tab is Tab.ALL:
        return lots.with_stock()
    if tab is Tab.HELD:
        return lots.with_stock().held()
    return lots.in_stock().each_by_its_day(user.places, now, ON_DAY[tab])


def low_levels(lots: LotQuerySet, user: User, now: datetime) -> list[Level]:
    """Return what is low, each location by its own day."""
    days = by_day(user.places, now)
    found = [level for day, places in days.items() for level in lots.filter(location__in=places).low(day)]
    return sorted(found, key=lambda level: (level.usable_ml, level.product, level.location))


class LotFilter(django_filters.FilterSet):
    location = django_filters.ModelChoiceFilter(
        queryset=own_locations,
        to_field_name="public_id",
        method="filter_location",
        label=_("Location"),
        empty_label=_("Any location"),
        widget=forms.Select(attrs={"class": "form-select is-short", "data-submit": True}),
    )
    q = django_filters.CharFilter(
        method="filter_text",
        label=_("Lot number, product or GTIN"),
        widget=forms.TextInput(
            attrs={
                "class": "form-control is-short",
                "type": "search",
                "placeholder": _("Find a lot"),
                "autocomplete": "off",
            }
        ),
    )

    def filter_location(self, queryset: LotQuerySet, _name: str, location: Location) -> LotQuerySet:
        return queryset.at(location)

    def filter_text(self, queryset: LotQuerySet, _name: str, text: str) -> LotQuerySet:
        return queryset.found_by(text)
