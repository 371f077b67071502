"""Deciding about a course at a milestone."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from treatments.actions.courses import turn
from treatments.models import Course, MilestoneReview
from treatments.rules.milestone import reached

if TYPE_CHECKING:
    from clinic.models import User

Decision = MilestoneReview.Decision


@transaction.atomic
def review(
    course: Course, *, after_session: int, decision: str, reason: str, by: "User", now: datetime
) -> MilestoneReview:
    """Write a clinician's decision about a course. To stop is to end the course: completed once all was given.

    Raises `ValidationError` for a milestone that is not reached, one that was decided otherwise already, a decision
    without a reason, and a course that may not be ended.
    """
    courses = Course.objects.select_for_update(of=("self",), no_key=True).select_related("protocol", "location")
    course = courses.get(pk=course.pk)
    if not reason.strip():
        raise ValidationError({"reason": _("Say why. It stays with the course.")})
    made = course.milestone_reviews.select_related("decided_by").filter(after_session=after_session).first()
    if made:
        if (made.decision, made.reason, made.decided_by) == (decision, reason, by):
            return made  # the second tap of two
        facts = {"name": made.decided_by.get_full_name(), "decision": made.get_decision_display().lower()}
        raise ValidationError(_("%(name)s decided already: %(decision)s.") % facts, code="decided")
    done = course.sessions.counting().count()
    if after_session != reached(done, course.protocol.milestones, course.planned_sessions):
        raise ValidationError(_("The course stands elsewhere by now. Read it again, then decide."), code="elsewhere")
    made = MilestoneReview(
        course=course, after_session=after_session, decision=decision, reason=reason, decided_by=by, decided_at=now
    )
    made.full_clean()
    made.save()
    if decision == Decision.STOP and course.is_running:
        is_complete = done >= course.planned_sessions and course.status != Course.Status.PLANNED
        status = Course.Status.COMPLETED if is_complete else Course.Status.STOPPED
        turn(course, status, on=course.location.today(now), reason=reason[:500], version=course.version)
    return made
