"""What the audit trail can be narrowed to."""

from datetime import tzinfo
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.models import AuditEvent, Location, User
from clinic.models.audit_event import AuditEventQuerySet
from clinic.validators import validate_year
from clinic.widgets import DateInput
from patients.identifiers import parse_record_number
from patients.models import Patient

SELECT = {"class": "form-select is-short"}
SHORT = {"class": "form-control is-short"}


class Chosen(forms.ModelChoiceField):
    """One of a list by its public id, or a word that it is none."""

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except ValidationError as error:
            raise ValidationError(_("What the address names is not in the list. Choose again.")) from error


class AuditFilter(forms.Form):
    """A person, a patient, what was done, a place and some days. What cannot be read is said, and nothing is shown."""

    number = forms.CharField(
        label=gettext_lazy("Record number"),
        required=False,
        max_length=20,
        widget=forms.TextInput(SHORT | {"placeholder": "MT-000000-0", "autocomplete": "off"}),
    )
    person = Chosen(
        User.objects.all(),
        to_field_name="public_id",
        required=False,
        label=gettext_lazy("Person"),
        empty_label=gettext_lazy("Anybody"),
        widget=forms.Select(SELECT),
    )
    act = forms.ChoiceField(
        choices=[("", gettext_lazy("Anything")), *AuditEvent.Act.choices],
        required=False,
        label=gettext_lazy("What was done"),
        error_messages={"invalid_choice": gettext_lazy("What the address names is not in the list. Choose again.")},
        widget=forms.Select(SELECT),
    )
    location = Chosen(
        Location.objects.all(),
        to_field_name="public_id",
        required=False,
        label=gettext_lazy("Location"),
        empty_label=gettext_lazy("Any location"),
        widget=forms.Select(SELECT),
    )
    first = forms.DateField(
        label=gettext_lazy("From"), required=False, validators=[validate_year], widget=DateInput(SHORT)
    )
    last = forms.DateField(
        label=gettext_lazy("To"), required=False, validators=[validate_year], widget=DateInput(SHORT)
    )

    def clean_number(self) -> Patient | None:
        typed = self.cleaned_data["number"]
        if not typed:
            return None
        patient = Patient.objects.filter(record_number=parse_record_number(typed) or "").first()
        if patient is None:
            raise ValidationError(_("No patient has the record number “%(number)s”."), params={"number": typed})
        return patient

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("first") and cleaned.get("last") and cleaned["first"] > cleaned["last"]:
            raise ValidationError(_("The period ends before it begins. Change one of both days."))
        return cleaned

    def narrow(self, events: AuditEventQuerySet, zone: tzinfo) -> AuditEventQuerySet:
        """Return the events asked for; none where the form cannot be read."""
        if not self.is_valid():
            return events.none()
        asked = self.cleaned_data
        events = events.on_days(asked["first"], asked["last"], zone)
        if asked["number"]:
            events = events.of_patient(asked["number"].public_id)
        if asked["person"]:
            events = events.filter(by=asked["person"])
        if asked["act"]:
            events = events.filter(act=asked["act"])
        if asked["location"]:
            events = events.filter(location=asked["location"])
        return events
