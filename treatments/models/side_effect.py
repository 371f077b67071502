from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from clinic.models import Versioned
from clinic.validators import validate_not_in_future, validate_plain_text
from treatments.models.aftercare import AftercareAnswer
from treatments.models.catalogue import SideEffectKind, TreatmentArea
from treatments.models.photo import Photo
from treatments.models.session import Session
from treatments.models.sessions_found import SessionQuerySet
from treatments.models.side_effects_found import (
    CONTACT_NAMED,
    INTERRUPTS,
    NOT_SEEN_LATE,
    RESOLVED_LATE,
    REVIEW_NAMED,
    SERIOUS,
    SIGN_IN_SIGHT,
    SideEffectQuerySet,
)
from treatments.rules import assessing, reaction
from treatments.rules.reaction import Clock, Judgement, ReviewReason


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
    is_infection_sign = models.BooleanField(_("sign of a late infection"), default=False, editable=False)
    reported_by = models.CharField(_("reported by"), max_length=9, choices=Reporter)
    action_taken = models.CharField(_("action taken"), max_length=500, blank=True, validators=[validate_plain_text])
    note = models.TextField(_("note"), max_length=4000, blank=True, validators=[validate_plain_text])
    photos = models.ManyToManyField(
        Photo,
        verbose_name=_("photos"),
        related_name="side_effects",
        blank=True,
        help_text=_("What it looks like. Reactions logged together have them together."),
    )
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
    # The review that answers for how it stands, if there is one; `reviews` are all there ever were.
    review_note = models.TextField(_("assessment"), max_length=2000, blank=True, validators=[validate_plain_text])
    next_review_on = models.DateField(_("next review on"), null=True, blank=True, editable=False)
    came_back_at = models.DateTimeField(_("came back at"), null=True, blank=True, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("followed up by"),
        on_delete=models.PROTECT,
        related_name="side_effects_followed",
        null=True,
        blank=True,
        editable=False,
    )
    next_contact_on = models.DateField(_("next contact on"), null=True, blank=True, editable=False)
    # When those two days begin at the place: what is due is asked of every reaction, and places have their own days.
    review_due_at = models.DateTimeField(_("review due from"), null=True, editable=False)
    contact_due_at = models.DateTimeField(_("contact due from"), null=True, editable=False)
    entered_in_error_at = models.DateTimeField(_("entered in error"), null=True, blank=True, editable=False)
    entered_in_error_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("entered in error, said by"),
        on_delete=models.PROTECT,
        related_name="side_effects_in_error",
        null=True,
        blank=True,
        editable=False,
    )
    entered_in_error_reason = models.CharField(
        _("why it is in error"), max_length=300, blank=True, editable=False, validators=[validate_plain_text]
    )
    form_token = models.UUIDField(null=True, editable=False, unique=True)
    history = HistoricalRecords(
        excluded_fields=[
            *("form_token", "expected_end_at", "is_always_reviewed", "is_of_urgent_kind", "is_infection_sign"),
            *("review_due_at", "contact_due_at"),
        ]
    )

    objects = SideEffectQuerySet.as_manager()

    # Annotated by `for_list`: whether it began in the watch of a session of the patient.
    in_watch: bool

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
                condition=Q(entered_in_error_at=None, entered_in_error_by=None, entered_in_error_reason="")
                | Q(entered_in_error_at__isnull=False, entered_in_error_by__isnull=False)
                & ~Q(entered_in_error_reason=""),
                name="side_effect_error_has_a_reason",
                violation_error_message=_("What is entered in error says who said so, and why."),
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
                condition=Q(next_contact_on=None) | Q(owner__isnull=False),
                name="side_effect_contact_has_an_owner",
                violation_error_message=_("A next contact needs somebody who makes it."),
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
                fields=["is_always_reviewed", "severity", "grade", "came_back_at", "reviewed_at"],
                condition=SERIOUS,
                name="side_effect_serious",
            ),
            models.Index(
                fields=["resolved_at", "expected_end_at", "reviewed_at"],
                condition=RESOLVED_LATE & NOT_SEEN_LATE,
                name="side_effect_late",
            ),
            models.Index(
                fields=["is_infection_sign", "reviewed_at", "resolved_at"],
                condition=SIGN_IN_SIGHT,
                name="side_effect_watched",
            ),
            models.Index(fields=["review_due_at"], condition=REVIEW_NAMED, name="side_effect_review_due"),
            models.Index(fields=["contact_due_at", "owner"], condition=CONTACT_NAMED, name="side_effect_contact_due"),
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
        self.is_always_reviewed = self.is_of_reviewed_kind
        self.is_of_urgent_kind = self.kind.is_urgent
        self.is_infection_sign = self.kind.is_late_infection_sign
        self.review_due_at = self._begins(self.next_review_on)
        self.contact_due_at = self._begins(self.next_contact_on)
        super().save(*args, **kwargs)

    def _begins(self, day: date | None) -> datetime | None:
        """Return when a day begins at the place of the course."""
        return self.session.course.location.span(day)[0] if day else None

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
    def is_of_reviewed_kind(self) -> bool:
        return self.kind.always_review or self.kind.is_urgent

    @property
    def judgement(self) -> Judgement:
        return Judgement(
            always_review=self.is_of_reviewed_kind,
            severe=self.severity == self.Severity.SEVERE,
            grade=self.grade,
            reviewed=self.reviewed_at,
            came_back=self.came_back_at is not None,
            suspected=self.is_suspected_infection,
            review_due=self.review_due_at,
        )

    def watching_sessions(self) -> SessionQuerySet:
        """Return the sessions of the patient in whose watch it began, of any course, signed or not: all were given."""
        return (
            Session.objects.standing().of_patient(self.session.course.patient).watching(self.onset_at.astimezone(UTC))
        )

    @property
    def is_suspected_infection(self) -> bool:
        """Say whether it is a sign of a late infection. Asks the database unless `for_list` has."""
        if not self.kind.is_late_infection_sign:
            return False
        return self.in_watch if "in_watch" in self.__dict__ else self.watching_sessions().exists()

    @property
    def outcomes(self) -> list[assessing.Outcome]:
        """Return the outcomes that agree with this record, the one it speaks for first."""
        return assessing.outcomes(is_open=self.resolved_at is None, grade=self.grade)

    def is_contact_due(self, now: datetime) -> bool:
        return self.contact_due_at is not None and self.contact_due_at <= now

    def state(self, now: datetime) -> reaction.State:
        return self.clock.state(now)

    @property
    def is_in_error(self) -> bool:
        return self.entered_in_error_at is not None

    @property
    def stands(self) -> bool:
        return not self.is_in_error and not self.session.is_in_error

    @property
    def is_clinicians_to_take_back(self) -> bool:
        """Say whether only a clinician may call it an error: if urgent, reviewed, or reported by the patient."""
        return bool(self.is_urgent or self.reviewed_at or self.aftercare_answer_id)

    def review_reasons(self, now: datetime) -> list[ReviewReason]:
        if not self.stands:
            return []
        return reaction.review_reasons(self.clock, self.judgement, now)

    @property
    def is_urgent(self) -> bool:
        return reaction.interrupts(urgent_kind=self.kind.is_urgent, grade=self.grade, reviewed=self.reviewed_at)
