"""Booking a whole course at once: the rule, and the days that come of it, each to be changed or left out."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.forms import TokenField, choices_of_rows
from clinic.models import Room, User, Weekday
from clinic.validators import validate_plain_text, validate_year
from clinic.widgets import Chips, DateInput, UnitInput
from treatments.models import Appointment, Course
from treatments.obstacles import session_days, timetable, too_soon
from treatments.rules.course import Interval
from treatments.rules.series import days_of_series
from treatments.rules.wall_time import Clock, WallTime, at_wall

MOST = 60  # sessions of any course


class SeriesForm(forms.Form):
    """The rule: from when on, on which weekdays, at what time, how far apart, how many; with whom and where."""

    series = TokenField()
    first_on = forms.DateField(label=gettext_lazy("From"), widget=DateInput, validators=[validate_year])
    weekdays = forms.TypedMultipleChoiceField(
        label=gettext_lazy("On"),
        choices=Weekday.choices,
        coerce=int,
        widget=Chips,
        required=False,
        help_text=gettext_lazy("None chosen: on any day."),
    )
    hour = forms.TimeField(label=gettext_lazy("At"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    interval = forms.IntegerField(label=gettext_lazy("Days apart"), widget=UnitInput)
    count = forms.IntegerField(label=gettext_lazy("Sessions"), min_value=1, max_value=MOST, widget=UnitInput)
    minutes = forms.IntegerField(
        label=gettext_lazy("Minutes"), min_value=5, max_value=480, widget=UnitInput(unit="min")
    )
    practitioner = forms.ModelChoiceField(User.objects.none(), label=gettext_lazy("With"))
    room = forms.ModelChoiceField(Room.objects.none(), label=gettext_lazy("Room"), required=False)
    reason = forms.CharField(
        label=gettext_lazy("Reason to book all the same"),
        max_length=300,
        required=False,
        validators=[validate_plain_text],
        help_text=gettext_lazy("Kept with each day that is closed, outside the hours or too soon."),
    )

    def __init__(self, *args: Any, course: Course, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.course = course
        self.span: Interval = course.protocol.interval
        people = choices_of_rows(self, "practitioner")
        people.queryset = User.objects.treating_at(course.location)
        choices_of_rows(self, "room").queryset = Room.objects.filter(location=course.location)

    def clean_interval(self) -> int:
        """Hold the interval to the protocol's: single days can be moved nearer below, with a reason."""
        interval: int = self.cleaned_data["interval"]
        if not self.span.minimum <= interval <= self.span.maximum:
            words = _("The protocol wants %(least)s to %(most)s days between two sessions.")
            raise ValidationError(words % {"least": self.span.minimum, "most": self.span.maximum})
        return interval

    def clean_first_on(self) -> date:
        first: date = self.cleaned_data["first_on"]
        if first.year + 10 > date.max.year:
            raise ValidationError(_("This day cannot be meant. Check it."))
        return first

    def begin_anew(self) -> None:
        """Let a form whose appointments were all taken back make others, once somebody has read that they were."""
        data = cast(QueryDict, self.data).copy()
        data[self.add_prefix("series")] = str(uuid.uuid4())
        self.data = data
        self.add_error(None, _("What was booked here was taken back. Nothing is booked now: book it anew, or leave."))

    def days(self) -> list[date]:
        """Return the days that the rule makes, the form being valid."""
        said = self.cleaned_data
        return days_of_series(
            said["first_on"], weekdays=said["weekdays"], interval=said["interval"], count=said["count"]
        )


class DayForm(forms.Form):
    """One day of the series."""

    day = forms.DateField(
        label=gettext_lazy("Day"), widget=DateInput({"class": "form-control"}), validators=[validate_year]
    )
    hour = forms.TimeField(
        label=gettext_lazy("At"), widget=forms.TimeInput({"type": "time", "class": "form-control"}, format="%H:%M")
    )
    skip = forms.BooleanField(label=gettext_lazy("Leave out"), required=False)


DayFormSet = forms.formset_factory(DayForm, extra=0, max_num=MOST, validate_max=True, absolute_max=MOST)


@dataclass
class Row:
    """One day as the page shows it: its fields, the moment it means, and what stands against it."""

    form: DayForm
    appointment: Appointment | None = None
    wall: WallTime | None = None
    refused: list[str] = field(default_factory=list)  # cannot be booked
    doubtful: list[str] = field(default_factory=list)  # needs a reason

    @property
    def is_left_out(self) -> bool:
        return self.form["skip"].value() in {True, "on", "True"}

    @property
    def clock_note(self) -> str:
        """Say what became of a time that is not on the clock that day, or is on it twice."""
        if self.wall is None or self.appointment is None or self.wall.clock is Clock.ONCE:
            return ""
        if self.wall.clock is Clock.TWICE:
            return _("The clocks go back: this hour is there twice, and the first is booked.")
        local = self.appointment.location.local(self.wall.moment)
        return _("The clocks go forward over this time: %(hour)s is booked.") % {"hour": f"{local:%H:%M}"}


def day_initials(days: Iterable[date], hour: time) -> list[dict[str, Any]]:
    return [{"day": day, "hour": hour} for day in days]


def rows_of(rule: SeriesForm, days: Any, now: datetime) -> list[Row]:
    """Return the days with what stands against each, the rule being valid: as many queries for 1 day as for 20.

    `days` is the formset, bound or fresh.
    """
    rows = [row_of(rule, form) for form in days]
    kept = [row for row in rows if row.appointment and not row.is_left_out]
    if kept:
        look(rule, kept, now)
    return rows


def row_of(rule: SeriesForm, form: DayForm) -> Row:
    if form.is_bound:
        form.is_valid()
        day, hour = form.cleaned_data.get("day"), form.cleaned_data.get("hour")
    else:
        day, hour = form.initial["day"], form.initial["hour"]
    if day is None or hour is None:
        return Row(form, refused=[_("Say the day and the time, or leave this one out.")])
    course, said = rule.course, rule.cleaned_data
    wall = at_wall(day, hour, course.location.tz)
    appointment = Appointment(
        patient=course.patient,
        course=course,
        kind=Appointment.Kind.SESSION,
        location=course.location,
        starts_at=wall.moment,
        minutes=said["minutes"],
        practitioner=said["practitioner"],
        room=said["room"],
    )
    return Row(form, appointment, wall)


def look(rule: SeriesForm, rows: list[Row], now: datetime) -> None:
    """Say of each day what stands against it: the past, who is taken, closed days and hours, a day too near."""
    course = rule.course
    booked = [(row, row.appointment) for row in rows if row.appointment]
    moments = sorted(each.starts_at for _row, each in booked)
    first, last = course.day_of(moments[0]), course.day_of(moments[-1])
    table = timetable(course.location, first, last)
    others = taken_between(rule, moments[0], moments[-1])
    known = session_days(course)
    for row, each in booked:
        if each.starts_at <= now:
            row.refused.append(_("This time is past."))
        mine = [other for _row, other in booked if other is not each]
        row.refused += refusals(each, [*others, *mine])
        row.doubtful += table.against(each.starts_at, each.minutes, each.practitioner)
        days = [*known, *(course.day_of(other.starts_at) for other in mine)]
        row.doubtful += filter(None, [too_soon(course, course.day_of(each.starts_at), days)])


def taken_between(rule: SeriesForm, first: datetime, last: datetime) -> list[Appointment]:
    """Return what stands of the patient, the practitioner and in the room around these moments: one query."""
    a_day = timedelta(days=1)
    return list(
        Appointment.objects.standing()
        .of_any(rule.course.patient, rule.cleaned_data["practitioner"], rule.cleaned_data["room"])
        .filter(starts_at__gt=first - a_day, starts_at__lt=last + a_day)
        .select_related("patient", "practitioner", "room")
    )


def refusals(appointment: Appointment, others: list[Appointment]) -> list[str]:
    """Return the sentences of the constraints for one appointment, asked of a list instead of the database."""
    meeting = [other for other in others if appointment.meets(other)]
    return [
        constraint.in_words(taken)
        for constraint in Appointment.taken_once()
        if (taken := next((other for other in meeting if constraint.shares(appointment, other)), None))
    ]
