"""Starting, changing and ending a course."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.forms import OnceForm, RowsField, VersionedForm, choices_of_rows
from clinic.models import Location, User
from clinic.validators import validate_plain_text
from clinic.widgets import Chips, ChoiceCards, DateInput, Stepper, UnitInput
from patients.models import Patient
from treatments.models import Course, Protocol, TreatmentArea
from treatments.rules.course import MoneyRange

FURTHEST = timedelta(days=366)  # a plan further ahead than a year is a slip of the pen


class AreasField(RowsField):
    widget = Chips
    default_error_messages = {"required": gettext_lazy("Choose the areas treated.")}


class _PlanForm(forms.ModelForm):
    """What a course agrees: areas, sessions, price, clinician."""

    def offer(self, protocol: Protocol | None, location: Location) -> None:
        """Offer the protocol's areas and the clinicians of the location, and what the course has already."""
        choices_of_rows(self, "areas").queryset = TreatmentArea.objects.of_plan(protocol, self.instance)
        choices_of_rows(self, "clinician").queryset = User.objects.clinicians_at(
            location, also=self.instance.clinician_id
        )


class CourseStartForm(OnceForm, _PlanForm):
    protocol = forms.ModelChoiceField(
        Protocol.objects.in_use(), widget=ChoiceCards, empty_label=None, label=gettext_lazy("What is treated")
    )
    areas = AreasField(TreatmentArea.objects.none(), label=gettext_lazy("Areas"))

    class Meta:
        model = Course
        fields = ["protocol", "areas", "planned_sessions", "price", "clinician", "started_on"]
        widgets = {
            "planned_sessions": Stepper(step="1", attrs={"min": 1, "max": 60}),
            "started_on": DateInput,
        }
        labels = {"started_on": gettext_lazy("Starts on")}

    def __init__(
        self,
        *args: Any,
        patient: Patient,
        location: Location,
        user: User,
        today: date,
        protocol: Protocol | None,
        **kwargs: Any,
    ) -> None:
        self.today, self.offered = today, protocol
        kwargs["instance"] = Course(patient=patient, location=location, currency=location.currency, status_on=today)
        kwargs["initial"] = {"started_on": today, **_proposal(protocol), **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        self.fields["price"].widget = UnitInput(unit=location.currency, attrs={"min": 0, "step": "0.01"})
        self.offer(protocol, location)
        clinicians = list(choices_of_rows(self, "clinician").queryset or [])
        if user in clinicians or len(clinicians) == 1:
            self.initial["clinician"] = user if user in clinicians else clinicians[0]

    def estimate(self) -> tuple[MoneyRange, MoneyRange] | None:
        """Return the whole course's cost, fewest to most sessions: as the protocol prices it, and as agreed so far."""
        protocol = self.offered
        if protocol is None:
            return None
        fewest, most = protocol.sessions_min, protocol.sessions_max
        return (
            MoneyRange(fewest * protocol.price_min, most * protocol.price_max),
            MoneyRange(fewest * self.initial["price"], most * self.initial["price"]),
        )

    def clean(self) -> dict[str, Any]:
        if refusal := self.instance.patient.refusal_to_treat:
            raise ValidationError(refusal)
        return super().clean() or self.cleaned_data

    def clean_started_on(self) -> date:
        day = self.cleaned_data["started_on"]
        if day > self.today + FURTHEST:
            raise ValidationError(_("%(day)s is more than a year ahead.") % {"day": date_format(day, "j F Y")})
        if day < self.instance.patient.birth_date:
            raise ValidationError(_("The patient was not born then."))
        return day

    def _post_clean(self) -> None:
        # The course is as it is planned from its first day on, also when that day is ahead.
        self.instance.status_on = self.cleaned_data.get("started_on") or self.today
        super()._post_clean()


def _proposal(protocol: Protocol | None) -> dict[str, Any]:
    """Return what a course of this protocol starts from: the most sessions, the middle of the price range."""
    if protocol is None:
        return {}
    return {
        "protocol": protocol,
        "planned_sessions": protocol.sessions_min,
        "price": (protocol.price_min + protocol.price_max) / 2,
    }


class CourseForm(VersionedForm, _PlanForm):
    areas = AreasField(TreatmentArea.objects.none(), label=gettext_lazy("Areas"))

    class Meta:
        model = Course
        fields = ["areas", "planned_sessions", "price", "clinician"]
        widgets = {"planned_sessions": Stepper(step="1", attrs={"min": 1, "max": 60})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        course = self.instance
        self.fields["price"].widget = UnitInput(unit=course.currency, attrs={"min": 0, "step": "0.01"})
        self.offer(course.protocol, course.location)


class CourseStatusForm(forms.Form):
    """Why and since when a course is paused, resumed, completed or stopped."""

    status = forms.ChoiceField(choices=Course.Status, widget=forms.HiddenInput)
    on = forms.DateField(label=gettext_lazy("Since"), widget=DateInput)
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=500,
        validators=[validate_plain_text],
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": gettext_lazy("Say why. It stays with the course.")},
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    NEEDS_REASON = (Course.Status.PAUSED, Course.Status.STOPPED)

    def __init__(self, *args: Any, course: Course, today: date, **kwargs: Any) -> None:
        self.course, self.today = course, today
        kwargs["initial"] = {"on": today, "version": course.version, **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = self["status"].value() in self.NEEDS_REASON

    def clean_on(self) -> date:
        day = self.cleaned_data["on"]
        if day > self.today:
            raise ValidationError(_("%(day)s is in the future.") % {"day": date_format(day, "j F Y")})
        if day < self.course.started_on:
            raise ValidationError(
                _("The course starts on %(day)s.") % {"day": date_format(self.course.started_on, "j F Y")}
            )
        return day
