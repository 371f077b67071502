"""What the work list of reactions can be narrowed to."""

from datetime import datetime

import django_filters
from django import forms
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from treatments.models import SideEffectKind
from treatments.models.side_effects_found import SideEffectQuerySet


class Tab(TextChoices):
    TO_REVIEW = "to-review", _("To review")
    PROLONGED = "prolonged", _("Prolonged")
    RUNNING = "running", _("Running")
    RESOLVED = "resolved", _("Resolved")


def on_tab(effects: SideEffectQuerySet, tab: Tab, now: datetime) -> SideEffectQuerySet:
    """Return the reactions of one tab, in no order yet."""
    if tab is Tab.TO_REVIEW:
        return effects.to_review(now)
    if tab is Tab.PROLONGED:
        return effects.prolonged(now)
    return effects.running(now) if tab is Tab.RUNNING else effects.resolved()


class SideEffectFilter(django_filters.FilterSet):
    kind = django_filters.ModelChoiceFilter(
        queryset=SideEffectKind.objects.all(),
        to_field_name="code",
        method="filter_kind",
        label=_("Kind"),
        empty_label=_("Any kind"),
        widget=forms.Select(attrs={"class": "form-select is-short", "data-submit": True}),
    )

    def filter_kind(self, queryset: SideEffectQuerySet, _name: str, kind: SideEffectKind) -> SideEffectQuerySet:
        return queryset.of_kind(kind)
