"""When a place is open and its people work: the weekly hours, and the days that are otherwise."""

from datetime import date
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from simple_history.models import HistoricalRecords

from clinic.fields import NormalizedCharField
from clinic.models.location import Location

if TYPE_CHECKING:
    from clinic.models.user import User


class Weekday(models.IntegerChoices):
    """The days of the week as Python's `date.weekday()` counts them."""

    MONDAY = 0, gettext_lazy("Monday")
    TUESDAY = 1, gettext_lazy("Tuesday")
    WEDNESDAY = 2, gettext_lazy("Wednesday")
    THURSDAY = 3, gettext_lazy("Thursday")
    FRIDAY = 4, gettext_lazy("Friday")
    SATURDAY = 5, gettext_lazy("Saturday")
    SUNDAY = 6, gettext_lazy("Sunday")


class WorkingHoursQuerySet(models.QuerySet["WorkingHours"]):
    def at(self, location: Location) -> "WorkingHoursQuerySet":
        """Return the hours in force of a place and of the people who work there."""
        return self.filter(location=location, is_in_force=True).select_related("practitioner")


class WorkingHours(models.Model):
    """One stretch of a weekday, by the clock on the wall: of a place, or of one person there.

    A place without any is taken as always open, and a person without any at a place works its hours.
    """

    location = models.ForeignKey(
        Location, verbose_name=gettext_lazy("location"), on_delete=models.PROTECT, related_name="hours"
    )
    practitioner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=gettext_lazy("of"),
        on_delete=models.PROTECT,
        related_name="hours",
        help_text=gettext_lazy("Nobody: the opening hours of the location."),
        null=True,
        blank=True,
    )
    weekday = models.PositiveSmallIntegerField(gettext_lazy("weekday"), choices=Weekday)
    from_time = models.TimeField(gettext_lazy("from"))
    to_time = models.TimeField(gettext_lazy("to"))
    is_in_force = models.BooleanField(
        gettext_lazy("in force"), default=True, help_text=gettext_lazy("Hours that ended are unticked, never deleted.")
    )
    history = HistoricalRecords()

    objects = WorkingHoursQuerySet.as_manager()

    class Meta:
        verbose_name = gettext_lazy("working hours")
        verbose_name_plural = gettext_lazy("working hours")
        ordering = ["location", "practitioner", "weekday", "from_time", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(to_time__gt=F("from_time")),
                name="hours_end_after_they_begin",
                violation_error_message=gettext_lazy("Hours end after they begin, on the same day."),
            ),
            models.CheckConstraint(
                condition=Q(weekday__lte=6),
                name="hours_of_a_weekday",
                violation_error_message=gettext_lazy("A week has seven days."),
            ),
        ]

    def __str__(self) -> str:
        whose = self.practitioner or self.location
        return f"{whose}, {self.get_weekday_display()} {self.from_time:%H:%M}–{self.to_time:%H:%M}"

    def clean(self) -> None:
        """Refuse hours that overlap others of the same person, or of the place, on that weekday."""
        if not self.is_in_force or self.from_time is None or self.to_time is None or not self.location_id:
            return
        others = WorkingHours.objects.filter(
            location=self.location_id, practitioner=self.practitioner_id, weekday=self.weekday, is_in_force=True
        )
        meeting = others.filter(from_time__lt=self.to_time, to_time__gt=self.from_time).exclude(pk=self.pk).first()
        if meeting:
            raise ValidationError(_("These hours overlap others: %(hours)s.") % {"hours": meeting})


class ClosureQuerySet(models.QuerySet["Closure"]):
    def between(self, first: date, last: date) -> "ClosureQuerySet":
        """Return what is in force on any day from `first` to `last`, both included."""
        return self.filter(is_in_force=True, first_on__lte=last, last_on__gte=first)

    def touching(self, location: Location) -> "ClosureQuerySet":
        """Return the closures of a place, and the absences of the people who work there."""
        staff = Location.users.through.objects.filter(location=location).values("user")
        return self.filter(Q(location=location) | Q(practitioner__in=staff)).select_related("practitioner")


class Closure(models.Model):
    """Days on which a place is closed or somebody is away: whole days, or the same hours of each day.

    One of the two is named. Who is away is away from every place.
    """

    location = models.ForeignKey(
        Location,
        verbose_name=gettext_lazy("location closed"),
        on_delete=models.PROTECT,
        related_name="closures",
        null=True,
        blank=True,
    )
    practitioner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=gettext_lazy("or person away"),
        on_delete=models.PROTECT,
        related_name="absences",
        null=True,
        blank=True,
    )
    first_on = models.DateField(gettext_lazy("first day"))
    last_on = models.DateField(gettext_lazy("last day"))
    from_time = models.TimeField(
        gettext_lazy("from"), null=True, blank=True, help_text=gettext_lazy("Both left out: whole days.")
    )
    to_time = models.TimeField(gettext_lazy("to"), null=True, blank=True)
    reason = NormalizedCharField(
        gettext_lazy("reason"), max_length=100, help_text=gettext_lazy("As the desk reads it, for example a holiday.")
    )
    is_in_force = models.BooleanField(
        gettext_lazy("in force"), default=True, help_text=gettext_lazy("One that is called off is unticked.")
    )
    history = HistoricalRecords()

    objects = ClosureQuerySet.as_manager()

    class Meta:
        verbose_name = gettext_lazy("closure or absence")
        verbose_name_plural = gettext_lazy("closures and absences")
        ordering = ["-first_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(location=None, practitioner__isnull=False) | Q(location__isnull=False, practitioner=None),
                name="closure_of_a_place_or_a_person",
                violation_error_message=gettext_lazy("Name the location that is closed, or the person who is away."),
            ),
            models.CheckConstraint(
                condition=Q(last_on__gte=F("first_on")),
                name="closure_ends_after_it_begins",
                violation_error_message=gettext_lazy("The last day is before the first."),
            ),
            models.CheckConstraint(
                condition=Q(from_time=None, to_time=None)
                | Q(from_time__isnull=False, to_time__isnull=False, to_time__gt=F("from_time")),
                name="closure_hours_end_after_they_begin",
                violation_error_message=gettext_lazy("Give both hours, the later one last, or none for whole days."),
            ),
        ]
        indexes = [models.Index(fields=["last_on", "first_on"], name="closure_by_day")]

    def __str__(self) -> str:
        return f"{self.practitioner or self.location}, {self.in_words}"

    @property
    def in_words(self) -> str:
        """Return days, hours and reason: "25 Dec 2026: Christmas"."""
        days = date_format(self.first_on, "j M Y")
        if self.last_on != self.first_on:
            days = _("%(first)s to %(last)s") % {"first": days, "last": date_format(self.last_on, "j M Y")}
        if self.from_time and self.to_time:
            days = f"{days}, {self.from_time:%H:%M}–{self.to_time:%H:%M}"
        return f"{days}: {self.reason}"

    def is_of(self, practitioner: "User") -> bool:
        return self.practitioner_id == practitioner.pk
