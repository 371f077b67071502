from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Count, ExpressionWrapper, F, Q
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from clinic.models import Versioned
from clinic.paging import MOST_COUNTED
from clinic.validators import validate_not_in_future, validate_plain_text
from patients.models import Patient, seen_by
from treatments.models.catalogue import SideEffectKind, TreatmentArea
from treatments.models.course import Course
from treatments.models.session import Session
from treatments.rules import reaction
from treatments.rules.reaction import SEVERE_GRADE, Clock, Judgement, ReviewReason

if TYPE_CHECKING:
    from clinic.models import User


def _expected_end() -> ExpressionWrapper:
    """NULL for a kind without an expected maximum: such a reaction is never prolonged."""
    return ExpressionWrapper(F("onset_at") + F("kind__expected_max"), output_field=models.DateTimeField())


def _interrupts() -> Q:
    return Q(reviewed_at=None) & (Q(kind__is_urgent=True) | Q(grade__gte=SEVERE_GRADE))


class SideEffectQuerySet(models.QuerySet["SideEffect"]):
    """The states here and those of `treatments.rules.reaction` are one rule in two languages; a test ties them."""

    def visible_to(self, user: "User") -> "SideEffectQuerySet":
        return self.filter(seen_by(user, "session__course__patient"))

    def of_patient(self, patient: Patient) -> "SideEffectQuerySet":
        return self.filter(session__course__patient=patient)

    def of_patients(self, patients: Iterable[Patient]) -> "SideEffectQuerySet":
        return self.filter(session__course__patient__in=[patient.pk for patient in patients])

    def of_course(self, course: Course) -> "SideEffectQuerySet":
        return self.filter(session__course=course)

    def open(self) -> "SideEffectQuerySet":
        return self.filter(resolved_at=None)

    def running(self, now: datetime) -> "SideEffectQuerySet":
        """Return what is open and inside its expected time."""
        return self._with_end().open().filter(Q(expected_end=None) | Q(expected_end__gte=now))

    def prolonged(self, now: datetime) -> "SideEffectQuerySet":
        """Return what is open past its expected time."""
        return self._with_end().open().filter(Q(expected_end__lt=now))

    def in_time(self) -> "SideEffectQuerySet":
        return self._with_end().filter(
            Q(resolved_at__lte=F("expected_end")) | Q(expected_end=None, resolved_at__isnull=False)
        )

    def resolved_late(self) -> "SideEffectQuerySet":
        return self._with_end().filter(resolved_at__gt=F("expected_end"))

    def to_review(self, now: datetime) -> "SideEffectQuerySet":
        """Return what a clinician must review, and has not."""
        grave = Q(kind__always_review=True) | Q(kind__is_urgent=True)
        grave |= Q(severity=SideEffect.Severity.SEVERE) | Q(grade__gte=SEVERE_GRADE)
        late = Q(resolved_at=None, expected_end__lt=now) | Q(resolved_at__gt=F("expected_end"))
        unseen = Q(reviewed_at=None) | Q(reviewed_at__lte=F("expected_end"))
        return self._with_end().filter((Q(reviewed_at=None) & grave) | (late & unseen))

    def urgent(self) -> "SideEffectQuerySet":
        """Return what heads every clinician's Today."""
        return self.filter(_interrupts())

    def with_urgency(self) -> "SideEffectQuerySet":
        """Annotate `is_urgent_now`, which `is_urgent` says of one."""
        return self.annotate(is_urgent_now=models.Case(models.When(_interrupts(), then=True), default=False))

    def before(self, moment: datetime) -> "SideEffectQuerySet":
        """Return what began before a moment, newest first."""
        return self.filter(onset_at__lt=moment).order_by("-onset_at", "-pk")

    def oldest_first(self) -> "SideEffectQuerySet":
        return self.order_by("recorded_at", "pk")

    def _with_end(self) -> "SideEffectQuerySet":
        return self.annotate(expected_end=_expected_end())

    def for_list(self) -> "SideEffectQuerySet":
        """Load what a row shows: patient, kind, area, who recorded it, and the session with its number."""
        return self.select_related("kind", "area", "recorded_by").prefetch_related(
            models.Prefetch(
                "session", Session.objects.with_number().select_related("course__patient", "course__location")
            )
        )

    def for_page(self) -> "SideEffectQuerySet":
        """Load what a reaction's own page shows."""
        return self.for_list().select_related("reviewed_by")

    def in_work_order(self, now: datetime) -> "SideEffectQuerySet":
        """Annotate `rank` and `ends_at`, by which the worst comes first: urgent, most over time, ending soonest."""
        return self._with_end().annotate(
            rank=models.Case(
                models.When(_interrupts(), then=0),
                models.When(resolved_at=None, expected_end__lt=now, then=1),
                default=2,
            ),
            ends_at=Coalesce("expected_end", "onset_at"),
        )

    def review_counts(self, now: datetime) -> tuple[int, int]:
        """Return how many are to be reviewed, and how many of them are urgent; counting stops at a page's patience."""
        found = self.to_review(now).with_urgency().order_by()[: MOST_COUNTED + 1]
        counts = found.aggregate(all=Count("pk"), urgent=Count("pk", filter=Q(is_urgent_now=True)))
        return counts["all"], counts["urgent"]

    def open_counts(self, now: datetime) -> tuple[int, int]:
        """Return how many are prolonged and how many run inside their time; counting stops as above."""
        found = self._with_end().open().order_by()[: MOST_COUNTED + 1]
        counts = found.aggregate(all=Count("pk"), over=Count("pk", filter=Q(expected_end__lt=now)))
        return counts["over"], counts["all"] - counts["over"]

    def of_kind(self, kind: SideEffectKind) -> "SideEffectQuerySet":
        return self.filter(kind=kind)

    def resolved(self) -> "SideEffectQuerySet":
        return self.exclude(resolved_at=None)


class SideEffect(Versioned):
    """A reaction observed after a session: a kind, an onset, and one day an end."""

    class Severity(models.TextChoices):
        """FHIR AdverseEvent severity."""

        MILD = "mild", _("Mild")
        MODERATE = "moderate", _("Moderate")
        SEVERE = "severe", _("Severe")

    class Grade(models.IntegerChoices):
        """CTCAE general grades (v5.0), in our words."""

        MILD = 1, _("1 · mild, nothing done")
        MODERATE = 2, _("2 · moderate, local treatment")
        SEVERE = 3, _("3 · severe, hospital or self-care limited")
        LIFE_THREATENING = 4, _("4 · life-threatening")
        DEATH = 5, _("5 · death")

    class Reporter(models.TextChoices):
        PATIENT = "patient", _("Patient")
        STAFF = "staff", _("Staff")
        CLINICIAN = "clinician", _("Clinician")

    session = models.ForeignKey(
        Session, verbose_name=_("session"), on_delete=models.PROTECT, related_name="side_effects"
    )
    area = models.ForeignKey(
        TreatmentArea,
        verbose_name=_("area"),
        on_delete=models.PROTECT,
        related_name="side_effects",
        null=True,
        blank=True,
    )
    kind = models.ForeignKey(
        SideEffectKind, verbose_name=_("kind"), on_delete=models.PROTECT, related_name="side_effects"
    )
    severity = models.CharField(_("severity"), max_length=8, choices=Severity)
    grade = models.PositiveSmallIntegerField(
        _("CTCAE grade"),
        choices=Grade,
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(5)],
    )
    onset_at = models.DateTimeField(_("began"), validators=[validate_not_in_future])
    resolved_at = models.DateTimeField(_("gone since"), null=True, blank=True, validators=[validate_not_in_future])
    reported_by = models.CharField(_("reported by"), max_length=9, choices=Reporter)
    action_taken = models.CharField(_("action taken"), max_length=500, blank=True, validators=[validate_plain_text])
    note = models.TextField(_("note"), max_length=4000, blank=True, validators=[validate_plain_text])
    recorded_at = models.DateTimeField(_("recorded at"), auto_now_add=True, editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("recorded by"),
        on_delete=models.PROTECT,
        related_name="side_effects_recorded",
        editable=False,
    )
    reviewed_at = models.DateTimeField(_("reviewed at"), null=True, blank=True, editable=False)
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("reviewed by"),
        on_delete=models.PROTECT,
        related_name="side_effects_reviewed",
        null=True,
        blank=True,
        editable=False,
    )
    review_note = models.TextField(_("assessment"), max_length=2000, blank=True, validators=[validate_plain_text])
    form_token = models.UUIDField(null=True, editable=False, unique=True)
    history = HistoricalRecords(excluded_fields=["form_token"])

    objects = SideEffectQuerySet.as_manager()

    class Meta:
        verbose_name = _("side effect")
        verbose_name_plural = _("side effects")
        ordering = ["-onset_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(resolved_at=None) | Q(resolved_at__gte=F("onset_at")),
                name="side_effect_resolves_after_onset",
                violation_error_message=_("It cannot be gone before it began."),
            ),
            models.CheckConstraint(
                condition=Q(grade=None) | Q(grade__gte=1, grade__lte=5),
                name="side_effect_grade_1_to_5",
                violation_error_message=_("A CTCAE grade is from 1 to 5."),
            ),
            models.CheckConstraint(
                condition=Q(reviewed_at=None, reviewed_by=None)
                | Q(reviewed_at__isnull=False, reviewed_by__isnull=False),
                name="side_effect_reviewed_by_someone",
                violation_error_message=_("A review has a reviewer."),
            ),
        ]
        indexes = [
            models.Index(
                fields=["onset_at", "kind", "session"], condition=Q(resolved_at=None), name="side_effect_open"
            ),
            models.Index(fields=["onset_at", "id"], name="side_effect_by_onset"),
            models.Index(
                fields=["severity", "grade", "kind"], condition=Q(reviewed_at=None), name="side_effect_unreviewed"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("side-effect", args=[self.public_id])

    def clean(self) -> None:
        if self.onset_at and self.session_id and self.onset_at < self.session.performed_at:
            raise ValidationError({"onset_at": _("This is before the session. A reaction begins after it.")})

    @property
    def title(self) -> str:
        """Return what and where: "Swelling, thigh, left"."""
        return f"{self.kind.name}, {str(self.area).lower()}" if self.area else self.kind.name

    @property
    def clock(self) -> Clock:
        return Clock(self.onset_at, self.kind.expected_max, self.resolved_at)

    @property
    def judgement(self) -> Judgement:
        return Judgement(
            always_review=self.kind.always_review or self.kind.is_urgent,
            severe=self.severity == self.Severity.SEVERE,
            grade=self.grade,
            reviewed=self.reviewed_at,
        )

    def state(self, now: datetime) -> reaction.State:
        return self.clock.state(now)

    def review_reasons(self, now: datetime) -> list[ReviewReason]:
        return reaction.review_reasons(self.clock, self.judgement, now)

    @property
    def is_urgent(self) -> bool:
        return reaction.interrupts(urgent_kind=self.kind.is_urgent, grade=self.grade, reviewed=self.reviewed_at)
