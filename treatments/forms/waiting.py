"""The waiting list: when somebody could come, leaving the list, and which hour a page or a button is about."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.forms import OnceForm, TokenField, VersionedForm, choices_of_rows
from clinic.models import Location, Room, User, Weekday
from clinic.validators import validate_plain_text, validate_year
from clinic.widgets import Chips, DateInput, Segmented, UnitInput
from patients.models import Patient
from treatments.forms.appointments import WALL, CourseChoice
from treatments.models import Appointment, Course, Waiting, WaitingOffer
from treatments.openings import Opening
from treatments.rules.waiting import Part
from treatments.rules.wall_time import at_wall

LARGEST = 2**31 - 1
FIELDS = ["need", "from_on", "until_on", "weekdays", "parts", "notice_hours", "practitioner", "minutes", "note"]


class Parts(models.TextChoices):
    """The parts of the day as people choose them."""

    MORNING = Part.MORNING.value, gettext_lazy("Morning")
    AFTERNOON = Part.AFTERNOON.value, gettext_lazy("Afternoon, from 12")
    EVENING = Part.EVENING.value, gettext_lazy("Evening, from 17")


class _WaitingForm(forms.ModelForm):
    weekdays = forms.TypedMultipleChoiceField(
        label=gettext_lazy("On"),
        choices=Weekday.choices,
        coerce=int,
        widget=Chips,
        required=False,
        help_text=gettext_lazy("None chosen: on any day."),
    )
    parts = forms.MultipleChoiceField(
        label=gettext_lazy("In the"),
        choices=Parts.choices,
        widget=Chips,
        required=False,
        help_text=gettext_lazy("None chosen: at any hour."),
    )
    from_on = forms.DateField(label=gettext_lazy("From"), widget=DateInput, validators=[validate_year])
    until_on = forms.DateField(
        label=gettext_lazy("Until"),
        widget=DateInput,
        required=False,
        validators=[validate_year],
        help_text=gettext_lazy("The last day that helps. Left out: however long it takes."),
    )

    class Meta:
        model = Waiting
        fields = FIELDS
        widgets = {
            "need": Segmented,
            "notice_hours": Segmented,
            "minutes": UnitInput(unit="min", attrs={"min": 5, "max": 480, "step": 5, "inputmode": "numeric"}),
        }

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        self.today = today  # at the place of the patient
        super().__init__(*args, **kwargs)
        waiting: Waiting = self.instance
        people = choices_of_rows(self, "practitioner")
        people.queryset = User.objects.treating_at(waiting.location, also=waiting.practitioner_id)
        people.empty_label, people.help_text = _("Whoever is free"), ""
        if waiting.appointment_id:
            del self.fields["minutes"]  # as long as what they would give up

    def clean_until_on(self) -> date | None:
        last: date | None = self.cleaned_data["until_on"]
        if last and last < self.today:
            raise ValidationError(_("This day is past."))
        return last


class JoinForm(_WaitingForm, OnceForm):
    """Somebody who begins to wait. For what, is asked where the way here did not say."""

    course = CourseChoice(Course.objects.none(), label=gettext_lazy("Course"), required=False)

    class Meta(_WaitingForm.Meta):
        fields = ["kind", "course", *FIELDS]
        widgets = {**_WaitingForm.Meta.widgets, "kind": Segmented}

    def __init__(self, *args: Any, patient: Patient, is_settled: bool, **kwargs: Any) -> None:
        kwargs["instance"] = kwargs.get("instance") or Waiting(patient=patient)
        super().__init__(*args, **kwargs)
        if is_settled:
            del self.fields["kind"], self.fields["course"]
        else:
            courses = Course.objects.of_patient(patient).select_related("protocol")
            choices_of_rows(self, "course").queryset = courses

    def clean(self) -> dict[str, Any]:
        if refusal := self.instance.patient.refusal_to_treat:
            raise ValidationError(refusal)
        cleaned = super().clean() or self.cleaned_data
        kind, course = cleaned.get("kind"), cleaned.get("course")
        if kind and kind not in Waiting.WITHOUT_COURSE and not course and "course" not in self.errors:
            self.add_error("course", _("Choose the course that this appointment belongs to."))
        if kind == Appointment.Kind.SESSION and course and not course.is_running:
            self.add_error("course", _("This course has ended."))
        return cleaned

    def in_words(self, made: Waiting) -> str:
        return _("the place of %(name)s on the list") % {"name": made.patient.full_name}


class ChangeForm(_WaitingForm, VersionedForm):
    """When somebody who waits could come; what they wait for stays."""

    def build_kwargs(self) -> dict[str, Any]:
        return {"today": self.today}


class RemoveForm(forms.Form):
    version = forms.IntegerField(min_value=1, max_value=LARGEST)
    reason = forms.CharField(
        max_length=300,
        validators=[validate_plain_text],
        error_messages={"required": gettext_lazy("Say why the patient waits no more.")},
    )


class PutBackOnListForm(forms.Form):
    version = forms.IntegerField(min_value=1, max_value=LARGEST)


class HourForm(forms.Form):
    """An hour that is free, as an address or a button says it: `with` and `at` are public ids, `room` a key."""

    starts = forms.CharField(max_length=16)  # on the wall of the place, which may have other clocks than the page
    minutes = forms.IntegerField(min_value=5, max_value=480)

    def __init__(self, *args: Any, places: list[Location], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.places = {str(place.public_id): place for place in places}

    def clean_starts(self) -> datetime:
        try:
            start = datetime.strptime(self.cleaned_data["starts"], WALL)  # noqa: DTZ007 -- a time on the wall
        except ValueError as error:
            raise ValidationError(_("This is no day and time.")) from error
        validate_year(start)
        return start

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        place = self.places.get(self.data.get("at", ""))
        if place is None:
            raise ValidationError(_("Nothing is known by that name."))
        if self.errors:
            return cleaned
        start = cleaned["starts"]
        room = self.data.get("room", "")
        cleaned["opening"] = Opening(
            place,
            at_wall(start.date(), start.time(), place.tz).moment,
            cleaned["minutes"],
            self._person(place),
            Room.objects.filter(location=place, pk=int(room)).first() if is_key(room) else None,
        )
        return cleaned

    def _person(self, place: Location) -> User:
        try:
            person = User.objects.treating_at(place).filter(public_id=UUID(self.data.get("with", ""))).first()
        except ValueError:
            person = None
        if person is None:
            raise ValidationError(_("Nobody treats here by that name."))
        return person


def is_key(text: str) -> bool:
    return text.isascii() and text.isdecimal() and int(text[:11]) <= LARGEST and len(text) <= len(str(LARGEST))


class OfferForm(HourForm):
    """What came of offering an hour."""

    form_token = TokenField()
    outcome = forms.ChoiceField(
        choices=[
            (outcome.value, outcome.label)
            for outcome in WaitingOffer.Outcome
            if outcome is not WaitingOffer.Outcome.BOOKED
        ]
    )


class TakeForm(HourForm):
    """Giving an hour to somebody; `version` is that of the appointment they give up for it."""

    form_token = TokenField()
    version = forms.IntegerField(min_value=1, max_value=LARGEST, required=False)
