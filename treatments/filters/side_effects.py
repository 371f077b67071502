"""What the work list of reactions can be narrowed to."""

from datetime import datetime
from typing import Any

import django_filters
from django import forms
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from clinic.models import Location
from treatments.models import SideEffectKind, TreatmentArea
from treatments.models.side_effects_found import SideEffectQuerySet


class Tab(TextChoices):
    TO_REVIEW = "to-review", _("To review")
    PROLONGED = "prolonged", _("Prolonged")
    RUNNING = "running", _("Running")
    CONTACT = "contact", _("Contact due")
    WATCH = "watch", _("Late infection")
    URGENT = "urgent", _("Urgent")
    RESOLVED = "resolved", _("Resolved")


IN_SIGHT = (Tab.TO_REVIEW, Tab.PROLONGED, Tab.RUNNING, Tab.CONTACT, Tab.WATCH)
FOLDED = (Tab.URGENT, Tab.RESOLVED)


class Whose(TextChoices):
    MINE = "mine", _("Mine")
    UNOWNED = "unowned", _("Nobody’s")


def on_tab(effects: SideEffectQuerySet, tab: Tab, now: datetime) -> SideEffectQuerySet:
    """Return the reactions of one tab, in no order yet."""
    return {
        Tab.TO_REVIEW: lambda: effects.to_review(now),
        Tab.PROLONGED: lambda: effects.prolonged(now),
        Tab.RUNNING: lambda: effects.running(now),
        Tab.CONTACT: lambda: effects.contact_due(now),
        Tab.WATCH: effects.suspected,
        Tab.URGENT: effects.urgent,
        Tab.RESOLVED: effects.resolved,
    }[tab]()


def own_locations(request: Any) -> Any:
    return Location.objects.visible_to(request.user)


def short_select() -> forms.Select:
    return forms.Select(attrs={"class": "form-select is-short", "data-submit": True})


class SideEffectFilter(django_filters.FilterSet):
    whose = django_filters.ChoiceFilter(
        choices=Whose.choices,
        method="filter_whose",
        label=_("Followed up by"),
        empty_label=_("Anybody’s"),
        widget=short_select(),
    )
    kind = django_filters.ModelChoiceFilter(
        queryset=SideEffectKind.objects.all(),
        to_field_name="code",
        method="filter_kind",
        label=_("Kind"),
        empty_label=_("Any kind"),
        widget=short_select(),
    )
    area = django_filters.ModelChoiceFilter(
        queryset=TreatmentArea.objects.all(),
        to_field_name="code",
        method="filter_area",
        label=_("Area"),
        empty_label=_("Any area"),
        widget=short_select(),
    )
    location = django_filters.ModelChoiceFilter(
        queryset=own_locations,
        to_field_name="public_id",
        method="filter_location",
        label=_("Location"),
        empty_label=_("Any location"),
        widget=short_select(),
    )

    def filter_whose(self, queryset: SideEffectQuerySet, _name: str, whose: str) -> SideEffectQuerySet:
        return queryset.followed_by(self.request.user) if whose == Whose.MINE else queryset.unowned()

    def filter_kind(self, queryset: SideEffectQuerySet, _name: str, kind: SideEffectKind) -> SideEffectQuerySet:
        return queryset.of_kind(kind)

    def filter_area(self, queryset: SideEffectQuerySet, _name: str, area: TreatmentArea) -> SideEffectQuerySet:
        return queryset.in_area(area)

    def filter_location(self, queryset: SideEffectQuerySet, _name: str, location: Location) -> SideEffectQuerySet:
        return queryset.at(location)
