"""The question that finds a late infection, asked whenever somebody speaks with a patient between sessions."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.widgets import Segmented
from treatments.models.late_signs import LateSigns


def late_signs_asked(**kwargs: Any) -> forms.ChoiceField:
    """Return the question with nothing chosen: an answer that nobody gave stays "not asked"."""
    return forms.ChoiceField(
        label=_("Any new lump, hardening, abscess or draining spot since the last session?"),
        choices=[(each.value, each.label) for each in (LateSigns.NO, LateSigns.YES)],
        required=False,
        widget=Segmented,
        help_text=_("“Yes” leads to logging it. No answer is kept as not asked."),
        **kwargs,
    )
