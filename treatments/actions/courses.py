"""Starting, pausing, resuming and ending a course."""

from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from patients.models import Patient
from treatments.models import Course

# From a status to those it may turn into.
TURNS = {
    Course.Status.PLANNED: {Course.Status.ACTIVE, Course.Status.STOPPED},
    Course.Status.ACTIVE: {Course.Status.PAUSED, Course.Status.COMPLETED, Course.Status.STOPPED},
    Course.Status.PAUSED: {Course.Status.ACTIVE, Course.Status.COMPLETED, Course.Status.STOPPED},
    Course.Status.COMPLETED: {Course.Status.ACTIVE},
    Course.Status.STOPPED: {Course.Status.ACTIVE},
}


def refuse_additions(course: Course) -> None:
    """Raise `ValidationError` where nothing new comes into the record of a course: it is being erased, or was.

    The patient is held, as by whoever decides that. Call it in the transaction that writes.
    """
    for patient in Patient.objects.select_for_update(of=("self",), no_key=True).filter(courses=course):
        patient.refuse_additions()


@transaction.atomic
def turn(course: Course, status: Course.Status, *, on: date, reason: str = "", version: int) -> Course:
    """Give a course another status. Its follow-up stays as the sessions made it: it counts from the last of them.

    Raises `ValidationError` when the status cannot follow, a reason is missing, or a course would go on in a record
    that is being erased, and `VersionConflictError` when somebody changed the course since `version` was read.
    """
    if status in {Course.Status.PLANNED, Course.Status.ACTIVE}:
        # The course before its patient, as everybody holds them.
        Course.objects.select_for_update(of=("self",), no_key=True).get(pk=course.pk)
        refuse_additions(course)
    if status not in TURNS[Course.Status(course.status)]:
        raise ValidationError(
            _("A course that is %(now)s cannot become %(then)s.")
            % {"now": course.get_status_display().lower(), "then": Course.Status(status).label.lower()}
        )
    last = course.sessions.standing().order_by("performed_at").last()
    if status in Course.ENDED and last and on < course.day_of(last.performed_at):
        # A session after the end is a treatment at the follow-up: one that was meant to count would stop counting.
        raise ValidationError(
            {
                "on": _("The last session was on %(day)s.")
                % {"day": date_format(course.day_of(last.performed_at), "j F Y")}
            }
        )
    if course.status == Course.Status.PAUSED and status == Course.Status.ACTIVE:
        course.resumed_on = on
    course.status, course.status_on, course.status_reason = status, on, reason
    course.full_clean(exclude=["form_token"])
    return course.save_over(version)
