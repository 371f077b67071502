"""Booking and moving an appointment."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.http import QueryDict
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.forms import OnceForm, VersionedForm, choices_of_rows
from clinic.models import Location, Room, User, VersionConflictError
from clinic.validators import validate_plain_text
from clinic.widgets import DateTimeInput, Segmented, UnitInput
from patients.models import Patient
from treatments import obstacles
from treatments.forms.late_signs import late_signs_asked
from treatments.forms.wall_time import WallTimeField
from treatments.models import Appointment, Course

WALL = "%Y-%m-%dT%H:%M"  # a day and a time on the wall, as the browser's field has them
ASKS_ANEW = {"kind", "course", "starts_at", "minutes", "practitioner", "exception_reason"}


class CourseChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj: Course) -> str:
        return f"{obj.protocol}, {obj.get_status_display().lower()}"


class _AppointmentForm(forms.ModelForm):
    course = CourseChoice(Course.objects.none(), label=gettext_lazy("Course"), required=False)

    class Meta:
        model = Appointment
        fields = ["kind", "course", "starts_at", "minutes", "practitioner", "room", "exception_reason"]
        field_classes = {"starts_at": WallTimeField}
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

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # Django's own hook, which its stubs leave out
        if not self.errors and not ASKS_ANEW.isdisjoint(self.changed_data):
            self.ask_reason()

    def ask_reason(self) -> None:
        """Say what stands against the hour, unless a reason to book all the same is given; keep none without need."""
        said = obstacles.against(self.instance)
        if not said:
            self.instance.exception_reason = ""
        elif not self.instance.exception_reason:
            self.add_error("starts_at", ValidationError(said))
            self.add_error("exception_reason", _("Say why it is booked all the same, or choose another time."))

    @property
    def shows_reason(self) -> bool:
        return bool(self["exception_reason"].errors or self["exception_reason"].value())


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


class Reach(models.TextChoices):
    """How far a change of one appointment goes among those that were booked together."""

    THIS = "this", gettext_lazy("Only this one")
    LATER = "later", gettext_lazy("This and later")


class AppointmentForm(_AppointmentForm, VersionedForm):
    reach = forms.ChoiceField(
        label=gettext_lazy("Change"),
        choices=Reach,
        widget=Segmented,
        required=False,
        help_text=gettext_lazy("Later ones move as many days and hours as this one, by the clock on the wall."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if Appointment.objects.later_in_series(self.instance).exists():
            self.fields["reach"].initial = Reach.THIS
        else:
            del self.fields["reach"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("reach") == Reach.LATER:
            later = Appointment.objects.later_in_series(self.instance)
            self.instance.moves_along = list(later.values_list("pk", flat=True))
        return cleaned

    @property
    def reaches_later(self) -> bool:
        return self.cleaned_data.get("reach") == Reach.LATER

    def ask_reason(self) -> None:
        """Ask as for any appointment, unless later ones move along: those are judged together, in their new places."""
        if not self.reaches_later:
            super().ask_reason()

    def valid_appointment(self) -> Appointment:
        """Return the appointment as the form would save it.

        Raises `ValidationError` with all that stands against it, `VersionConflictError` when somebody changed it.
        """
        if self.is_valid():
            return self.save(commit=False)
        if self.conflict:
            raise VersionConflictError
        raise ValidationError([text for texts in self.errors.values() for text in texts])

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


def moved_form(appointment: Appointment, posted: QueryDict, now: datetime) -> AppointmentForm:
    """Return the form of an appointment as it stands, with what is `posted` of its place put over it.

    `starts` is a time on the wall, `with` a public id, `room` a key or "none". Raises `ValidationError` for an
    appointment that is not booked any more.
    """
    if appointment.status != Appointment.Status.BOOKED:
        raise ValidationError(_("It is not booked any more."))
    start = appointment.location.local(appointment.starts_at).strftime(WALL)
    data = QueryDict(mutable=True)
    data.update(
        {
            "kind": appointment.kind,
            "course": str(appointment.course_id or ""),
            "starts_at": posted.get("starts") or start,
            "minutes": posted.get("minutes") or str(appointment.minutes),
            "practitioner": key_of(posted.get("with"), appointment),
            "room": posted.get("room") or str(appointment.room_id or "none"),
            "exception_reason": appointment.exception_reason,
            "version": posted.get("version", ""),
        }
    )
    if data["room"] == "none":
        data["room"] = ""
    return AppointmentForm(data, instance=appointment, now=now)


def key_of(public_id: str | None, appointment: Appointment) -> str:
    """Return the key of a practitioner as the form takes it; the one there is when none is named."""
    if not public_id:
        return str(appointment.practitioner_id)
    try:
        person = User.objects.filter(public_id=UUID(public_id)).first()
    except ValueError:
        return "0"  # nobody's: the form says so
    return str(person.pk) if person else "0"
