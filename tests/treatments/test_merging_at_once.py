"""Two admins at the same moment, on the real database: no record is lost in the other, and no session is in two."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from clinic.roles import Role
from patients.models import Allergy, Consent, MergeOfRecords, Patient
from tests.factories import (
    AllergyFactory,
    ConsentFactory,
    CourseFactory,
    LocationFactory,
    PatientFactory,
    SessionFactory,
    UserFactory,
    make_ready,
)
from treatments.merging import Pair
from treatments.models import Session, SessionCorrection

# Migrations' catalogue is data: a plain transactional test would leave an empty one behind.
pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

PERFORMED = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)


@pytest.fixture
def here():
    return LocationFactory(time_zone="UTC")


@pytest.fixture
def admin(here):
    return UserFactory(role=Role.ADMIN, locations=[here])


@pytest.fixture
def pair(here):
    one, other = PatientFactory(location=here), PatientFactory(location=here)
    for patient in (one, other):
        ConsentFactory(patient=patient)
        AllergyFactory(patient=patient)
    return one, other


def all_at_once(user, sendings):
    """Send each (address, form) from a thread of its own, all let go together; return the status of each."""
    gate = threading.Barrier(len(sendings))

    def send(sending):
        client = Client()
        client.force_login(user)
        try:
            gate.wait(timeout=30)
            return client.post(*sending).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(len(sendings)) as pool:
        return list(pool.map(send, sendings))


def sending(survivor, other):
    found = Pair(survivor, other)
    form = {
        "with": str(other.public_id),
        "mark": found.mark,
        "form_token": str(uuid.uuid4()),
        "reason": "Asked at the desk.",
        **{value.name: value.proposed for value in found.differing},
    }
    return reverse("patient-merge", args=[survivor.public_id]), form


def test_two_admins_who_merge_the_same_two_either_way_at_once_make_one_merge(admin, pair):
    one, other = pair

    all_at_once(admin, [sending(one, other), sending(other, one)])

    made = MergeOfRecords.objects.get()
    assert Patient.objects.exclude(merged_into=None).get() == made.merged
    assert Patient.objects.get(pk=made.survivor_id).merged_into is None
    assert set(Consent.objects.values_list("patient", flat=True)) == {made.survivor_id}
    assert set(Allergy.objects.values_list("patient", flat=True)) == {made.survivor_id}


def test_one_form_sent_many_times_at_once_merges_once(admin, pair):
    statuses = all_at_once(admin, [sending(*pair)] * 5)

    assert set(statuses) == {302}
    assert MergeOfRecords.objects.count() == 1


def test_three_records_merged_in_a_ring_at_once_lose_nobody(admin, pair, here):
    one, other = pair
    third = PatientFactory(location=here)
    ConsentFactory(patient=third)

    all_at_once(admin, [sending(one, other), sending(other, third), sending(third, one)])

    standing = Patient.objects.filter(merged_into=None)
    assert standing.exists()
    assert {patient.surviving for patient in Patient.objects.all()} <= set(standing)
    assert set(Consent.objects.values_list("patient", flat=True)) <= {patient.pk for patient in standing}


def test_merge_undone_twice_at_once_is_undone_once(admin, pair):
    address, form = sending(*pair)
    client = Client()
    client.force_login(admin)
    client.post(address, form)
    made = MergeOfRecords.objects.get()
    mark = client.get(made.get_absolute_url()).context["undoing"].mark

    all_at_once(admin, [(made.get_absolute_url(), {"reason": "Two people.", "mark": mark})] * 4)

    made.refresh_from_db()
    assert made.is_undone
    assert made.history.count() == 2
    assert {consent.patient_id for consent in Consent.objects.all()} == {patient.pk for patient in pair}


def test_session_of_the_wrong_patient_sent_to_two_records_at_once_stands_in_one(admin, here):
    course, *others = (make_ready(CourseFactory(patient__location=here)) for _each in range(3))
    session = SessionFactory(course=course, performed_at=PERFORMED, given=True)
    address = reverse("session-wrong-patient", args=[session.public_id])
    forms = [
        {
            "to": str(each.patient.public_id),
            "course": str(each.public_id),
            "version": session.version,
            "reason": "One name.",
        }
        for each in (*others, *others)
    ]

    all_at_once(admin, [(address, form) for form in forms])

    assert SessionCorrection.objects.count() == 1
    assert Session.objects.standing().count() == 1
