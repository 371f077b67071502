"""A decided erasure is withdrawn, with a reason, until it begins."""

from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from clinic.models import AuditEvent
from clinic.roles import Role
from patients.models import Erasure, Patient
from tests.factories import AppointmentFactory, ErasureFactory, LocationFactory, PatientFactory, UserFactory
from tests.treatments.forgotten import DUE, FAMILY, NOW, decided, found_in_tables, person, put_off
from treatments.actions.privacy import withdraw_erasure
from treatments.privacy import erasing
from treatments.privacy.erasing import erase, erase_all

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


@pytest.fixture(autouse=True)
def folders(settings, tmp_path):
    settings.PHOTO_ROOT = tmp_path / "photos"
    settings.DOSSIER_ROOT = tmp_path / "dossiers"
    settings.VAR_DIR = tmp_path / "var"
    settings.TOMBSTONES = tmp_path / "tombstones.jsonl"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(LATER, tick=False):
        yield


@pytest.fixture
def here():
    return LocationFactory(time_zone="UTC")


@pytest.fixture
def boss(here):
    return UserFactory(role=Role.ADMIN, locations=[here])


@pytest.fixture
def patient(here):
    return PatientFactory(location=here, family_name=FAMILY)


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def withdraw_url(erasure):
    return reverse("erasure-withdraw", args=[erasure.public_id])


def test_decision_is_withdrawn_with_a_reason_and_the_record_goes_on(boss, patient):
    erasure = put_off(patient)
    client = signed_in(boss)
    assert withdraw_url(erasure) in client.get(erasure.get_absolute_url()).content.decode()

    without = client.post(withdraw_url(erasure), {"reason": " "})
    response = client.post(withdraw_url(erasure), {"reason": "Took the wish back."})
    again = client.post(withdraw_url(erasure), {"reason": "Twice."})

    assert without.status_code == 200
    assert response.url == again.url == patient.get_absolute_url()
    erasure.refresh_from_db()
    assert (erasure.withdrawn_by, erasure.withdrawn_at, erasure.withdrawn_reason) == (
        boss,
        LATER,
        "Took the wish back.",
    )
    patient.refresh_from_db()
    assert patient.refusal_to_treat == ""
    assert erase_all(lambda: DUE) == 0
    assert patient.history.first().history_change_reason == "Erasure withdrawn"
    event = AuditEvent.objects.of_patient(patient.public_id).filter(detail__what="erasure-withdrawn").get()
    assert (event.act, event.by) == ("change", boss)
    assert "Nothing was erased." in client.get(erasure.get_absolute_url()).content.decode()
    assert "Withdrawn" in client.get(reverse("privacy")).content.decode()


def test_withdrawing_promises_no_more_than_it_does(boss, patient):
    patient.restrict(NOW, reason="A dispute")
    erasure = put_off(patient)
    client = signed_in(boss)

    certificate = client.get(erasure.get_absolute_url()).content.decode()
    form = client.get(withdraw_url(erasure)).content.decode()
    done = client.post(withdraw_url(erasure), {"reason": "A slip."}, follow=True).content.decode()
    after = client.get(erasure.get_absolute_url()).content.decode()

    for page in (certificate, form):
        assert "Will be erased from 3 Mar 2026, 14:00 on; until it begins it can be withdrawn." in page
    assert "The record is as before. It can be decided again." in form
    assert "is not erased. The record is as before." in done
    assert "It was decided and taken back. The record is as before." in after
    assert "Messages and booking go on" not in form
    assert "in use" not in form + done + after


def test_whoever_sees_a_record_in_an_emergency_only_is_not_led_to_withdrawing(boss, patient, monkeypatch):
    erasure = put_off(patient)
    client = signed_in(boss)
    monkeypatch.setattr(Patient, "is_lent_to", lambda self, user: True)

    assert withdraw_url(erasure) not in client.get(erasure.get_absolute_url()).content.decode()
    assert client.get(withdraw_url(erasure)).status_code == 403


def test_withdrawn_erasure_is_decided_again(patient, boss):
    withdraw_erasure(put_off(patient), reason="A slip.", by=boss, now=NOW)

    erase(put_off(patient), DUE)

    patient.refresh_from_db()
    assert patient.is_erased
    assert sorted(Erasure.objects.values_list("withdrawn_reason", flat=True)) == ["", "–"]


@pytest.mark.parametrize("role", [Role.STAFF, Role.CLINICIAN])
def test_nobody_else_withdraws_it(role, patient):
    erasure = put_off(patient)
    client = signed_in(UserFactory(role=role, locations=[patient.location]))

    assert client.post(withdraw_url(erasure), {"reason": "No."}).status_code == 403
    assert Erasure.objects.get().is_waiting


def test_erasure_that_is_done_is_not_withdrawn(boss, patient):
    erasure = put_off(patient)
    erase(erasure, DUE)

    shown = signed_in(boss).post(withdraw_url(erasure), {"reason": "Too late."}, follow=True).content.decode()

    assert "The erasure is done. It cannot be taken back." in shown
    assert Erasure.objects.get().withdrawn_at is None


def test_erasure_that_was_cut_off_after_the_files_went_is_not_withdrawn(monkeypatch, boss, here):
    erasure = decided(person(location=here))
    monkeypatch.setattr(erasing, "forget_person", lambda *args: 1 / 0)
    erase_all(lambda: DUE)

    with pytest.raises(ValidationError, match="has begun"):
        withdraw_erasure(erasure, reason="Too late.", by=boss, now=DUE)
    page = signed_in(boss).get(erasure.get_absolute_url()).content.decode()

    assert withdraw_url(erasure) not in page


def test_worker_that_took_it_up_before_it_was_withdrawn_leaves_everything(boss, here):
    patient = person(location=here)
    erasure = decided(patient)
    taken_up = Erasure.objects.claim(DUE)

    withdraw_erasure(erasure, reason="A slip.", by=boss, now=DUE)
    erase(taken_up, DUE)

    patient.refresh_from_db()
    assert not patient.is_erased
    assert len(found_in_tables()) > 20


def test_erasure_that_waits_for_somebody_is_withdrawn(boss, patient):
    AppointmentFactory(patient=patient, starts_at=DUE + timedelta(days=1))
    erasure = decided(patient)
    erase_all(lambda: DUE)

    withdraw_erasure(erasure, reason="A slip.", by=boss, now=DUE)

    assert not Erasure.objects.waiting().exists()


def test_database_keeps_no_withdrawal_without_a_reason_and_none_of_what_has_begun(boss):
    for facts in ({"withdrawn_at": NOW}, {"withdrawn_at": NOW, "withdrawn_by": boss}, {"withdrawn_reason": "x"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            ErasureFactory(done_at=None, **facts)
    with pytest.raises(IntegrityError), transaction.atomic():
        ErasureFactory(done_at=None, begun_at=NOW, withdrawn_at=NOW, withdrawn_by=boss, withdrawn_reason="x")
