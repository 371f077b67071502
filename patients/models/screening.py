from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from clinic.fields import NormalizedCharField
from clinic.models import Versioned
from clinic.validators import validate_not_in_future, validate_plain_text
from patients.models.patient import Patient
from patients.models.patients_found import seen_by

if TYPE_CHECKING:
    from clinic.models import User


class ScreeningQuestionQuerySet(models.QuerySet["ScreeningQuestion"]):
    def asked_in(self, kind: str) -> "ScreeningQuestionQuerySet":
        """Return the questions asked today in a screening of this kind, in the order they are asked."""
        which = Q(in_full=True) if kind == Screening.Kind.FULL else Q(at_each_session=True)
        return self.filter(which, is_active=True).order_by("order", "pk")


class ScreeningQuestion(models.Model):
    """A question that is asked before somebody is treated, and what follows when the answer is yes."""

    class Rank(models.TextChoices):
        """How much a yes weighs. The division is a default of ours; an admin may draw it elsewhere."""

        ABSOLUTE = "absolute", _("Absolute: no treatment")
        RELATIVE = "relative", _("Relative: a clinician decides")

    class Scope(models.TextChoices):
        PERSON = "person", _("The person")
        AREA = "area", _("An area")
        PRODUCT = "product", _("A product")

    class Topic(models.TextChoices):
        """The groups in which a form asks, so that thirty questions can be taken in."""

        TODAY = "today", _("Today")
        REPRODUCTION = "reproduction", _("Pregnancy and breast-feeding")
        SKIN = "skin", _("Skin and the place to be treated")
        ALLERGIES = "allergies", _("Allergies")
        BLOOD = "blood", _("Heart, blood and vessels")
        ILLNESSES = "illnesses", _("Other illnesses")
        RECENT = "recent", _("Lately")
        EXPECTATIONS = "expectations", _("Expectations")

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = NormalizedCharField(_("name"), max_length=60, help_text=_("As lists and the banner say it: “Pregnant”."))
    question = models.CharField(_("question"), max_length=300, help_text=_("The sentence that is asked."))
    topic = models.CharField(_("group"), max_length=12, choices=Topic, default=Topic.ILLNESSES)
    rank = models.CharField(_("weight"), max_length=8, choices=Rank)
    scope = models.CharField(_("what it rules out"), max_length=7, choices=Scope, default=Scope.PERSON)
    action = models.CharField(_("what follows"), max_length=300, help_text=_("The sentence shown after a yes."))
    may_override = models.BooleanField(
        _("a clinician may override it"),
        default=False,
        help_text=_("Of an absolute one: with a reason, which is kept."),
    )
    detail_label = NormalizedCharField(
        _("asked after a yes"),
        max_length=100,
        blank=True,
        help_text=_("For example “Which medicine, since when”. Empty: nothing more has to be said."),
    )
    in_full = models.BooleanField(_("in the full screening"), default=True)
    at_each_session = models.BooleanField(_("at each session"), default=False)
    order = models.PositiveSmallIntegerField(_("order"), default=0)
    is_active = models.BooleanField(_("is asked"), default=True)
    history = HistoricalRecords()

    objects = ScreeningQuestionQuerySet.as_manager()

    class Meta:
        verbose_name = _("screening question")
        verbose_name_plural = _("screening questions")
        ordering = ["order", "pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_absolute(self) -> bool:
        return self.rank == self.Rank.ABSOLUTE


class ScreeningQuerySet(models.QuerySet["Screening"]):
    def visible_to(self, user: "User") -> "ScreeningQuerySet":
        return self.filter(seen_by(user, "patient"))

    def of_patient(self, patient: Patient) -> "ScreeningQuerySet":
        return self.filter(patient=patient)

    def in_force(self) -> "ScreeningQuerySet":
        """Leave out those entered in error."""
        return self.filter(entered_in_error_at=None)

    def full(self) -> "ScreeningQuerySet":
        return self.filter(kind=Screening.Kind.FULL)

    def before(self, moment: datetime) -> "ScreeningQuerySet":
        """Return what was known by a moment, what was answered in that very moment included."""
        return self.filter(answered_at__lte=moment)

    def for_page(self) -> "ScreeningQuerySet":
        """Load what a screening's own page shows beside its answers."""
        return self.select_related("patient__location", "recorded_by", "entered_in_error_by")


class Screening(Versioned):
    """The questions asked of one patient at one time. A question that was not asked has no answer."""

    class Kind(models.TextChoices):
        FULL = "full", _("Full screening")
        SHORT = "short", _("Short screening")

    patient = models.ForeignKey(
        Patient, verbose_name=_("patient"), on_delete=models.PROTECT, related_name="screenings"
    )
    kind = models.CharField(_("kind"), max_length=5, choices=Kind, default=Kind.FULL)
    answered_at = models.DateTimeField(_("answered at"), validators=[validate_not_in_future])
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("recorded by"),
        on_delete=models.PROTECT,
        related_name="screenings_recorded",
    )
    note = models.TextField(_("note"), max_length=2000, blank=True, validators=[validate_plain_text])
    form_token = models.UUIDField(null=True, editable=False, unique=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True, editable=False)
    entered_in_error_at = models.DateTimeField(_("entered in error"), null=True, blank=True, editable=False)
    entered_in_error_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("marked by"),
        on_delete=models.PROTECT,
        related_name="screenings_marked",
        null=True,
        blank=True,
        editable=False,
    )
    entered_in_error_reason = models.CharField(
        _("reason"), max_length=300, blank=True, validators=[validate_plain_text]
    )
    history = HistoricalRecords(excluded_fields=["form_token"])

    objects = ScreeningQuerySet.as_manager()

    class Meta:
        verbose_name = _("screening")
        verbose_name_plural = _("screenings")
        ordering = ["-answered_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(entered_in_error_at=None, entered_in_error_by=None, entered_in_error_reason="")
                | (
                    Q(entered_in_error_at__isnull=False, entered_in_error_by__isnull=False)
                    & ~Q(entered_in_error_reason="")
                ),
                name="screening_in_error_for_a_reason",
                violation_error_message=_("What was entered in error says who found it and why."),
            )
        ]
        indexes = [models.Index(fields=["patient", "-answered_at", "-id"], name="screening_by_patient")]

    def __str__(self) -> str:
        return str(self.get_kind_display())

    def get_absolute_url(self) -> str:
        return reverse("screening", args=[self.public_id])

    @property
    def is_in_force(self) -> bool:
        return self.entered_in_error_at is None

    def mark_entered_in_error(self, *, reason: str, by: "User", now: datetime, version: int) -> None:
        """Take it out of force. It stays in the record, with the reason.

        Raises `VersionConflictError` when somebody changed it since `version` was read.
        """
        self.entered_in_error_at, self.entered_in_error_by, self.entered_in_error_reason = now, by, reason
        self.save_over(version)


class ScreeningAnswerQuerySet(models.QuerySet["ScreeningAnswer"]):
    def newest_of(self, patient: Patient, before: datetime | None = None) -> "ScreeningAnswerQuerySet":
        """Return a patient's newest answer to each question ever asked, the screenings in error left out.

        `before` is a moment: what was answered later is left out as well.
        """
        in_force = Screening.objects.in_force().of_patient(patient)
        if before is not None:
            in_force = in_force.before(before)
        here, there = "screening__answered_at", OuterRef("screening__answered_at")
        newer = ScreeningAnswer.objects.filter(
            Q(**{f"{here}__gt": there}) | Q(**{here: there, "pk__gt": OuterRef("pk")}),
            question=OuterRef("question"),
            screening__in=in_force,
        )
        return (
            self.filter(~Exists(newer), screening__in=in_force)
            .select_related("question", "screening")
            .order_by("question__order", "pk")
        )

    def for_page(self) -> "ScreeningAnswerQuerySet":
        return self.select_related("question").order_by("question__order", "pk")


class ScreeningAnswer(models.Model):
    """What a patient answered to one question."""

    class Answer(models.TextChoices):
        NO = "no", _("No")
        YES = "yes", _("Yes")

    screening = models.ForeignKey(
        Screening, verbose_name=_("screening"), on_delete=models.PROTECT, related_name="answers"
    )
    question = models.ForeignKey(
        ScreeningQuestion, verbose_name=_("question"), on_delete=models.PROTECT, related_name="answers"
    )
    answer = models.CharField(_("answer"), max_length=3, choices=Answer)
    detail = models.CharField(_("detail"), max_length=300, blank=True, validators=[validate_plain_text])
    history = HistoricalRecords()

    objects = ScreeningAnswerQuerySet.as_manager()

    class Meta:
        verbose_name = _("screening answer")
        verbose_name_plural = _("screening answers")
        ordering = ["screening", "question__order", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["screening", "question"],
                name="screening_answer_once_a_question",
                violation_error_message=_("This question is answered already."),
            ),
            models.CheckConstraint(
                condition=Q(answer__in=["yes", "no"]),
                name="screening_answer_yes_or_no",
                violation_error_message=_("An answer is yes or no; a question that was not asked has none."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.question.name}: {self.get_answer_display()}"

    @property
    def is_yes(self) -> bool:
        return self.answer == self.Answer.YES
