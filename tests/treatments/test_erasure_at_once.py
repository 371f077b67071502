"""Somebody withdraws, or writes, at the very moment at which the worker erases or an admin decides."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from patients.actions import write_for
from patients.models import Erasure, Patient
from tests.factories import CourseFactory, PatientFactory, PhotoFactory, UserFactory
from tests.treatments.forgotten import DUE, NOW, decided
from treatments.actions import privacy
from treatments.actions.privacy import decide_erasure, withdraw_erasure
from treatments.models import Course, Photo
from treatments.photo_files import INCOMING, vault
from treatments.privacy.erasing import erase_all

# Migrations' catalogue is data: a plain transactional test would leave an empty one behind.
pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture(autouse=True)
def folders(settings, tmp_path):
    settings.PHOTO_ROOT = tmp_path / "photos"
    settings.DOSSIER_ROOT = tmp_path / "dossiers"
    settings.VAR_DIR = tmp_path / "var"
    settings.TOMBSTONES = tmp_path / "tombstones.jsonl"


def both_at_once(*acts):
    """Do each act in a thread of its own, all let go together; return what each returned, or how it was refused."""
    gate = threading.Barrier(len(acts))

    def do(act):
        try:
            gate.wait(timeout=30)
            return act()
        except ValidationError as error:
            return error.messages[0]
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(do, acts))


@pytest.mark.parametrize("time", range(3))
def test_of_withdrawing_and_erasing_at_once_one_comes_first(time):
    photo = PhotoFactory()
    patient, boss = photo.course.patient, UserFactory()
    vault().write(photo.stored_name, INCOMING, b"pixels")
    erasure = decided(patient)

    both_at_once(lambda: withdraw_erasure(erasure, reason="A slip.", by=boss, now=DUE), lambda: erase_all(lambda: DUE))

    erasure.refresh_from_db()
    patient.refresh_from_db()
    is_erased = erasure.done_at is not None
    assert is_erased == (erasure.withdrawn_at is None) == patient.is_erased
    assert vault().path(photo.stored_name, INCOMING).exists() != is_erased
    assert (Photo.objects.get().state == Photo.State.FAILED) == is_erased
    assert patient.erasure_decided_at is None


@pytest.mark.parametrize("time", range(3))
def test_of_deciding_and_beginning_a_course_at_once_the_second_sees_the_first(time, monkeypatch):
    monkeypatch.setattr(privacy, "ring", lambda task: None)  # the worker comes later
    patient, boss, plan = PatientFactory(), UserFactory(), CourseFactory()

    def begin():
        return write_for(
            patient,
            lambda: Course.objects.create(
                patient=patient,
                protocol=plan.protocol,
                planned_sessions=15,
                price=plan.price,
                currency=plan.currency,
                location=patient.location,
                clinician=plan.clinician,
                started_on=NOW.date(),
                status_on=NOW.date(),
            ),
        )

    _decided, came = both_at_once(
        lambda: decide_erasure(patient, ground="withdrawn", by=boss, now=NOW, today=NOW.date()), begin
    )

    assert Erasure.objects.waiting().get().patient == patient
    assert Patient.objects.get(pk=patient.pk).erasure_decided_at == NOW
    refused = "The patient is being erased. Nothing is added to this record."
    assert came == refused or came.patient_id == patient.pk
    assert Course.objects.filter(patient=patient).exists() == (came != refused)
