from collections.abc import Iterable
from datetime import date, tzinfo
from decimal import Decimal
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Avg, Count, F, Min, OuterRef, Q, Subquery
from django.db.models.functions import TruncDate
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from clinic.models import Versioned
from clinic.quantities import held
from clinic.validators import validate_not_in_future, validate_plain_text
from patients.models import Patient, seen_by
from treatments.models.catalogue import TreatmentArea
from treatments.models.course import Course
from treatments.models.instrument import Instrument
from treatments.models.session import Session
from treatments.rules.response import Better

if TYPE_CHECKING:
    from clinic.models import User


class AssessmentQuerySet(models.QuerySet["Assessment"]):
    def visible_to(self, user: "User") -> "AssessmentQuerySet":
        return self.filter(seen_by(user, "course__patient"))

    def standing(self) -> "AssessmentQuerySet":
        """Leave out what was entered in error."""
        return self.filter(error_at=None)

    def for_page(self) -> "AssessmentQuerySet":
        """Load what a scoring's own page shows."""
        return self.select_related("assessed_by", "recorded_by", "error_by").prefetch_related(
            models.Prefetch("course", Course.objects.for_page()),
            models.Prefetch("scores", Score.objects.given().for_course_page()),
        )


class Assessment(Versioned):
    """A scoring or measuring of one patient on one day, by one person. What was measured is in its scores."""

    course = models.ForeignKey(Course, verbose_name=_("course"), on_delete=models.PROTECT, related_name="assessments")
    assessed_on = models.DateField(_("day"), validators=[validate_not_in_future])
    assessed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("scored by"), on_delete=models.PROTECT, related_name="assessments"
    )
    photo_based = models.BooleanField(
        _("scored from photographs"),
        default=False,
        help_text=_("What has to be felt is left out, so the total is another scale: Hexsel 0 to 12 instead of 15."),
    )
    blinded = models.BooleanField(
        _("scored blindly"),
        default=False,
        editable=False,
        help_text=_("Of a photo whose day the rater did not know."),
    )
    note = models.CharField(_("note"), max_length=500, blank=True, validators=[validate_plain_text])
    recorded_at = models.DateTimeField(_("recorded at"), auto_now_add=True, editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("recorded by"),
        on_delete=models.PROTECT,
        related_name="assessments_recorded",
        editable=False,
    )
    error_at = models.DateTimeField(_("entered in error, said at"), null=True, blank=True, editable=False)
    error_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("entered in error, said by"),
        on_delete=models.PROTECT,
        related_name="assessments_in_error",
        null=True,
        blank=True,
        editable=False,
    )
    error_reason = models.CharField(
        _("why it is an error"), max_length=300, blank=True, editable=False, validators=[validate_plain_text]
    )
    form_token = models.UUIDField(null=True, editable=False, unique=True)
    history = HistoricalRecords(excluded_fields=["form_token"])

    objects = AssessmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("assessment")
        verbose_name_plural = _("assessments")
        ordering = ["-assessed_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(error_at=None, error_by=None, error_reason="")
                | Q(error_at__isnull=False, error_by__isnull=False) & ~Q(error_reason=""),
                name="assessment_error_has_a_reason",
                violation_error_message=_("What was entered in error says who says so, and why."),
            ),
            models.CheckConstraint(
                condition=Q(blinded=False) | Q(photo_based=True),
                name="assessment_blinded_is_of_a_photo",
                violation_error_message=_("What is scored blindly is scored from photographs."),
            ),
        ]
        indexes = [models.Index(fields=["course", "-assessed_on", "-id"], name="assessment_by_course_latest")]

    def __str__(self) -> str:
        return f"{self.course}, {self.assessed_on:%Y-%m-%d}"

    def get_absolute_url(self) -> str:
        return reverse("assessment", args=[self.public_id])

    def clean(self) -> None:
        if self.assessed_on and self.assessed_on < self.course.started_on:
            text = _("The course starts on %(day)s. A scoring is not before that.")
            raise ValidationError({"assessed_on": text % {"day": date_format(self.course.started_on, "j F Y")}})
        died_on = self.course.patient.deceased_on
        if died_on and self.assessed_on and self.assessed_on > died_on:
            text = _("The patient died on %(day)s.")
            raise ValidationError({"assessed_on": text % {"day": date_format(died_on, "j F Y")}})

    @property
    def is_in_error(self) -> bool:
        return self.error_at is not None


class ScoreQuerySet(models.QuerySet["Score"]):
    def given(self) -> "ScoreQuerySet":
        """Leave out the scores that a correction took back."""
        return self.exclude(value=None)

    def standing(self) -> "ScoreQuerySet":
        """Return what counts: given, and of a scoring that was not entered in error."""
        return self.given().filter(assessment__error_at=None)

    def followed(self) -> "ScoreQuerySet":
        """Return what a course is followed by: standing, and not scored blindly.

        Blinded raters check each other, beside each other: in one line, one's value would seem to change into the
        other's.
        """
        return self.standing().filter(assessment__blinded=False)

    def of_course(self, course: Course) -> "ScoreQuerySet":
        return self.filter(assessment__course=course)

    def of_patient(self, patient: Patient) -> "ScoreQuerySet":
        return self.filter(assessment__course__patient=patient)

    def for_course_page(self) -> "ScoreQuerySet":
        """Load what a course's page shows, the oldest first."""
        return (
            self.select_related("instrument", "area", "assessment__assessed_by")
            .prefetch_related("instrument__items")
            .order_by("assessment__assessed_on", "assessment_id", "instrument__order", "area__order", "side", "pk")
        )

    def compared_with(
        self, course: Course, instrument: Instrument, *, photo_based: bool, most: int
    ) -> list[tuple[int, int, Decimal]]:
        """Return (course, sessions done by then, mean improvement of its areas) of comparable courses.

        Comparable: the newest `most` other courses of this protocol at this location, by the same scale in the same
        way. The improvement is `rules.response.improvement` in SQL, its baseline `rules.response.baseline`, and a day
        is the location's; `tests/treatments/test_clinic_median.py` ties both.
        """
        others = Course.objects.filter(protocol=course.protocol_id, location=course.location_id).exclude(pk=course.pk)
        newest = others.order_by("-started_on", "-pk").values("pk")[:most]
        scores = self.followed().filter(assessment__course__in=list(newest.values_list("pk", flat=True)))
        scores = scores.filter(instrument=instrument)
        if instrument.has_touch:
            scores = scores.filter(assessment__photo_based=photo_based)
        return scores.improvements(course.location.tz, instrument)

    def improvements(self, tz: tzinfo, instrument: Instrument) -> list[tuple[int, int, Decimal]]:
        """Return (course, sessions done by then, mean improvement of its areas), a day being that of the zone."""
        sessions = (
            Session.objects.counting()
            .filter(course=OuterRef("assessment__course"))
            .annotate(day=TruncDate("performed_at", tzinfo=tz))
            .order_by()
        )
        first = sessions.values("course").annotate(first=Min("day")).values("first")
        done = (
            sessions.filter(day__lte=OuterRef("assessment__assessed_on"))
            .values("course")
            .annotate(n=Count("pk"))
            .values("n")
        )
        before = Score.objects.followed().filter(
            assessment__course=OuterRef("assessment__course"),
            instrument=instrument,
            assessment__assessed_on__lte=OuterRef("first_on"),
        )
        if instrument.has_touch:
            before = before.filter(assessment__photo_based=OuterRef("assessment__photo_based"))
        if instrument.scope == Instrument.Scope.AREA:
            before = before.filter(area=OuterRef("area"))
        else:
            before = before.filter(area=None, side=OuterRef("side"))
        before = before.order_by("-assessment__assessed_on", "-assessment_id")
        rises = instrument.better is Better.HIGHER
        gain = F("value") - F("baseline") if rises else F("baseline") - F("value")
        rows = (
            self.order_by()
            .annotate(first_on=Subquery(first), after=Subquery(done))
            .filter(assessment__assessed_on__gt=F("first_on"))
            .annotate(baseline=Subquery(before.values("value")[:1]))
            .filter(baseline__gt=0)
            .annotate(improved=models.ExpressionWrapper(gain * 1.0 / F("baseline"), models.FloatField()))
            .values_list("assessment__course", "after")
            .annotate(mean=Avg("improved"))
            .order_by("assessment__course", "after")
        )
        return [(key, after, Decimal(str(round(mean, 6)))) for key, after, mean in rows]


class Score(models.Model):
    """One value of one instrument at one place of the body, with what it was made of."""

    class Side(models.TextChoices):
        LEFT = "left", _("left")
        RIGHT = "right", _("right")
        NONE = "", _("no side")

    assessment = models.ForeignKey(
        Assessment, verbose_name=_("assessment"), on_delete=models.PROTECT, related_name="scores"
    )
    instrument = models.ForeignKey(
        Instrument, verbose_name=_("instrument"), on_delete=models.PROTECT, related_name="scores"
    )
    area = models.ForeignKey(
        TreatmentArea,
        verbose_name=_("area"),
        on_delete=models.PROTECT,
        related_name="scores",
        null=True,
        blank=True,
    )
    side = models.CharField(_("side"), max_length=5, choices=Side, default=Side.NONE, blank=True)
    value = models.DecimalField(
        _("value"),
        max_digits=6,
        decimal_places=2,
        null=True,
        blank=True,
        help_text=_("A total, or the mean or median of readings in the stored unit. Empty: taken back."),
    )
    items = models.JSONField(_("items"), default=dict, blank=True, help_text=_("The value of each item by its code."))
    readings = models.JSONField(_("readings"), default=list, blank=True, help_text=_("Each reading, as text."))
    label = models.CharField(
        _("in words"), max_length=80, blank=True, help_text=_("The word of the scale as it was when this was scored.")
    )
    history = HistoricalRecords()

    objects = ScoreQuerySet.as_manager()

    class Meta:
        verbose_name = _("score")
        verbose_name_plural = _("scores")
        ordering = ["assessment", "instrument__order", "area__order", "side", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["assessment", "instrument", "area"],
                condition=Q(area__isnull=False),
                name="score_once_an_area",
                violation_error_message=_("This area is scored already."),
            ),
            models.UniqueConstraint(
                fields=["assessment", "instrument", "side"],
                condition=Q(area=None),
                name="score_once_a_side",
                violation_error_message=_("This is measured already."),
            ),
            models.CheckConstraint(
                condition=held("value", 0, Decimal("9999.99"), places=2),
                name="score_not_negative",
                violation_error_message=_("A score is between 0 and 9999.99."),
            ),
        ]
        indexes = [models.Index(fields=["instrument", "assessment"], name="score_by_instrument")]

    def __str__(self) -> str:
        return f"{self.instrument.short_name}, {self.place}" if self.place else self.instrument.short_name

    def clean(self) -> None:
        """Hold the value to its instrument: its range, its items, its place."""
        if self.value is None:
            return
        span = self.instrument.span(photo_based=self.assessment.photo_based)
        if not span.holds(self.value):
            text = _("%(name)s is from %(least)s to %(most)s.")
            raise ValidationError(
                {"value": text % {"name": self.instrument.name, "least": f"{span.least:f}", "most": f"{span.most:f}"}},
                code="range",
            )

    @property
    def place(self) -> str:
        """Return where in words: "Back thigh, left", "left", or nothing for the person."""
        return str(self.area) if self.area else str(self.get_side_display()) if self.side else ""

    @property
    def on(self) -> date:
        return self.assessment.assessed_on


def places_of(areas: Iterable[TreatmentArea], scope: str) -> list[tuple[TreatmentArea | None, str]]:
    """Return the (area, side) pairs at which an instrument of this scope is taken."""
    if scope == Instrument.Scope.AREA:
        return [(area, "") for area in areas]
    if scope == Instrument.Scope.SIDE:
        return [(None, Score.Side.LEFT.value), (None, Score.Side.RIGHT.value)]
    return [(None, "")]
