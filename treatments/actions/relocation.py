"""Moving a patient to another place of the clinic, with all that is still to come."""

from datetime import datetime

from django.db import transaction

from clinic.models import Location
from patients.models import Patient


@transaction.atomic
def relocate(patient: Patient, place: Location, *, now: datetime, version: int) -> Patient:
    """Let a patient be treated at another place from now on.

    Every course goes along, ended ones too: their follow-ups are called from where they are. Agreed prices stay in
    their currency. Bookings ahead keep their time and their practitioner, and lose their room.
    Raises `VersionConflictError` when somebody changed the patient since `version` was read.
    """
    reason = f"The patient moved to {place.name}."
    courses = list(patient.courses.select_for_update(no_key=True).order_by("pk"))  # first of all rows, as everywhere
    patient.location = place
    patient.because(reason).save_over(version)
    for course in courses:
        course.location = place
        course.because(reason).save_over(course.version)
    for appointment in patient.appointments.booked_ahead(now).select_for_update(no_key=True):
        appointment.location, appointment.room = place, None
        appointment.because(reason).save_over(appointment.version)
    return patient
