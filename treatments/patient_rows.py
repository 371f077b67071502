"""The list of patients, each with the course that goes on and the last session: two queries for the page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Max

from patients.models import Patient
from treatments.models import Course, Session
from treatments.progress import Progress, progress

# Of several courses the one that is being treated is shown.
FIRST_SHOWN = [Course.Status.ACTIVE, Course.Status.PAUSED, Course.Status.PLANNED]


@dataclass(frozen=True)
class PatientRow:
    patient: Patient
    age: int
    course: Course | None
    progress: Progress | None
    last_session_at: datetime | None


def patient_rows(patients: Sequence[Patient], today: date) -> list[PatientRow]:
    """Return a row for each patient, in their order."""
    courses = running_courses(patients)
    last = last_sessions(patients)
    return [
        PatientRow(
            patient,
            patient.age(today),
            course := courses.get(patient.pk),
            progress(course, today) if course else None,
            last.get(patient.pk),
        )
        for patient in patients
    ]


def running_courses(patients: Sequence[Patient]) -> dict[int, Course]:
    """Return the course that goes on by patient, the latest where several do."""
    found = Course.objects.running().filter(patient__in=[patient.pk for patient in patients])
    loaded = found.select_related("protocol__indication", "location").with_progress()
    best_last = sorted(
        loaded, key=lambda course: (-FIRST_SHOWN.index(Course.Status(course.status)), course.started_on, course.pk)
    )
    return {course.patient_id: course for course in best_last}


def last_sessions(patients: Sequence[Patient]) -> dict[int, datetime]:
    """Return when each patient was treated last, follow-up treatments and drafts included."""
    sessions = Session.objects.standing().filter(course__patient__in=[patient.pk for patient in patients]).order_by()
    return dict(sessions.values_list("course__patient").annotate(last=Max("performed_at")))
