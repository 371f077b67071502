import uuid
from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import ExpressionWrapper, F, Q
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from clinic.models import Location, Room, Versioned
from clinic.validators import validate_plain_text
from clinic.wall_clock import on_the_wall
from patients.models import Patient, seen_by
from treatments.models.course import Course
from treatments.models.late_signs import late_signs_field
from treatments.taken import TakenOnce

if TYPE_CHECKING:
    from clinic.models import User


A_DAY = timedelta(days=1)
LONGEST = timedelta(minutes=480)
STANDING = ("booked", "arrived", "in-room", "done")
# Who is in a room is a fact, which may overtake the plan: the one before took longer. Planned is a room once.
PLANNED = ("booked", "arrived")


class AppointmentQuerySet(models.QuerySet["Appointment"]):
    def visible_to(self, user: "User") -> "AppointmentQuerySet":
        """Return the appointments at the person's places, and those of the patients whom this person may see."""
        if user.sees_all_locations:
            return self
        return self.filter(Q(location__in=user.own_locations) | seen_by(user, "patient"))

    def on(self, day: date, location: Location) -> "AppointmentQuerySet":
        """Return the appointments of a calendar day at a location."""
        return self.filter(location=location).within(day, location)

    def within(self, day: date, location: Location) -> "AppointmentQuerySet":
        """Return what begins, wherever, on a calendar day as a location has it."""
        start, end = location.span(day)
        return self.filter(starts_at__gte=start, starts_at__lt=end)

    def standing(self) -> "AppointmentQuerySet":
        """Leave out the cancelled and the missed: they hold no room and no person."""
        return self.exclude(status__in=Appointment.FALLEN)

    def planned(self) -> "AppointmentQuerySet":
        """Return what is booked or waits: whoever is in a room by now is no plan any more."""
        return self.filter(status__in=PLANNED)

    def ahead(self, now: datetime) -> "AppointmentQuerySet":
        """Return what is booked and still to come, and who is here now, soonest first."""
        here = Q(status__in=Appointment.HERE, starts_at__gt=now - A_DAY)
        booked = Q(status=Appointment.Status.BOOKED, starts_at__gte=now)
        return self.filter(here | booked).order_by("starts_at", "pk")

    def booked_ahead(self, now: datetime) -> "AppointmentQuerySet":
        """Return what is booked and still to come, and nobody is here for yet, soonest first."""
        return self.filter(status=Appointment.Status.BOOKED, starts_at__gte=now).order_by("starts_at", "pk")

    def booked_of(self, course: Course, now: datetime) -> "AppointmentQuerySet":
        """Return what is booked for a course and still to come, its follow-ups included, soonest first."""
        return self.booked_ahead(now).filter(course=course)

    def expected_of(self, course: Course, now: datetime) -> "AppointmentQuerySet":
        """Return what is booked for a course itself and still to come: its follow-ups stay when it ends."""
        return self.booked_of(course, now).exclude(kind=Appointment.Kind.FOLLOW_UP)

    def overlapping(self, start: datetime, minutes: int) -> "AppointmentQuerySet":
        # Said in full for SQLite: it multiplies plain integers only, and would add text to a number.
        length = ExpressionWrapper(
            Cast("minutes", models.IntegerField()) * timedelta(minutes=1), output_field=models.DurationField()
        )
        end = ExpressionWrapper(F("starts_at") + length, output_field=models.DateTimeField())
        return self.annotate(ends_at=end).filter(
            starts_at__lt=start + timedelta(minutes=minutes), starts_at__gt=start - LONGEST, ends_at__gt=start
        )

    def taking(self, field: str, key: int) -> "AppointmentQuerySet":
        """Return the appointments that take this patient, practitioner or room."""
        return self.filter(**{f"{field}_id": key})

    def of_any(self, patient: Patient, practitioner: "User", room: Room | None) -> "AppointmentQuerySet":
        """Return what takes this patient, this practitioner or this room."""
        taking = Q(patient=patient) | Q(practitioner=practitioner)
        return self.filter(taking | Q(room=room) if room else taking)

    def given(self, course: Course, public_id: str | None) -> "Appointment | None":
        """Return the appointment of this course's patient that an address names, None for anything else."""
        try:
            named = self.standing().filter(patient=course.patient, public_id=uuid.UUID(public_id or ""))
            return named.filter(Q(course=course) | Q(course=None)).first()
        except ValueError:
            return None

    def here_for(self, course: Course, day: date) -> "Appointment | None":
        """Return the visit for which the course's patient is here that day: one of the course, else one of none."""
        visits = self.within(day, course.location).filter(patient=course.patient_id, status__in=Appointment.HERE)
        own_first = F("course").asc(nulls_last=True)
        return visits.filter(Q(course=course) | Q(course=None)).order_by(own_first, "starts_at", "pk").first()

    def of_series(self, series: uuid.UUID) -> "AppointmentQuerySet":
        """Return the appointments that were booked together."""
        return self.filter(series=series)

    def later_in_series(self, one: "Appointment") -> "AppointmentQuerySet":
        """Return what was booked together with one, comes after it and is booked still, soonest first."""
        if one.series is None:
            return self.none()
        later = self.of_series(one.series).filter(status=Appointment.Status.BOOKED, starts_at__gt=one.starts_at)
        return later.order_by("starts_at", "pk")

    def of_practitioner(self, user: "User") -> "AppointmentQuerySet":
        return self.filter(practitioner=user)

    def in_rooms(self, location: Location, day: date) -> "AppointmentQuerySet":
        """Return who is in a room of a location on a day."""
        return self.on(day, location).filter(status=Appointment.Status.IN_ROOM, room__isnull=False)

    def done(self) -> "AppointmentQuerySet":
        return self.filter(status=Appointment.Status.DONE)

    def of_follow_ups(self, course: Course) -> "AppointmentQuerySet":
        """Return the appointments that answer a follow-up of this course."""
        return self.filter(follow_up__course=course)

    def of_patient(self, patient: Patient) -> "AppointmentQuerySet":
        return self.filter(patient=patient)

    def before(self, moment: datetime) -> "AppointmentQuerySet":
        """Return what began before a moment, newest first."""
        return self.filter(starts_at__lt=moment).order_by("-starts_at", "-pk")

    def for_board(self) -> "AppointmentQuerySet":
        return self.select_related("patient", "practitioner", "room").order_by("starts_at", "pk")


class Appointment(Versioned):
    """A booking: who comes, when, to whom, into which room."""

    class Kind(models.TextChoices):
        CONSULTATION = "consultation", _("Consultation")
        SESSION = "session", _("Session")
        REVIEW = "review", _("Review")
        FOLLOW_UP = "follow-up", _("Follow-up")

    class Status(models.TextChoices):
        BOOKED = "booked", _("Booked")
        ARRIVED = "arrived", _("Arrived")
        IN_ROOM = "in-room", _("In room")
        DONE = "done", _("Done")
        CANCELLED = "cancelled", _("Cancelled")
        NO_SHOW = "no-show", _("Missed")

    HERE = (Status.ARRIVED, Status.IN_ROOM)
    FALLEN = (Status.CANCELLED, Status.NO_SHOW)

    patient = models.ForeignKey(
        Patient, verbose_name=_("patient"), on_delete=models.PROTECT, related_name="appointments"
    )
    course = models.ForeignKey(
        Course,
        verbose_name=_("course"),
        on_delete=models.PROTECT,
        related_name="appointments",
        null=True,
        blank=True,
    )
    follow_up = models.ForeignKey(
        "treatments.FollowUp",
        verbose_name=_("follow-up"),
        on_delete=models.PROTECT,
        related_name="appointments",
        null=True,
        blank=True,
    )
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    location = models.ForeignKey(
        Location, verbose_name=_("location"), on_delete=models.PROTECT, related_name="appointments"
    )
    starts_at = models.DateTimeField(_("starts at"))
    minutes = models.PositiveSmallIntegerField(
        _("minutes"), default=30, validators=[MinValueValidator(5), MaxValueValidator(480)]
    )
    practitioner = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("with"), on_delete=models.PROTECT, related_name="appointments"
    )
    room = models.ForeignKey(
        Room, verbose_name=_("room"), on_delete=models.PROTECT, related_name="appointments", null=True, blank=True
    )
    status = models.CharField(_("status"), max_length=9, choices=Status, default=Status.BOOKED)
    status_reason = models.CharField(_("reason"), max_length=300, blank=True, validators=[validate_plain_text])
    exception_reason = models.CharField(
        _("reason to book all the same"),
        max_length=300,
        blank=True,
        validators=[validate_plain_text],
        help_text=_("Needed on a closed day, outside the working hours, or sooner than the protocol's interval."),
    )
    series = models.UUIDField(_("booked together as"), null=True, blank=True, editable=False)
    arrived_at = models.DateTimeField(_("arrived at"), null=True, blank=True, editable=False)
    late_signs = late_signs_field()
    form_token = models.UUIDField(null=True, editable=False, unique=True)
    history = HistoricalRecords(excluded_fields=["form_token"])

    objects = AppointmentQuerySet.as_manager()

    # Annotated by `overlapping`.
    ends_at: datetime
    # Keys of appointments that are about to move along: they do not stand in this one's way.
    moves_along: Collection[int] = ()

    class Meta:
        verbose_name = _("appointment")
        verbose_name_plural = _("appointments")
        ordering = ["starts_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(minutes__gte=5, minutes__lte=480),
                name="appointment_lasts",
                violation_error_message=_("An appointment lasts from 5 minutes to 8 hours."),
            ),
            models.CheckConstraint(
                condition=Q(follow_up=None) | Q(kind="follow-up"),
                name="appointment_of_follow_up_is_one",
                violation_error_message=_("Only a follow-up appointment answers a follow-up."),
            ),
            TakenOnce(field="patient", shown_at="starts_at", statuses=STANDING, name="appointment_patient_once"),
            TakenOnce(
                field="practitioner", shown_at="practitioner", statuses=STANDING, name="appointment_practitioner_once"
            ),
            TakenOnce(field="room", shown_at="room", statuses=PLANNED, name="appointment_room_once"),
        ]
        indexes = [
            models.Index(fields=["location", "starts_at"], name="appointment_by_day"),
            models.Index(fields=["patient", "starts_at"], name="appointment_by_patient"),
            models.Index(fields=["practitioner", "starts_at"], name="appointment_by_practitioner"),
            models.Index(fields=["room", "starts_at"], name="appointment_by_room"),
            # Few appointments are booked together.
            models.Index(fields=["series"], condition=Q(series__isnull=False), name="appointment_of_series"),
            # As for sessions: few appointments answer a follow-up.
            models.Index(fields=["follow_up"], condition=Q(follow_up__isnull=False), name="appointment_of_follow_up"),
            models.Index(
                fields=["starts_at", "follow_up"],
                condition=Q(follow_up__isnull=False),
                name="appointment_return_by_day",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.patient.full_name}, {on_the_wall(self.starts_at)}"

    def get_absolute_url(self) -> str:
        return reverse("appointment", args=[self.public_id])

    @property
    def is_standing(self) -> bool:
        return self.status not in self.FALLEN

    @property
    def over_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.minutes)

    def meets(self, other: "Appointment") -> bool:
        """Say whether both are at some moment."""
        return self.starts_at < other.over_at and other.starts_at < self.over_at

    @classmethod
    def taken_once(cls) -> list[TakenOnce]:
        """Return the constraints that let nobody and no room be booked twice."""
        return [each for each in cls._meta.constraints if isinstance(each, TakenOnce)]
