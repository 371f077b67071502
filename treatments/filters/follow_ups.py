"""What the call list can be narrowed to."""

from typing import Any

import django_filters
from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.models import Location
from patients.models import Patient
from treatments.models import Indication
from treatments.models.follow_up import FollowUpQuerySet
from treatments.rules.follow_up import State

# The tabs in sight and those under "More", by the word in the address.
NAMES = {
    State.DUE: _("Due"),
    State.OVERDUE: _("Overdue"),
    State.UPCOMING: _("Upcoming"),
    State.BOOKED: _("Booked"),
    State.ATTENDED: _("Attended"),
    State.DECLINED: _("Declined"),
    State.UNREACHABLE: _("Unreachable"),
    State.NOT_WANTED: _("Not wanted"),
}
IN_SIGHT = (State.DUE, State.OVERDUE, State.UPCOMING, State.BOOKED)
FOLDED = tuple(state for state in NAMES if state not in IN_SIGHT)


def chosen_state(text: str | None) -> State:
    """Return the state that an address names, the due ones for anything else."""
    return State(text) if text in {state.value for state in State} else State.DUE


def own_locations(request: Any) -> Any:
    return Location.objects.visible_to(request.user)


class FollowUpFilter(django_filters.FilterSet):
    indication = django_filters.ModelChoiceFilter(
        queryset=Indication.objects.all(),
        to_field_name="code",
        method="filter_indication",
        label=_("Indication"),
        empty_label=_("Any indication"),
        widget=forms.Select(attrs={"class": "form-select is-short", "data-submit": True}),
    )
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
        label=_("Name, record number or phone"),
        widget=forms.TextInput(
            attrs={
                "class": "form-control is-short",
                "type": "search",
                "placeholder": _("Find a name"),
                "autocomplete": "off",
            }
        ),
    )

    def filter_indication(self, queryset: FollowUpQuerySet, _name: str, indication: Indication) -> FollowUpQuerySet:
        return queryset.treating(indication)

    def filter_location(self, queryset: FollowUpQuerySet, _name: str, location: Location) -> FollowUpQuerySet:
        return queryset.at(location)

    def filter_text(self, queryset: FollowUpQuerySet, _name: str, text: str) -> FollowUpQuerySet:
        return queryset.of_patients(Patient.objects.visible_to(self.request.user).search(text))
