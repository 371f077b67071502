"""What is asked before a record is restricted, a person erased, or a legal hold opened."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.models.record import MOST_OF_A_REASON
from clinic.validators import validate_plain_text
from patients.identifiers import parse_record_number
from patients.models import Erasure, Patient


class ReasonForm(forms.Form):
    """Why something is done that has to be answered for."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=300,
        validators=[validate_plain_text],
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class LiftForm(ReasonForm):
    """Why a restriction ends: as long as the history keeps."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"] = forms.CharField(
            label=_("Reason"),
            max_length=MOST_OF_A_REASON - len("Restriction lifted: "),
            validators=[validate_plain_text],
            widget=forms.TextInput(attrs={"autocomplete": "off"}),
        )


class ErasureForm(forms.Form):
    """On which ground a person is erased; the record number is typed, so that nobody erases by a slip."""

    ground = forms.ChoiceField(
        label=gettext_lazy("Ground"),
        choices=[("", "")] + [choice for choice in Erasure.Ground.choices if choice[0] != Erasure.Ground.RESTORED],
    )
    record_number = forms.CharField(
        label=gettext_lazy("Record number"),
        max_length=40,
        validators=[validate_plain_text],
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, patient: Patient, **kwargs: Any) -> None:
        self.patient = patient
        super().__init__(*args, **kwargs)
        self.fields["record_number"].help_text = _("Type %(number)s. Once begun it cannot be undone.") % {
            "number": patient.record_number
        }

    def clean_record_number(self) -> str:
        typed: str = self.cleaned_data["record_number"]
        if self.patient.record_number not in {typed.strip().upper(), parse_record_number(typed)}:
            raise ValidationError(
                _("This is not the number of this record, %(number)s.") % {"number": self.patient.record_number},
                code="another",
            )
        return typed
