"""Booking and moving an appointment."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.forms import OnceForm, VersionedForm, choices_of_rows
from clinic.models import Location, Room, User
from clinic.validators import validate_plain_text
from clinic.widgets import DateTimeInput, Segmented, UnitInput
from patients.models import Patient
from treatments.forms.late_signs import late_signs_asked
from treatments.models import Appointment, Course


class CourseChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj: Course) -> str:
        return f"{obj.protocol}, {obj.get_status_display().lower()}"


class _AppointmentForm(forms.ModelForm):
    course = CourseChoice(Course.objects.none(), label=gettext_lazy("Course"), required=False)

    class Meta:
        model = Appointment
        fields = ["kind", "course", "starts_at", "minutes", "practitioner", "room"]
        widgets = {
            "kind": Segmented,
            "starts_at": DateTimeInput,
            "minutes": UnitInput(unit="min", attrs={"min": 5, "max": 480, "step": 5, "inputmode": "numeric"}),
        }

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        self.now = now
        super().__init__(*args, **kwargs)
        location, patient = self.instance.location, self.instance.patient
        choices_of_rows(self, "practitioner").queryset = User.objects.treating_at(
            location, also=self.instance.practitioner_id
        )
        choices_of_rows(self, "room").queryset = Room.objects.filter(location=location)
        choices_of_rows(self, "course").queryset = Course.objects.filter(patient=patient).select_related("protocol")

    def clean_starts_at(self) -> datetime:
        start = self.cleaned_data["starts_at"]
        if start != self.instance.starts_at and start < self.now:
            raise ValidationError(_("This time is past."))
        return start

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        needs_course = {Appointment.Kind.SESSION, Appointment.Kind.FOLLOW_UP}
        if cleaned.get("kind") in needs_course and not cleaned.get("course") and "course" not in self.errors:
            self.add_error("course", _("Choose the course that this appointment belongs to."))
        return cleaned


class BookForm(_AppointmentForm, OnceForm):
    """A new appointment of one patient at one location. Whoever books a follow-up asks for signs of an infection."""

    late_signs = late_signs_asked()

    class Meta(_AppointmentForm.Meta):
        fields = [*_AppointmentForm.Meta.fields, "late_signs"]

    def __init__(
        self, *args: Any, patient: Patient, location: Location, asks_late_signs: bool = False, **kwargs: Any
    ) -> None:
        kwargs["instance"] = Appointment(patient=patient, location=location)
        super().__init__(*args, **kwargs)
        if not asks_late_signs:
            del self.fields["late_signs"]

    def clean(self) -> dict[str, Any]:
        if refusal := self.instance.patient.refusal_to_treat:
            raise ValidationError(refusal)
        return super().clean()

    def in_words(self, made: Appointment) -> str:
        start = timezone.localtime(made.starts_at)
        return _("the appointment of %(moment)s") % {"moment": date_format(start, "j F Y, H:i")}


class AppointmentForm(_AppointmentForm, VersionedForm):
    def build_kwargs(self) -> dict[str, Any]:
        return {"now": self.now}


class AppointmentStatusForm(forms.Form):
    status = forms.ChoiceField(choices=Appointment.Status)
    version = forms.IntegerField()
    reason = forms.CharField(max_length=300, required=False, validators=[validate_plain_text])

    def step(self) -> dict[str, Any]:
        """Return {"status", "version", "reason"}. Raises `ValidationError` for what no page of ours sends."""
        if not self.is_valid():
            raise ValidationError([text for texts in self.errors.values() for text in texts])
        return self.cleaned_data
