"""The patient's banner with the facts of a course beside it."""

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from patients.banner import Banner, banner
from patients.consents import consent_state
from patients.models import Patient
from treatments.models import Course, SideEffect
from treatments.progress import progress


def course_banner(course: Course, now: datetime) -> Banner:
    """Return the banner of a course that was loaded by `CourseQuerySet.for_page`."""
    today = course.location.today(now)
    now_at = progress(course, today)
    return banner(
        course.patient,
        today=today,
        facts=[
            (_("Course"), now_at.label),
            (_("Last session"), days_ago(now_at.days_since)),
            (_("Open reactions"), open_reactions(course.patient)),
            (_("Consent"), consent_state(course.patient, now).words),
        ],
    )


def days_ago(days: int | None) -> str:
    if days is None:
        return _("none yet")
    if days == 0:
        return _("today")
    return ngettext("%(count)s day ago", "%(count)s days ago", days) % {"count": days}


def open_reactions(patient: Patient) -> str:
    count = SideEffect.objects.of_patient(patient).standing().open().count()
    return str(count) if count else _("none")
