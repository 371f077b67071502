import uuid
import zoneinfo
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from clinic.fields import NormalizedCharField
from clinic.phones import PhoneField
from clinic.quantities import held
from clinic.validators import validate_time_zone

if TYPE_CHECKING:
    from clinic.models.user import User


class LocationQuerySet(models.QuerySet["Location"]):
    def visible_to(self, user: "User") -> "LocationQuerySet":
        """Return the locations whose patients this person may see: an admin's are all, others' their own."""
        if user.sees_all_locations:
            return self
        return self.filter(pk__in=[location.pk for location in user.own_locations])


class Location(models.Model):
    """A site of the clinic. Its time zone decides what "today" and "15:00" mean for everything done there."""

    class UnitSystem(models.TextChoices):
        METRIC = "metric", _("metric (kg, cm)")
        IMPERIAL = "imperial", _("imperial (lb, in)")

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    name = NormalizedCharField(_("name"), max_length=100, unique=True)
    time_zone = models.CharField(
        _("time zone"), max_length=64, validators=[validate_time_zone], help_text=_("For example Europe/Berlin.")
    )
    country_code = models.CharField(
        _("country"),
        max_length=2,
        validators=[RegexValidator(r"^[A-Z]{2}\Z", _("Two capital letters (ISO 3166), for example US."))],
        help_text=_("Two letters (ISO 3166). Phone numbers typed without a country are of this one."),
    )
    currency = models.CharField(
        _("currency"),
        max_length=3,
        validators=[RegexValidator(r"^[A-Z]{3}\Z", _("Three capital letters (ISO 4217), for example USD."))],
        help_text=_("Three letters (ISO 4217)."),
    )
    unit_system = models.CharField(
        _("units shown"),
        max_length=10,
        choices=UnitSystem,
        default=UnitSystem.METRIC,
        help_text=_("How weights are shown and typed. Stored are always kilograms."),
    )
    phone = PhoneField(_("phone"), blank=True)
    address = models.TextField(_("address"), max_length=500, blank=True)
    reply_to_email = models.EmailField(_("reply-to e-mail"), blank=True, help_text=_("Answers to reminders go here."))
    alert_email = models.EmailField(
        _("e-mail for danger signs"),
        blank=True,
        help_text=_("Told at once when a patient reports a danger sign. Empty: the reply-to e-mail."),
    )
    mails_aftercare = models.BooleanField(
        _("send the aftercare link by e-mail"),
        default=False,
        help_text=_("When a session is signed, to patients who agreed to messages and prefer e-mail."),
    )
    messages_from = models.TimeField(
        _("messages from"), default=time(8), help_text=_("No message reaches a patient earlier, by the clocks here.")
    )
    messages_until = models.TimeField(
        _("messages until"), default=time(20), help_text=_("No message reaches a patient later.")
    )
    confirms_appointments = models.BooleanField(
        _("confirm appointments"),
        default=False,
        help_text=_("The patient's next appointment is confirmed when it is booked. Those booked already are, too."),
    )
    appointment_reminder_days = models.PositiveSmallIntegerField(
        _("remind of appointments days before"),
        default=1,
        validators=[MaxValueValidator(14)],
        help_text=_("1 is the day before. 0: no reminder."),
    )
    history = HistoricalRecords()

    objects = LocationQuerySet.as_manager()

    class Meta:
        verbose_name = _("location")
        verbose_name_plural = _("locations")
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(messages_from__lt=F("messages_until")),
                name="location_messages_by_day",
                violation_error_message=_("Messages end after they begin, on the same day."),
            ),
            models.CheckConstraint(
                condition=held("appointment_reminder_days", 0, 14),
                name="location_reminds_within_two_weeks",
                violation_error_message=_("A reminder goes at most 14 days before."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def tz(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.time_zone)

    def keep_time(self) -> None:
        """Show and read times as this place has them for the rest of the request.

        A page about a patient of Berlin says Berlin's time, also to somebody who works in Los Angeles today.
        """
        timezone.activate(self.tz)

    def local(self, moment: datetime) -> datetime:
        return timezone.localtime(moment, self.tz)

    def today(self, now: datetime) -> date:
        return self.local(now).date()

    def span(self, day: date) -> tuple[datetime, datetime]:
        """Return the moments at which a calendar day begins and ends here; the end is the next day's beginning."""
        return (
            datetime.combine(day, time.min, self.tz),
            datetime.combine(day + timedelta(days=1), time.min, self.tz),
        )


class Room(models.Model):
    """A room where people are treated."""

    location = models.ForeignKey(Location, verbose_name=_("location"), on_delete=models.PROTECT, related_name="rooms")
    name = NormalizedCharField(_("name"), max_length=40)

    class Meta:
        verbose_name = _("room")
        verbose_name_plural = _("rooms")
        ordering = ["location", "name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["location", "name"],
                name="room_name_unique_at_location",
                violation_error_message=_("This location already has a room of this name."),
            )
        ]

    def __str__(self) -> str:
        return self.name
