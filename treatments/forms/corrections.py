"""Why a session is put into another patient's record, and what goes along."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.validators import validate_plain_text
from treatments.forms.errors import InErrorForm
from treatments.models import Assessment, Session, SideEffect

MOST_OF_REASON = 250  # it stands behind “Logged for the wrong patient.” in the wrong record


class CorrectionForm(InErrorForm):
    """The reason, and which reactions and scores were the right patient's: those noted on the day are proposed."""

    reason = forms.CharField(
        label=gettext_lazy("How it is known whose it is"),
        max_length=MOST_OF_REASON,
        validators=[validate_plain_text],
        help_text=gettext_lazy(
            "Kept in both records, so name nobody: for example “two patients of one name that day”."
        ),
        error_messages={"required": gettext_lazy("Say how it is known whose it is.")},
    )
    early_reason = forms.CharField(
        label=gettext_lazy("Reason for the early session"),
        max_length=300,
        required=False,
        validators=[validate_plain_text],
    )
    effects = forms.MultipleChoiceField(
        label=gettext_lazy("Reactions that were the right patient's"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    scores = forms.MultipleChoiceField(
        label=gettext_lazy("Scores that were the right patient's"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(
        self,
        *args: Any,
        record: Session,
        effects: Sequence[SideEffect],
        assessments: Sequence[Assessment],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, record=record, **kwargs)
        self.offered = {str(effect.public_id): effect for effect in effects}
        self.scored = {str(each.public_id): each for each in assessments}
        local = record.course.location.local
        self.fields["effects"].choices = [  # type: ignore[attr-defined]
            (key, f"{effect.title}, {date_format(local(effect.onset_at), 'j M Y, H:i')}")
            for key, effect in self.offered.items()
        ]
        day = record.course.day_of(record.performed_at)
        self.initial["effects"] = [
            key for key, effect in self.offered.items() if local(effect.recorded_at).date() == day
        ]
        self.fields["scores"].choices = [  # type: ignore[attr-defined]
            (
                key,
                _("Scores of %(day)s, by %(name)s")
                % {"day": date_format(each.assessed_on, "j M Y"), "name": each.assessed_by.get_short_name()},
            )
            for key, each in self.scored.items()
        ]
        self.initial["scores"] = list(self.scored)
        self.initial["early_reason"] = record.early_reason

    def chosen_effects(self) -> list[SideEffect]:
        return [self.offered[key] for key in self.cleaned_data["effects"]]

    def chosen_assessments(self) -> list[Assessment]:
        return [self.scored[key] for key in self.cleaned_data["scores"]]
