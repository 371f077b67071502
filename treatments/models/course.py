from datetime import date, datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Count, F, Max, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from simple_history.models import HistoricalRecords

from clinic.models import Location, Versioned
from clinic.quantities import LARGEST_PRICE, held
from clinic.validators import validate_plain_text
from patients.models import Patient, seen_by
from treatments.models.catalogue import Protocol, TreatmentArea

if TYPE_CHECKING:
    from clinic.models import User


class CourseQuerySet(models.QuerySet["Course"]):
    def visible_to(self, user: "User") -> "CourseQuerySet":
        """Return the courses of the patients this person may see."""
        return self.filter(seen_by(user, "patient"))

    def of_patient(self, patient: Patient) -> "CourseQuerySet":
        return self.filter(patient=patient)

    def running(self) -> "CourseQuerySet":
        """Return the courses that go on: planned, active or paused."""
        return self.filter(status__in=Course.RUNNING)

    def with_progress(self) -> "CourseQuerySet":
        """Annotate `done`, `logged`, `last_session_at` and `reviewed`.

        `done` counts the signed sessions of the course itself, `logged` its drafts as well; the last one may be a
        draft or a follow-up's. `reviewed` is the last session after which a clinician decided, 0 for none.
        """
        from treatments.models.milestone_review import MilestoneReview  # noqa: PLC0415 -- imports course
        from treatments.models.session import Session  # noqa: PLC0415 -- session imports course

        own = Session.objects.standing().filter(course=OuterRef("pk")).order_by()
        made = MilestoneReview.objects.filter(course=OuterRef("pk")).order_by()
        logged = own.of_course_itself().values("course").annotate(n=Count("pk")).values("n")
        return self.annotate(
            done=Coalesce(Subquery(own.counting().values("course").annotate(n=Count("pk")).values("n")), 0),
            logged=Coalesce(Subquery(logged), 0),
            last_session_at=Subquery(own.values("course").annotate(last=Max("performed_at")).values("last")),
            reviewed=Coalesce(Subquery(made.values("course").annotate(last=Max("after_session")).values("last")), 0),
        )

    def for_page(self) -> "CourseQuerySet":
        """Load what a course's card shows: protocol, areas, clinician, progress."""
        return (
            self.select_related("protocol__indication", "clinician", "location", "patient__location")
            .prefetch_related("areas")
            .with_progress()
        )


class Course(Versioned):
    """One patient on one protocol, from the plan to the last session."""

    class Status(models.TextChoices):
        PLANNED = "planned", _("Planned")
        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")
        COMPLETED = "completed", _("Completed")
        STOPPED = "stopped", _("Stopped")

    RUNNING = (Status.PLANNED, Status.ACTIVE, Status.PAUSED)
    ENDED = (Status.COMPLETED, Status.STOPPED)

    patient = models.ForeignKey(Patient, verbose_name=_("patient"), on_delete=models.PROTECT, related_name="courses")
    protocol = models.ForeignKey(
        Protocol, verbose_name=_("protocol"), on_delete=models.PROTECT, related_name="courses"
    )
    areas = models.ManyToManyField(TreatmentArea, verbose_name=_("areas"), related_name="courses")
    planned_sessions = models.PositiveSmallIntegerField(
        _("planned sessions"), validators=[MinValueValidator(1), MaxValueValidator(60)]
    )
    price = models.DecimalField(
        _("agreed price a session"), max_digits=8, decimal_places=2, validators=[MinValueValidator(0)]
    )
    currency = models.CharField(_("currency"), max_length=3, editable=False)
    location = models.ForeignKey(
        Location, verbose_name=_("location"), on_delete=models.PROTECT, related_name="courses"
    )
    clinician = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("clinician"), on_delete=models.PROTECT, related_name="courses"
    )
    started_on = models.DateField(_("started on"))
    status = models.CharField(_("status"), max_length=9, choices=Status, default=Status.PLANNED)
    status_on = models.DateField(_("status since"))
    status_reason = models.CharField(_("reason"), max_length=500, blank=True, validators=[validate_plain_text])
    resumed_on = models.DateField(
        _("resumed on"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("After a pause. A screening from before it holds no more."),
    )
    form_token = models.UUIDField(null=True, editable=False, unique=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True, editable=False)
    history = HistoricalRecords(m2m_fields=[areas], excluded_fields=["form_token"])

    objects = CourseQuerySet.as_manager()

    # Annotated by `with_progress`.
    done: int
    logged: int
    last_session_at: datetime | None
    reviewed: int

    class Meta:
        verbose_name = _("course")
        verbose_name_plural = _("courses")
        ordering = ["-started_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(planned_sessions__gte=1, planned_sessions__lte=60),
                name="course_has_sessions",
                violation_error_message=_("A course has 1 to 60 sessions."),
            ),
            models.CheckConstraint(
                condition=held("price", 0, LARGEST_PRICE, places=2),
                name="course_price_not_negative",
                violation_error_message=_("A price is between 0 and 999,999.99."),
            ),
            models.CheckConstraint(
                condition=Q(status_on__gte=F("started_on")),
                name="course_status_after_start",
                violation_error_message=_("This day is before the course started."),
            ),
            models.UniqueConstraint(
                fields=["patient", "protocol"],
                condition=Q(status__in=["planned", "active", "paused"]),
                name="course_one_running_of_a_protocol",
                violation_error_message=_(
                    "A course of this protocol is running already. End it before another starts."
                ),
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["paused", "stopped"]) | ~Q(status_reason=""),
                name="course_pause_and_stop_have_a_reason",
                violation_error_message=_("Pausing or stopping a course needs a reason."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.protocol}, {self.started_on:%Y-%m-%d}"

    def get_absolute_url(self) -> str:
        return reverse("course", args=[self.public_id])

    def clean(self) -> None:
        """Keep the plan from falling below what was done. A course that went past its plan stays as it is."""
        planned = Course.objects.filter(pk=self.pk).values_list("planned_sessions", flat=True).first()
        if planned is None or self.planned_sessions is None or self.planned_sessions >= planned:
            return
        done = self.sessions.counting().count()
        if self.planned_sessions < done:
            text = ngettext("%(count)s session is done already.", "%(count)s sessions are done already.", done)
            raise ValidationError({"planned_sessions": text % {"count": done}})

    @property
    def is_running(self) -> bool:
        return self.status in self.RUNNING

    @property
    def has_ended(self) -> bool:
        return self.status in self.ENDED

    @property
    def takes_sessions(self) -> bool:
        """Say whether a session of the course may be logged: it goes on, and is not paused."""
        return self.is_running and self.status != self.Status.PAUSED

    def is_over_on(self, day: date) -> bool:
        """Say whether the course had ended before a day: what is given then is a treatment at the follow-up."""
        return self.has_ended and day > self.status_on

    def needs_screening_anew(self, screened_on: date, day: date) -> bool:
        """Say whether a screening of one day no longer holds on another, since the course was paused between them."""
        return self.resumed_on is not None and screened_on < self.resumed_on <= day

    def day_of(self, moment: datetime) -> date:
        """Return the calendar day of a moment at the place of the course."""
        return self.location.local(moment).date()
