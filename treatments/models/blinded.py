"""Scoring the photos of one view blindly: in random order, without days, sessions or names."""

import secrets
import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from patients.models import seen_by
from treatments.models.assessment import Assessment
from treatments.models.course import Course
from treatments.models.instrument import Instrument
from treatments.models.photo import Photo, Posture, View, shot_in_words

if TYPE_CHECKING:
    from clinic.models import User


def make_token() -> str:
    return secrets.token_hex(16)


class BlindedRunQuerySet(models.QuerySet["BlindedRun"]):
    def visible_to(self, user: "User") -> "BlindedRunQuerySet":
        """Return the runs of patients this user sees; one that goes on is its rater's alone."""
        return self.filter(seen_by(user, "course__patient")).filter(Q(rater=user) | Q(finished_at__isnull=False))

    def going_on(self) -> "BlindedRunQuerySet":
        return self.filter(finished_at=None)

    def finished(self) -> "BlindedRunQuerySet":
        return self.exclude(finished_at=None)

    def of_course(self, course: Course) -> "BlindedRunQuerySet":
        return self.filter(course=course)

    def like(self, run: "BlindedRun") -> "BlindedRunQuerySet":
        """Return the runs over the same photos by the same scale, whoever rates."""
        return self.filter(course=run.course_id, view=run.view, posture=run.posture, instrument=run.instrument_id)

    def for_page(self) -> "BlindedRunQuerySet":
        return self.select_related("rater").prefetch_related(
            models.Prefetch("course", Course.objects.for_page()), "instrument__items"
        )


class BlindedRun(models.Model):
    """One rater scoring the photos of one view by one scale. Its token decides the order and is on no page."""

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    course = models.ForeignKey(Course, verbose_name=_("course"), on_delete=models.PROTECT, related_name="blinded_runs")
    view = models.CharField(_("view"), max_length=23, choices=View)
    posture = models.CharField(_("posture"), max_length=10, choices=Posture, blank=True)
    instrument = models.ForeignKey(
        Instrument, verbose_name=_("instrument"), on_delete=models.PROTECT, related_name="blinded_runs"
    )
    rater = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("rater"), on_delete=models.PROTECT, related_name="blinded_runs"
    )
    token = models.CharField(max_length=32, default=make_token, editable=False)
    started_at = models.DateTimeField(_("started at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    history = HistoricalRecords(excluded_fields=["token"])

    objects = BlindedRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("blinded scoring")
        verbose_name_plural = _("blinded scorings")
        ordering = ["-started_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["course", "rater"],
                condition=Q(finished_at=None),
                name="blinded_run_one_at_a_time",
                violation_error_message=_("This rater has not finished another blinded scoring of this course."),
            ),
            models.CheckConstraint(
                condition=Q(finished_at=None) | Q(finished_at__gte=models.F("started_at")),
                name="blinded_run_ends_after_it_began",
                violation_error_message=_("A blinded scoring ends after it began."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title}, {self.started_at:%Y-%m-%d}"

    def get_absolute_url(self) -> str:
        return reverse("blinded-run", args=[self.public_id])

    @property
    def title(self) -> str:
        return shot_in_words(self.view, self.posture)

    @property
    def is_finished(self) -> bool:
        return self.finished_at is not None


class BlindedRating(models.Model):
    """What one rater said of one photo, or that it was skipped. It becomes a scoring once the run is finished.

    `given` is a list of {"area": code, "side": side, "items": {item code: value}}, empty of a skipped one. Until the
    end it stands here alone: a scoring has its day, and would tell the order.
    """

    run = models.ForeignKey(
        BlindedRun, verbose_name=_("blinded scoring"), on_delete=models.PROTECT, related_name="ratings"
    )
    photo = models.ForeignKey(Photo, verbose_name=_("photo"), on_delete=models.PROTECT, related_name="blinded_ratings")
    given = models.JSONField(_("given"), default=list, blank=True)
    rated_at = models.DateTimeField(_("rated at"))
    assessment = models.OneToOneField(
        Assessment,
        verbose_name=_("assessment"),
        on_delete=models.PROTECT,
        related_name="blinded_rating",
        null=True,
        blank=True,
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("blinded rating")
        verbose_name_plural = _("blinded ratings")
        ordering = ["run", "rated_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "photo"],
                name="photo_rated_once_a_run",
                violation_error_message=_("This photo is scored already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.run}, {self.photo_id}"

    @property
    def is_skipped(self) -> bool:
        return not self.given
