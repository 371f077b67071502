"""Allergies: named when the patient is registered, added and withdrawn later."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.fields import fold, normalize
from clinic.forms import RecordForm, VersionedForm, choices_of_words
from clinic.widgets import Segmented
from patients.models import Allergy, Patient


class AllergyForm(RecordForm):
    class Meta:
        model = Allergy
        fields = ["substance", "reaction", "severity"]
        widgets = {"severity": Segmented}

    def clean_substance(self) -> str:
        substance = self.cleaned_data["substance"]
        known = self.instance.patient.allergies.in_force() if self.instance.patient_id else []
        if any(fold(allergy.substance) == fold(substance) for allergy in known):
            raise ValidationError(_("%(substance)s is already in the record.") % {"substance": substance})
        return substance


class AllergyRows(forms.BaseInlineFormSet):
    def clean(self) -> None:
        """Refuse a substance named in two rows."""
        seen = set()
        for form in self.forms:
            substance = fold(form.cleaned_data.get("substance", ""))
            if substance and substance in seen:
                form.add_error("substance", _("This substance is in another row as well."))
            seen.add(substance)

    def named(self) -> list[Allergy]:
        """Return an unsaved allergy for each row that says something."""
        return [form.save(commit=False) for form in self.typed()]

    def are_those_of(self, patient: Patient) -> bool:
        """Say whether the rows name the allergies of a patient and no others."""
        facts = ("substance", "reaction", "severity")
        typed = {tuple(normalize(row[name].data or "") for name in facts) for row in self.typed()}
        return typed == set(patient.allergies.in_force().values_list(*facts))

    def typed(self) -> list[forms.ModelForm]:
        """Return the rows that say something."""
        return [form for form in self.forms if form.has_changed()]


AllergyFormSet = forms.inlineformset_factory(
    Patient, Allergy, form=AllergyForm, formset=AllergyRows, extra=1, max_num=20, can_delete=False
)


class WithdrawForm(VersionedForm):
    """Why an allergy is in force no longer."""

    class Meta:
        model = Allergy
        fields = ["status", "status_reason"]
        widgets = {"status": Segmented}
        labels = {"status": gettext_lazy("What it is"), "status_reason": gettext_lazy("Reason")}
        help_texts = {
            "status_reason": gettext_lazy("Kept in the record, for example “prick test of 3 November negative”.")
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ways = [choice for choice in Allergy.Status.choices if choice[0] != Allergy.Status.ACTIVE]
        choices_of_words(self, "status").choices = ways
        self.initial["status"] = ""
        self.fields["status_reason"].required = True
