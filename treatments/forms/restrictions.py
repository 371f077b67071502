"""Which areas or products the answers of a screening rule out."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from clinic.forms import RowsField
from clinic.widgets import Chips
from patients.models import ScreeningAnswer, ScreeningQuestion
from treatments.models import Product, Restriction, TreatmentArea

Scope = ScreeningQuestion.Scope


class RestrictionForm(forms.Form):
    """One field for each yes that is about areas or products. Nothing chosen: all of them are ruled out."""

    def __init__(self, *args: Any, answers: Iterable[ScreeningAnswer], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.answers = list(answers)
        known = Restriction.objects.filter(answer__in=self.answers).prefetch_related("areas", "products")
        self.known = {row.answer_id: row for row in known}
        for answer in self.answers:
            row = self.known.get(answer.pk)
            is_area = answer.question.scope == Scope.AREA
            chosen: Any = (row.areas if is_area else row.products).all() if row else ()
            self.fields[self.name_of(answer)] = RowsField(
                TreatmentArea.objects.all() if is_area else Product.objects.filter(is_active=True),
                label=f"{answer.question.name}: {answer.detail}" if answer.detail else answer.question.name,
                help_text=_("Choose the areas.") if is_area else _("Choose the products."),
                required=False,
                initial=list(chosen),
                widget=Chips,
            )

    @staticmethod
    def name_of(answer: ScreeningAnswer) -> str:
        return f"answer-{answer.pk}"

    def save(self) -> None:
        """Keep what was chosen; an answer for which nothing is chosen goes on ruling out everything."""
        for answer in self.answers:
            chosen = self.cleaned_data[self.name_of(answer)]
            row = self.known.get(answer.pk)
            if row is None and not chosen:
                continue
            row = row or Restriction.objects.create(answer=answer)
            (row.areas if answer.question.scope == Scope.AREA else row.products).set(chosen)
