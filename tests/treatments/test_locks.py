"""Two people whose rows name each other's: neither waits for the other for ever."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from clinic.roles import Role
from patients.models import Screening
from tests.factories import CourseFactory, LocationFactory, UserFactory
from treatments.actions.appointments import refuse_overlap
from treatments.actions.windows import lock
from treatments.models import Appointment

# Migrations' catalogue is data: a plain transactional test would leave an empty one behind.
pytestmark = [
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
    pytest.mark.skipif(not connection.features.has_select_for_no_key_update, reason="this database locks no rows"),
]


def test_a_session_is_saved_while_the_next_one_is_booked():
    """One holds the course and writes of its patient; the other holds the patient and writes of the course."""
    here = LocationFactory(time_zone="UTC")
    doctor = UserFactory(role=Role.CLINICIAN, locations=[here])
    course = CourseFactory(patient__location=here, clinician=doctor)
    now = timezone.now()
    booking = Appointment(
        patient=course.patient,
        course=course,
        kind=Appointment.Kind.SESSION,
        location=here,
        practitioner=doctor,
        starts_at=now + timedelta(days=7),
        minutes=30,
    )
    both_hold = threading.Barrier(2)

    def save_session():
        lock(course.pk)
        both_hold.wait(timeout=30)
        Screening.objects.create(
            patient=course.patient, kind=Screening.Kind.SHORT, answered_at=now, recorded_by=doctor
        )

    def book():
        refuse_overlap(booking)
        both_hold.wait(timeout=30)
        booking.save()

    def run(act):
        try:
            with transaction.atomic():
                act()
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, [save_session, book]))

    assert (Screening.objects.count(), Appointment.objects.count()) == (1, 1)
