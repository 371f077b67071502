from datetime import date, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from clinic.quantities import held
from clinic.validators import validate_plain_text
from patients.models import seen_by
from treatments.models.catalogue import Protocol
from treatments.models.course import Course, CourseQuerySet
from treatments.rules.milestone import DAYS_AFTER_END

if TYPE_CHECKING:
    from clinic.models import User


class MilestoneReviewQuerySet(models.QuerySet["MilestoneReview"]):
    def visible_to(self, user: "User") -> "MilestoneReviewQuerySet":
        return self.filter(seen_by(user, "course__patient"))


class MilestoneReview(models.Model):
    """A clinician's decision about a course after a session: to go on, to change it, or to stop."""

    class Decision(models.TextChoices):
        CONTINUE = "continue", _("Continue")
        CHANGE = "change", _("Change")
        STOP = "stop", _("Stop")

    course = models.ForeignKey(
        Course, verbose_name=_("course"), on_delete=models.PROTECT, related_name="milestone_reviews"
    )
    after_session = models.PositiveSmallIntegerField(_("after session"), validators=[MinValueValidator(1)])
    decision = models.CharField(_("decision"), max_length=8, choices=Decision)
    reason = models.TextField(_("reason"), max_length=2000, validators=[validate_plain_text])
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("decided by"),
        on_delete=models.PROTECT,
        related_name="milestone_reviews",
    )
    decided_at = models.DateTimeField(_("decided at"))
    history = HistoricalRecords()

    objects = MilestoneReviewQuerySet.as_manager()

    class Meta:
        verbose_name = _("milestone review")
        verbose_name_plural = _("milestone reviews")
        ordering = ["course", "after_session", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["course", "after_session"],
                name="milestone_reviewed_once",
                violation_error_message=_("This milestone is reviewed already."),
            ),
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="milestone_review_has_a_reason",
                violation_error_message=_("A decision has a reason."),
            ),
            models.CheckConstraint(
                condition=held("after_session", 1, 1000),
                name="milestone_after_a_session",
                violation_error_message=_("A milestone is after a session."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.course}, {self.get_decision_display()}"


def waits_for_review(course: Course, today: date) -> bool:
    """Say whether a milestone of this course is asked for. `due_for_review` says it in SQL, and a test ties both.

    A stopped course was decided about; a completed one waits for its last review for two months.
    """
    if course.status == Course.Status.COMPLETED:
        return course.status_on >= today - timedelta(days=DAYS_AFTER_END)
    return course.is_running


def due_for_review(courses: CourseQuerySet, today: date) -> CourseQuerySet:
    """Return the courses whose last reached milestone no clinician has reviewed, annotated with it as `milestone`.

    The rules are `rules.milestone.due` and `waits_for_review` in SQL.
    """
    whens = [When(done__gte=F("planned_sessions"), then=F("planned_sessions"))]
    for protocol in Protocol.objects.only("pk", "milestones").order_by("pk"):
        whens += [
            When(protocol=protocol.pk, done__gte=number, then=Value(number))
            for number in reversed(protocol.milestones)
        ]
    waits = Q(status__in=Course.RUNNING) | Q(
        status=Course.Status.COMPLETED, status_on__gte=today - timedelta(days=DAYS_AFTER_END)
    )
    return (
        courses.filter(waits)
        .with_progress()
        .annotate(milestone=Case(*whens, default=Value(0), output_field=models.IntegerField()))
        .filter(milestone__gt=F("reviewed"))
    )
