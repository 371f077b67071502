"""Screening today: the few questions that are asked before every session."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from clinic.validators import validate_plain_text
from clinic.widgets import Segmented
from patients.models import Screening, ScreeningAnswer, ScreeningQuestion
from treatments.forms.session.parts import Part

YES = ScreeningAnswer.Answer.YES


@dataclass(frozen=True)
class Asked:
    question: ScreeningQuestion
    answer: forms.BoundField
    detail: forms.BoundField


class ScreeningPart(Part):
    def build(self) -> None:
        super().build()
        self.questions_today = list(ScreeningQuestion.objects.asked_in(Screening.Kind.SHORT))
        stored = self.instance.screening_in_force.answers.all() if self.instance.screening_in_force else []
        answers = {row.question_id: row for row in stored}
        for question in self.questions_today:
            row = answers.get(question.pk)
            answer, detail = self.screening_names(question)
            self.fields[answer] = forms.ChoiceField(
                label=question.name,
                help_text=question.question,
                choices=ScreeningAnswer.Answer.choices,
                required=False,
                initial=row.answer if row else None,
                widget=Segmented(amber=[YES]),
            )
            self.fields[detail] = forms.CharField(
                label=question.detail_label or _("What exactly"),
                max_length=300,
                required=False,
                initial=row.detail if row else "",
                validators=[validate_plain_text],
            )

    @staticmethod
    def screening_names(question: ScreeningQuestion) -> tuple[str, str]:
        return f"screening-{question.code}", f"detail-{question.code}"

    def screening(self) -> list[Asked]:
        return [
            Asked(question, *(self[name] for name in self.screening_names(question)))
            for question in self.questions_today
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for question in self.questions_today:
            answer, detail = self.screening_names(question)
            if self.signing and not cleaned.get(answer) and answer not in self.errors:
                self.add_error(answer, _("Ask this before the session."))
            lacks_detail = cleaned.get(answer) == YES and question.detail_label and not cleaned.get(detail)
            if self.signing and lacks_detail and detail not in self.errors:
                self.add_error(detail, _("Say what exactly."))
        return cleaned

    def answers_today(self) -> list[tuple[ScreeningQuestion, str, str]]:
        """Return what was answered, as (question, "yes" or "no", detail)."""
        found = []
        for question in self.questions_today:
            answer, detail = (self.cleaned_data.get(name) or "" for name in self.screening_names(question))
            if answer:
                found.append((question, answer, detail))
        return found
