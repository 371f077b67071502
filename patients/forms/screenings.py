"""The questions asked before a treatment, and marking a screening as entered in error."""

from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.forms import OnceForm, VersionedForm
from clinic.validators import validate_plain_text
from clinic.widgets import Segmented
from patients.models import Patient, Screening, ScreeningAnswer, ScreeningQuestion

NO, YES = ScreeningAnswer.Answer.NO, ScreeningAnswer.Answer.YES


@dataclass(frozen=True)
class Asked:
    """A question as the form asks it: the fields for its answer, and what was answered last time."""

    question: ScreeningQuestion
    answer: forms.BoundField
    detail: forms.BoundField | None
    last: ScreeningAnswer | None


class ScreeningForm(OnceForm):
    """A screening with a field for each question of its kind.

    What a floor above asks beside a question (which areas, which products) it adds in `add_question`, and returns
    with the answer in `answer_to`.
    """

    class Meta:
        model = Screening
        fields = ["note"]
        widgets = {"note": forms.Textarea(attrs={"rows": 2})}

    def __init__(self, *args: Any, patient: Patient, kind: str = Screening.Kind.FULL, **kwargs: Any) -> None:
        super().__init__(*args, instance=Screening(patient=patient, kind=kind), **kwargs)
        self.questions = list(ScreeningQuestion.objects.asked_in(kind))
        self.last = {answer.question_id: answer for answer in ScreeningAnswer.objects.newest_of(patient)}
        for question in self.questions:
            self.add_question(question)
        self.order_fields([name for name in self.fields if name != "note"])

    def add_question(self, question: ScreeningQuestion) -> None:
        """Add the fields of one question."""
        self.fields[answer_name(question)] = forms.ChoiceField(
            label=question.name,
            choices=ScreeningAnswer.Answer.choices,
            widget=Segmented(amber=[YES]),
            error_messages={"required": _("Not answered yet.")},
        )
        if question.detail_label:
            self.fields[detail_name(question)] = forms.CharField(
                label=question.detail_label, max_length=300, required=False, validators=[validate_plain_text]
            )

    def asked(self) -> list[tuple[str, list[Asked]]]:
        """Return the questions under the words of their groups, in the catalogue's order."""
        groups = groupby(self.questions, key=lambda question: question.topic)
        return [(str(ScreeningQuestion.Topic(topic).label), list(map(self._asked, found))) for topic, found in groups]

    def _asked(self, question: ScreeningQuestion) -> Asked:
        detail = self[detail_name(question)] if question.detail_label else None
        return Asked(question, self[answer_name(question)], detail, self.last.get(question.pk))

    def unanswered(self) -> list[forms.BoundField]:
        """Return the answers that are missing: thirty links would say less than the first of them."""
        return [self[name] for name in map(answer_name, self.questions) if name in self.errors]

    def wrong(self) -> list[forms.BoundField]:
        """Return the other fields with an error."""
        missing = set(map(answer_name, self.questions))
        return [self[name] for name in self.fields if name in self.errors and name not in missing]

    @classmethod
    def with_no_to_the_rest(cls, typed: QueryDict, *, patient: Patient) -> "ScreeningForm":
        """Return the form as it was sent, unjudged, with no for what has no answer: the button without a script."""
        form = cls(initial=typed.dict(), patient=patient)
        for question in form.questions:
            name = answer_name(question)
            form.initial[name] = form.initial.get(name) or NO
        return form

    def clean(self) -> dict[str, Any]:
        if refusal := self.instance.patient.refusal_to_treat:
            raise ValidationError(refusal)
        cleaned = super().clean() or self.cleaned_data
        for question in self.questions:
            name = detail_name(question)
            if cleaned.get(answer_name(question)) == YES and name in self.fields and name not in self.errors:
                self.require(name, cleaned)
        return cleaned

    def require(self, name: str, cleaned: dict[str, Any]) -> None:
        if not cleaned.get(name):
            self.add_error(name, ValidationError(_("The answer is yes, so this has to be said."), code="required"))

    def answers(self) -> list[ScreeningAnswer]:
        """Return an unsaved answer for each question answered; call it on a valid form."""
        return [self.answer_to(question) for question in self.questions if self.answered(question)]

    def answered(self, question: ScreeningQuestion) -> str:
        return str(self.cleaned_data.get(answer_name(question)) or "")

    def answer_to(self, question: ScreeningQuestion) -> ScreeningAnswer:
        answer = self.answered(question)
        detail = self.cleaned_data.get(detail_name(question), "") if answer == YES else ""
        return ScreeningAnswer(question=question, answer=answer, detail=detail)

    def repeats(self, made: Screening) -> bool:
        stored = {answer.question_id: (answer.answer, answer.detail) for answer in made.answers.all()}
        sent = {answer.question_id: (answer.answer, answer.detail) for answer in self.answers()}
        return made.patient_id == self.instance.patient_id and stored == sent and super().repeats(made)


def answer_name(question: ScreeningQuestion) -> str:
    return f"answer-{question.code}"


def detail_name(question: ScreeningQuestion) -> str:
    return f"detail-{question.code}"


class ErrorForm(VersionedForm):
    """Why a screening was entered in error."""

    class Meta:
        model = Screening
        fields = ["entered_in_error_reason"]
        labels = {"entered_in_error_reason": gettext_lazy("What is wrong")}
        help_texts = {"entered_in_error_reason": gettext_lazy("For example “answers of another patient”.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["entered_in_error_reason"]
        field.required = True
        field.validators.append(validate_plain_text)

    def _post_clean(self) -> None:
        """Leave the rest to the act, which adds who and when: the rule wants all three."""
        self.instance.entered_in_error_reason = self.cleaned_data.get("entered_in_error_reason", "")
