"""The filters above the list of patients."""

from typing import Any

import django_filters
from django import forms
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from clinic.models import Location, User
from patients.models import Patient
from patients.models.patients_found import PatientQuerySet
from treatments.models import Course

CURRENT, GONE, ALL = "", "gone", "all"
NEWEST = "newest"
SELECT = forms.Select(attrs={"class": "form-select"})


class PatientFilter(django_filters.FilterSet):
    """Text, location, how far with a course, archived or not. Without a choice: the patients of today."""

    COURSES = [
        ("running", _("In a course")),
        ("paused", _("Course paused")),
        ("ended", _("Courses ended")),
        ("none", _("No course yet")),
    ]
    STANDINGS = [(GONE, _("Archived, deceased")), (ALL, _("All records"))]

    q = django_filters.CharFilter(
        method="search",
        label=_("Name, record number, phone, birth date"),
        max_length=200,
        widget=forms.TextInput(
            attrs={
                "type": "search",
                "class": "form-control",
                "autocomplete": "off",
                "spellcheck": "false",
                "placeholder": _("Name, number, phone, birth date"),
            }
        ),
    )
    location = django_filters.ModelChoiceFilter(
        queryset=Location.objects.none(),
        to_field_name="public_id",
        empty_label=_("All locations"),
        label=_("Location"),
        widget=SELECT,
    )
    course = django_filters.ChoiceFilter(
        choices=COURSES,
        method="by_course",
        empty_label=_("Any course"),
        label=_("Course"),
        widget=SELECT,
    )
    standing = django_filters.ChoiceFilter(
        choices=STANDINGS, method="leave", empty_label=_("Current patients"), label=_("Records"), widget=SELECT
    )
    sort = django_filters.ChoiceFilter(
        choices=[(NEWEST, _("Newest first"))],
        method="leave",
        empty_label=_("By name"),
        label=_("Order"),
        widget=SELECT,
    )

    class Meta:
        model = Patient
        fields: list[str] = []

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["location"].queryset = Location.objects.visible_to(user)

    def filter_queryset(self, queryset: PatientQuerySet) -> PatientQuerySet:
        found = super().filter_queryset(queryset)
        standing = self.form.cleaned_data.get("standing") or CURRENT
        if standing == CURRENT:
            return found.active()
        return found.gone() if standing == GONE else found

    def search(self, queryset: PatientQuerySet, name: str, value: str) -> PatientQuerySet:
        return queryset.search(value)

    def by_course(self, queryset: PatientQuerySet, name: str, value: str) -> PatientQuerySet:
        own = Course.objects.filter(patient=OuterRef("pk"))
        running = Exists(own.running())
        if value == "running":
            return queryset.filter(Exists(own.filter(status__in=[Course.Status.PLANNED, Course.Status.ACTIVE])))
        if value == "paused":
            return queryset.filter(Exists(own.filter(status=Course.Status.PAUSED)))
        if value == "ended":
            return queryset.filter(Exists(own), ~running)
        return queryset.filter(~Exists(own))

    def leave(self, queryset: PatientQuerySet, name: str, value: str) -> PatientQuerySet:
        """Change nothing: the whole list depends on this one, see `filter_queryset` and `order`."""
        return queryset

    @property
    def order(self) -> tuple[str, ...]:
        """Return the order as the keys of the pages; the newest registered has the highest key."""
        newest = self.form.is_valid() and self.form.cleaned_data["sort"] == NEWEST
        return ("-pk",) if newest else ("sort_name", "pk")

    @property
    def is_narrowed(self) -> bool:
        """Say whether somebody chose anything that leaves patients out."""
        return self.form.is_valid() and any(self.form.cleaned_data[name] for name in ("q", "location", "course"))
