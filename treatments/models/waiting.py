"""The waiting list: who could come earlier, and what was offered to them.

Whether somebody waits still follows from the facts (`State`); the page that books closes nothing by hand.
"""

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from clinic.models import Location, Room, Versioned, Weekday
from clinic.quantities import held
from clinic.validators import validate_plain_text
from clinic.wall_clock import on_the_wall
from patients.models import Patient, seen_by
from treatments.models.appointment import Appointment
from treatments.models.course import Course
from treatments.rules import waiting as rule
from treatments.rules.waiting import Facts, Part, State

if TYPE_CHECKING:
    from clinic.models import User


def validate_weekdays(value: object) -> None:
    """Refuse anything but a list of different weekdays, Monday 0."""
    _validate_some(value, Weekday.values)


def validate_parts(value: object) -> None:
    """Refuse anything but a list of different parts of the day."""
    _validate_some(value, list(Part))


def _validate_some(value: object, known: Collection[Any]) -> None:
    is_list = isinstance(value, list) and all(type(each) in {int, str} for each in value)
    given = cast(list[Any], value) if is_list else []
    if not is_list or len(set(given)) != len(given) or not set(given) <= set(known):
        raise ValidationError(
            _now("A list of some of these, each once: %(known)s.") % {"known": ", ".join(map(str, known))}
        )


class WaitingQuerySet(models.QuerySet["Waiting"]):
    """Who waits is said here and in `treatments.rules.waiting`: one rule in two languages; a test ties them."""

    def visible_to(self, user: "User") -> "WaitingQuerySet":
        return self.filter(seen_by(user, "patient"))

    def at(self, location: Location) -> "WaitingQuerySet":
        """Return those of a place: of the patients who are treated there now."""
        return self.filter(patient__location=location)

    def with_facts(self) -> "WaitingQuerySet":
        """Annotate `is_booked`: since they began to wait, an appointment of that kind was booked that stands.

        One that was made before counts once it is booked anew; whoever is here for it as they join waits for another.
        """
        versions = Appointment.history.model.objects.filter(id=OuterRef("pk"))
        since = versions.filter(
            Q(history_type="+") | Q(status=Appointment.Status.BOOKED),
            history_date__gte=OuterRef(OuterRef("joined_at")),
        )
        booked = Appointment.objects.standing().filter(
            # A talk is one for whatever course; a session is of its own.
            Q(course=OuterRef("course")) | Q(kind__in=Waiting.WITHOUT_COURSE),
            Exists(since),
            patient=OuterRef("patient"),
            kind=OuterRef("kind"),
            starts_at__gte=OuterRef("joined_at"),
        )
        return self.annotate(is_booked=Exists(booked))

    def waiting(self, now: datetime, today: date) -> "WaitingQuerySet":
        """Return those who wait still; `today` is the day at their place. Call `with_facts` first."""
        goes_on = Q(course=None) | Q(kind=Appointment.Kind.FOLLOW_UP) | Q(course__status__in=Course.RUNNING)
        has_nothing = Q(appointment=None, is_booked=False)
        has_the_same = Q(
            appointment__status=Appointment.Status.BOOKED,
            appointment__starts_at__gt=now,
            appointment__starts_at__gte=F("instead_of_at"),
        )
        return self.filter(
            goes_on,
            has_nothing | has_the_same,
            Q(until_on=None) | Q(until_on__gte=today),
            removed_at=None,
            patient__deceased_on=None,
            patient__archived_at=None,
            patient__restricted_at=None,
            patient__erasure_decided_at=None,
        )

    def of_patient(self, patient: Patient) -> "WaitingQuerySet":
        return self.filter(patient=patient)

    def on_day(self, day: date) -> "WaitingQuerySet":
        """Return those who could come on a day, as they said."""
        said = self.annotate(said_days=Cast("weekdays", models.TextField()))
        any_day = Q(said_days="[]") | Q(said_days__contains=str(day.weekday()))
        return said.filter(any_day, Q(until_on=None) | Q(until_on__gte=day), from_on__lte=day)

    def for_list(self) -> "WaitingQuerySet":
        """Load what a row shows: patient, course, the appointment they have, and what was offered."""
        return self.select_related(
            "patient__location",
            "course__protocol__indication",
            "course__location",
            "practitioner",
            "joined_by",
            "removed_by",
            "appointment__practitioner",
            "appointment__room",
        ).prefetch_related(
            models.Prefetch("offers", WaitingOffer.objects.select_related("made_by", "practitioner", "appointment"))
        )

    def by_turn(self) -> "WaitingQuerySet":
        return self.order_by("need", "joined_at", "pk")


class Waiting(Versioned):
    """Somebody who could come earlier than they are booked, or who waits for a first hour."""

    class Need(models.IntegerChoices):
        CLINICAL = 1, _("A clinician asked for it")
        WISH = 2, _("The patient's wish")

    class Notice(models.IntegerChoices):
        """Hours between the call and the appointment that are enough: choices of ours."""

        AN_HOUR = 1, _("An hour")
        HALF_A_DAY = 4, _("Half a day")
        A_DAY = 24, _("A day")
        TWO_DAYS = 48, _("Two days")
        A_WEEK = 168, _("A week")

    WITHOUT_COURSE = (Appointment.Kind.CONSULTATION, Appointment.Kind.REVIEW)

    patient = models.ForeignKey(Patient, verbose_name=_("patient"), on_delete=models.PROTECT, related_name="waitings")
    kind = models.CharField(_("for"), max_length=12, choices=Appointment.Kind)
    course = models.ForeignKey(
        Course, verbose_name=_("course"), on_delete=models.PROTECT, related_name="waitings", null=True, blank=True
    )
    appointment = models.ForeignKey(
        Appointment,
        verbose_name=_("would give up"),
        on_delete=models.PROTECT,
        related_name="waitings",
        null=True,
        blank=True,
        editable=False,
    )
    instead_of_at = models.DateTimeField(
        _("booked for"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("When that appointment was as they began to wait. Once it is earlier, the waiting is over."),
    )
    minutes = models.PositiveSmallIntegerField(
        _("minutes"), default=30, validators=[MinValueValidator(5), MaxValueValidator(480)]
    )
    practitioner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("only with"),
        on_delete=models.PROTECT,
        related_name="waited_for",
        null=True,
        blank=True,
        help_text=_("Nobody chosen: with whoever is free."),
    )
    from_on = models.DateField(_("from"))
    until_on = models.DateField(
        _("until"), null=True, blank=True, help_text=_("The last day that helps. Left out: however long it takes.")
    )
    weekdays = models.JSONField(_("on"), default=list, blank=True, validators=[validate_weekdays])
    parts = models.JSONField(_("in the"), default=list, blank=True, validators=[validate_parts])
    notice_hours = models.PositiveSmallIntegerField(
        _("notice"), choices=Notice, default=Notice.A_DAY, help_text=_("How long before the hour a call is enough.")
    )
    need = models.PositiveSmallIntegerField(_("why"), choices=Need, default=Need.WISH)
    note = models.CharField(_("note"), max_length=300, blank=True, validators=[validate_plain_text])
    joined_at = models.DateTimeField(_("waits since"), editable=False)
    joined_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("put on the list by"),
        on_delete=models.PROTECT,
        related_name="waitings_joined",
        editable=False,
    )
    removed_at = models.DateTimeField(_("taken off at"), null=True, blank=True, editable=False)
    removed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("taken off by"),
        on_delete=models.PROTECT,
        related_name="waitings_removed",
        null=True,
        blank=True,
        editable=False,
    )
    removed_reason = models.CharField(
        _("why it was taken off"), max_length=300, blank=True, editable=False, validators=[validate_plain_text]
    )
    form_token = models.UUIDField(null=True, editable=False, unique=True)
    history = HistoricalRecords(excluded_fields=["form_token"])

    objects = WaitingQuerySet.as_manager()

    # Annotated by `with_facts`.
    is_booked: bool

    class Meta:
        verbose_name = _("waiting patient")
        verbose_name_plural = _("waiting list")
        ordering = ["need", "joined_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(minutes__gte=5, minutes__lte=480),
                name="waiting_lasts",
                violation_error_message=_("An appointment lasts from 5 minutes to 8 hours."),
            ),
            models.CheckConstraint(
                condition=Q(until_on=None) | Q(until_on__gte=F("from_on")),
                name="waiting_ends_after_it_begins",
                violation_error_message=_("The last day is before the first."),
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["consultation", "review"]) | Q(course__isnull=False),
                name="waiting_for_a_session_is_of_a_course",
                violation_error_message=_("Choose the course that this appointment belongs to."),
            ),
            models.CheckConstraint(
                condition=Q(appointment=None, instead_of_at=None)
                | Q(appointment__isnull=False, instead_of_at__isnull=False),
                name="waiting_knows_when_it_was_booked",
                violation_error_message=_("An appointment to give up has an hour."),
            ),
            models.CheckConstraint(
                condition=Q(removed_at=None, removed_by=None, removed_reason="")
                | (Q(removed_at__isnull=False, removed_by__isnull=False) & ~Q(removed_reason="")),
                name="waiting_removed_with_a_reason",
                violation_error_message=_("Say why the patient waits no more."),
            ),
        ]
        indexes = [
            models.Index(fields=["need", "joined_at"], condition=Q(removed_at__isnull=True), name="waiting_by_turn"),
            models.Index(fields=["-joined_at", "-id"], name="waiting_by_start"),
        ]

    def __str__(self) -> str:
        return f"{self.patient.full_name}, {self.get_kind_display()}, {self.joined_at:%Y-%m-%d}"

    def get_absolute_url(self) -> str:
        return reverse("waiting", args=[self.public_id])

    @property
    def location(self) -> Location:
        """Return the place: it follows the patient."""
        return self.patient.location

    @property
    def length(self) -> int:
        """Return how long they need, in minutes: as long as the appointment they would give up."""
        return self.appointment.minutes if self.appointment else self.minutes

    @property
    def notice(self) -> timedelta:
        return timedelta(hours=self.notice_hours)

    @property
    def goes_on(self) -> bool:
        """Say whether what they wait for is wanted still: a session of a running course, a return after its end."""
        return self.course is None or self.kind == Appointment.Kind.FOLLOW_UP or self.course.is_running

    @property
    def is_on_hold(self) -> bool:
        """Say whether nothing is offered for now: a paused course takes no session."""
        return self.kind == Appointment.Kind.SESSION and self.course is not None and not self.course.takes_sessions

    def state(self, now: datetime) -> State:
        """Return how it stands, from the facts that `WaitingQuerySet.with_facts` annotated."""
        one = self.appointment
        is_fulfilled = one is None and self.is_booked
        is_off = False
        if one is not None and self.instead_of_at is not None:
            is_fulfilled = one.is_standing and one.starts_at < self.instead_of_at
            is_off = one.status != Appointment.Status.BOOKED or one.starts_at <= now
        facts = Facts(
            is_removed=self.removed_at is not None,
            is_gone=bool(self.patient.refusal_to_treat),
            is_fulfilled=is_fulfilled,
            is_off=is_off,
            has_ended=not self.goes_on,
            until_on=self.until_on,
        )
        return rule.state(facts, self.location.today(now))


class WaitingOfferQuerySet(models.QuerySet["WaitingOffer"]):
    def of(self, waitings: Iterable[Waiting]) -> "WaitingOfferQuerySet":
        return self.filter(waiting__in=waitings)

    def latest_first(self) -> "WaitingOfferQuerySet":
        return self.order_by("-made_at", "-pk")


class WaitingOffer(models.Model):
    """A free hour offered to somebody who waits, and what came of it."""

    class Outcome(models.TextChoices):
        ASKED = "asked", _("Being asked")
        NO_ANSWER = "no-answer", _("No answer")
        DECLINED = "declined", _("Said no")
        BOOKED = "booked", _("Booked")

    waiting = models.ForeignKey(
        Waiting, verbose_name=_("waiting patient"), on_delete=models.PROTECT, related_name="offers"
    )
    starts_at = models.DateTimeField(_("starts at"))
    minutes = models.PositiveSmallIntegerField(_("minutes"))
    practitioner = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("with"), on_delete=models.PROTECT, related_name="offered_hours"
    )
    room = models.ForeignKey(
        Room, verbose_name=_("room"), on_delete=models.PROTECT, related_name="offers", null=True, blank=True
    )
    outcome = models.CharField(_("outcome"), max_length=9, choices=Outcome)
    appointment = models.ForeignKey(
        Appointment,
        verbose_name=_("appointment"),
        on_delete=models.PROTECT,
        related_name="offers",
        null=True,
        blank=True,
    )
    made_at = models.DateTimeField(_("at"))
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("by"), on_delete=models.PROTECT, related_name="offers_made"
    )
    form_token = models.UUIDField(null=True, editable=False, unique=True)

    objects = WaitingOfferQuerySet.as_manager()

    class Meta:
        verbose_name = _("offer to a waiting patient")
        verbose_name_plural = _("offers to waiting patients")
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome="booked", appointment__isnull=False)
                | (~Q(outcome="booked") & Q(appointment=None)),
                name="offer_booked_has_its_appointment",
                violation_error_message=_("What was booked names the appointment."),
            ),
            models.CheckConstraint(
                condition=held("minutes", 5, 480),
                name="offer_lasts",
                violation_error_message=_("An appointment lasts from 5 minutes to 8 hours."),
            ),
        ]
        indexes = [models.Index(fields=["waiting", "-made_at"], name="offer_latest")]

    def __str__(self) -> str:
        return f"{self.get_outcome_display()}, {on_the_wall(self.made_at)}"

    def is_asking(self, now: datetime) -> bool:
        """Say whether somebody is on the phone about it."""
        return self.outcome == self.Outcome.ASKED and rule.is_asking(self.made_at, now)

    @property
    def what_came(self) -> str:
        """Return the outcome in words, as it holds now: what was booked may have been taken back or moved since."""
        one = self.appointment
        if one and not (one.is_standing and one.starts_at == self.starts_at):
            return _now("Was booked")
        return self.get_outcome_display()

    def is_of(self, starts_at: datetime, practitioner: int) -> bool:
        """Say whether it was about that hour with that person (a key)."""
        return self.starts_at == starts_at and self.practitioner_id == practitioner
