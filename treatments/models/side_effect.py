from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Count, F, Q
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from clinic.models import Versioned
from clinic.paging import MOST_COUNTED, bounded_count
from clinic.validators import validate_not_in_future, validate_plain_text
from patients.models import Patient, seen_by
from treatments.models.aftercare import AftercareAnswer
from treatments.models.catalogue import SideEffectKind, TreatmentArea
from treatments.models.course import Course
from treatments.models.session import Session
from treatments.rules import reaction
from treatments.rules.reaction import SEVERE_GRADE, Clock, Judgement, ReviewReason

if TYPE_CHECKING:
    from clinic.models import User


ROOM = 101  # for the urgent ones, in a count of all that ends

UNREVIEWED = Q(reviewed_at=None)
GRAVE = Q(grade__gte=SEVERE_GRADE)
INTERRUPTS = UNREVIEWED & (Q(is_of_urgent_kind=True) | GRAVE)
SERIOUS = UNREVIEWED & (Q(is_always_reviewed=True) | Q(severity="severe") | GRAVE)
RESOLVED_LATE = Q(resolved_at__gt=F("expected_end_at"))
# A review made while the reaction was inside its time does not answer for its running past it.
NOT_SEEN_LATE = UNREVIEWED | Q(reviewed_at__lte=F("expected_end_at"))


class SideEffectQuerySet(models.QuerySet["SideEffect"]):
    """The states here and those of `treatments.rules.reaction` are one rule in two languages; a test ties them."""

    def visible_to(self, user: "User") -> "SideEffectQuerySet":
        return self.filter(seen_by(user, "session__course__patient"))

    def standing(self) -> "SideEffectQuerySet":
        """Leave out those of a session that was entered in error: they are shown in the record, and no work."""
        return self.filter(session__entered_in_error_at=None)

    def of_patient(self, patient: Patient) -> "SideEffectQuerySet":
        return self.filter(session__course__patient=patient)

    def of_patients(self, patients: Iterable[Patient]) -> "SideEffectQuerySet":
        return self.filter(session__course__patient__in=[patient.pk for patient in patients])

    def of_course(self, course: Course) -> "SideEffectQuerySet":
        return self.filter(session__course=course)

    def begun_with_session(self) -> "SideEffectQuerySet":
        """Return, and lock, those that began with their session to the minute: they were there right after it."""
        return self.select_for_update(of=("self",)).filter(onset_at=F("session__performed_at"))

    def held(self) -> "SideEffectQuerySet":
        """Return them as stored now; nobody else saves them until the transaction ends."""
        return self.select_for_update(of=("self",)).select_related("kind", "area", "session").order_by("pk")

    def open(self) -> "SideEffectQuerySet":
        return self.filter(resolved_at=None)

    def running(self, now: datetime) -> "SideEffectQuerySet":
        """Return what is open and inside its expected time."""
        return self.open().filter(Q(expected_end_at=None) | Q(expected_end_at__gte=now))

    def prolonged(self, now: datetime) -> "SideEffectQuerySet":
        """Return what is open past its expected time."""
        return self.open().filter(expected_end_at__lt=now)

    def in_time(self) -> "SideEffectQuerySet":
        return self.filter(
            Q(resolved_at__lte=F("expected_end_at")) | Q(expected_end_at=None, resolved_at__isnull=False)
        )

    def resolved_late(self) -> "SideEffectQuerySet":
        return self.filter(RESOLVED_LATE)

    def to_review(self, now: datetime) -> "SideEffectQuerySet":
        """Return what a clinician must review, and has not.

        Each reason is looked up by an index of its own; as one condition with OR they would use none.
        """
        return self._for_any_reason(
            SERIOUS,
            Q(resolved_at=None, expected_end_at__lt=now) & NOT_SEEN_LATE,
            RESOLVED_LATE & NOT_SEEN_LATE,
        )

    def urgent(self) -> "SideEffectQuerySet":
        """Return what heads every clinician's Today."""
        return self.filter(INTERRUPTS)

    def _for_any_reason(self, *reasons: Q) -> "SideEffectQuerySet":
        first, *others = [SideEffect.objects.order_by().filter(reason).values("pk") for reason in reasons]
        return self.filter(pk__in=first.union(*others, all=True))

    def before(self, moment: datetime) -> "SideEffectQuerySet":
        """Return what began before a moment, newest first."""
        return self.filter(onset_at__lt=moment).order_by("-onset_at", "-pk")

    def oldest_first(self) -> "SideEffectQuerySet":
        return self.order_by("recorded_at", "pk")

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
        return self.annotate(
            rank=models.Case(
                models.When(INTERRUPTS, then=0),
                models.When(resolved_at=None, expected_end_at__lt=now, then=1),
                default=2,
            ),
            ends_at=Coalesce("expected_end_at", "onset_at"),
        )

    def review_counts(self, now: datetime, *, most: int = MOST_COUNTED) -> tuple[int, int]:
        """Return how many are to be reviewed, and how many of them are urgent.

        Counting ends a little above `most`, so that those beside the urgent ones are more than that, too.
        """
        urgent = self.urgent().order_by().values(all=models.Value(1)).annotate(n=Count("pk")).values("n")
        found = self.to_review(now).order_by().annotate(urgent_ones=models.Subquery(urgent))
        counts = found[: most + ROOM].aggregate(all=Count("pk"), urgent=models.Max("urgent_ones"))
        return counts["all"], counts["urgent"] or 0

    def open_counts(self, now: datetime, *, most: int = MOST_COUNTED) -> tuple[int, int]:
        """Return how many are prolonged and how many run inside their time, `most` + 1 standing for more."""
        return bounded_count(self.prolonged(now), most=most), bounded_count(self.running(now), most=most)

    def of_kind(self, kind: SideEffectKind) -> "SideEffectQuerySet":
        return self.filter(kind=kind)

    def resolved(self) -> "SideEffectQuerySet":
        return self.filter(resolved_at__isnull=False)


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
    # What follows from the kind, written with the row: a work list that asks each kind anew reads every reaction.
    expected_end_at = models.DateTimeField(
        _("expected to be gone by"),
        null=True,
        editable=False,
        help_text=_("Empty for a kind without an expected end."),
    )
    is_always_reviewed = models.BooleanField(_("always reviewed"), default=False, editable=False)
    is_of_urgent_kind = models.BooleanField(_("of an urgent kind"), default=False, editable=False)
    reported_by = models.CharField(_("reported by"), max_length=9, choices=Reporter)
    action_taken = models.CharField(_("action taken"), max_length=500, blank=True, validators=[validate_plain_text])
    note = models.TextField(_("note"), max_length=4000, blank=True, validators=[validate_plain_text])
    recorded_at = models.DateTimeField(_("recorded at"), auto_now_add=True, editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("recorded by"),
        on_delete=models.PROTECT,
        related_name="side_effects_recorded",
        null=True,
        blank=True,
        editable=False,
    )
    aftercare_answer = models.ForeignKey(
        AftercareAnswer,
        verbose_name=_("aftercare answer"),
        on_delete=models.PROTECT,
        related_name="side_effects",
        null=True,
        blank=True,
        editable=False,
        help_text=_("What the patient answered through the aftercare link. Empty where somebody recorded it."),
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
    history = HistoricalRecords(
        excluded_fields=["form_token", "expected_end_at", "is_always_reviewed", "is_of_urgent_kind"]
    )

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
            models.CheckConstraint(
                condition=Q(recorded_by__isnull=False, aftercare_answer=None)
                | Q(recorded_by=None, aftercare_answer__isnull=False, reported_by="patient"),
                name="side_effect_recorded_by_someone_or_by_the_patient",
                violation_error_message=_(
                    "Somebody here recorded it, or the patient reported it through the aftercare link."
                ),
            ),
        ]
        # One for each reason to be on the work list; what is over and seen is in none of them, and grows for ever.
        # Each holds every column that its condition names: SQLite takes it for no better than the table otherwise.
        indexes = [
            models.Index(
                fields=["expected_end_at", "resolved_at", "reviewed_at"],
                condition=Q(resolved_at=None),
                name="side_effect_open",
            ),
            models.Index(
                fields=["is_of_urgent_kind", "grade", "reviewed_at"], condition=INTERRUPTS, name="side_effect_urgent"
            ),
            models.Index(
                fields=["is_always_reviewed", "severity", "grade", "reviewed_at"],
                condition=SERIOUS,
                name="side_effect_serious",
            ),
            models.Index(
                fields=["resolved_at", "expected_end_at", "reviewed_at"],
                condition=RESOLVED_LATE & NOT_SEEN_LATE,
                name="side_effect_late",
            ),
            models.Index(
                fields=["resolved_at", "id"],
                condition=Q(resolved_at__isnull=False),
                name="side_effect_by_resolution",
            ),
            models.Index(fields=["onset_at", "id"], name="side_effect_by_onset"),
        ]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.expected_end_at = self.clock.expected_end
        self.is_always_reviewed = self.judgement.always_review
        self.is_of_urgent_kind = self.kind.is_urgent
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("side-effect", args=[self.public_id])

    def clean(self) -> None:
        if self.onset_at and self.session_id and self.onset_at < self.session.performed_at:
            raise ValidationError({"onset_at": _("This is before the session. A reaction begins after it.")})

    def move(self, by: timedelta) -> None:
        """Let it begin earlier or later. One recorded when it was over was told with its length, which stays."""
        if self.resolved_at and self.resolved_at <= self.recorded_at:
            self.resolved_at += by
        self.onset_at += by

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
        if self.session.is_in_error:
            return []
        return reaction.review_reasons(self.clock, self.judgement, now)

    @property
    def is_urgent(self) -> bool:
        return reaction.interrupts(urgent_kind=self.kind.is_urgent, grade=self.grade, reviewed=self.reviewed_at)
