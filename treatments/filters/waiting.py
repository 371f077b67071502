"""What the waiting list can be narrowed to."""

from datetime import date
from typing import Any

import django_filters
from django import forms
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.models import User
from clinic.validators import validate_year
from patients.models import Patient
from treatments.models import Appointment
from treatments.models.waiting import WaitingQuerySet


class Tab(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    OVER = "over", _("No longer")


def people_here(request: Any) -> Any:
    return User.objects.treating_at(request.location) if request.location else User.objects.none()


def short_select() -> forms.Select:
    return forms.Select(attrs={"class": "form-select is-short", "data-submit": True})


class WaitingFilter(django_filters.FilterSet):
    kind = django_filters.ChoiceFilter(
        choices=Appointment.Kind.choices,
        label=_("For"),
        empty_label=_("For anything"),
        widget=short_select(),
    )
    who = django_filters.ModelChoiceFilter(
        queryset=people_here,
        to_field_name="public_id",
        method="filter_person",
        label=_("Could come to"),
        empty_label=_("To anyone"),
        widget=short_select(),
    )
    day = django_filters.DateFilter(
        method="filter_day",
        label=_("Could come on"),
        validators=[validate_year],
        widget=forms.DateInput(
            attrs={"class": "form-control is-short", "type": "date", "data-submit": True}, format="%Y-%m-%d"
        ),
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

    def filter_person(self, queryset: WaitingQuerySet, _name: str, person: User) -> WaitingQuerySet:
        return queryset.filter(Q(practitioner=None) | Q(practitioner=person))

    def filter_day(self, queryset: WaitingQuerySet, _name: str, day: date) -> WaitingQuerySet:
        return queryset.on_day(day)

    def filter_text(self, queryset: WaitingQuerySet, _name: str, text: str) -> WaitingQuerySet:
        return queryset.filter(patient__in=Patient.objects.visible_to(self.request.user).search(text))
