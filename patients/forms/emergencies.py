from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.forms import OnceForm
from clinic.models import User
from patients.identifiers import parse_record_number
from patients.models import EmergencyAccess, EmergencyReview, Patient


class EmergencyForm(OnceForm):
    """Whom, by record number and birth date, and why. Nothing is said of who fits one of the two alone."""

    record_number = forms.CharField(label=gettext_lazy("Record number"), max_length=20)
    birth_date = forms.DateField(
        label=gettext_lazy("Birth date"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    class Meta:
        model = EmergencyAccess
        fields = ["reason"]
        widgets = {"reason": forms.Textarea(attrs={"rows": 3})}

    field_order = ["record_number", "birth_date", "reason"]

    def __init__(self, *args: Any, by: User, now: datetime, **kwargs: Any) -> None:
        ends = now + timedelta(minutes=settings.EMERGENCY_MINUTES)
        super().__init__(*args, instance=EmergencyAccess(user=by, opened_at=now, ends_at=ends), **kwargs)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        number, born = cleaned.get("record_number"), cleaned.get("birth_date")
        if number and born:
            patient = _whose(number, born)
            if patient is None:
                said = _("No patient has this record number and this birth date. Check both.")
                raise ValidationError(said, code="unknown")
            self.instance.patient = patient
        return cleaned

    def repeats(self, made: EmergencyAccess) -> bool:
        return super().repeats(made) and self.instance.patient_id == made.patient_id


def _whose(number: str, born: date) -> Patient | None:
    """Return the patient of a record number. That of a merged record is still on the patient's card, with its date."""
    patient = Patient.objects.filter(record_number=parse_record_number(number) or "").first()
    if patient is None:
        return None
    survivor = patient.surviving
    return survivor if born in {patient.birth_date, survivor.birth_date} else None


class EmergencyReviewForm(forms.ModelForm):
    class Meta:
        model = EmergencyReview
        fields = ["note"]
