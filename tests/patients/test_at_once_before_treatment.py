"""Two hands at the same moment on what is asked and signed, on the real database: one row, one reason."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client

from patients.models import Consent, Screening, ScreeningQuestion
from tests.factories import ConsentFactory, LocationFactory, PatientFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture
def here():
    return LocationFactory(time_zone="UTC")


@pytest.fixture
def nurse(here):
    return UserFactory(locations=[here])


@pytest.fixture
def patient(here):
    return PatientFactory(location=here)


def all_at_once(user, sendings):
    """Send each (address, form) from a thread of its own, all let go together; return the statuses."""
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


def test_six_taps_make_one_screening(nurse, patient):
    codes = ScreeningQuestion.objects.asked_in("full").values_list("code", flat=True)
    form = {"form_token": str(uuid.uuid4()), **{f"answer-{code}": "no" for code in codes}}

    found = all_at_once(nurse, [(f"{patient.get_absolute_url()}screening/new/", form)] * 6)

    assert found == [302] * 6
    assert Screening.objects.get().answers.count() == 30


def test_six_taps_make_one_consent(nurse, patient):
    form = {
        "form_token": str(uuid.uuid4()),
        "form_key": "treatment/en/1",
        "signer": "patient",
        "typed": patient.full_name,
    }

    found = all_at_once(nurse, [(f"{patient.get_absolute_url()}consents/new/", form)] * 6)

    assert found == [302] * 6
    assert Consent.objects.get().is_intact()


def test_of_two_tabs_withdrawing_at_once_one_reason_is_kept(nurse, patient):
    consent = ConsentFactory(patient=patient)
    forms = [{"version": 1, "withdrawal_reason": reason} for reason in ("This one", "That one")]

    found = all_at_once(nurse, [(consent.get_absolute_url(), form) for form in forms])

    consent.refresh_from_db()
    assert consent.version == 2
    assert consent.withdrawal_reason in {"This one", "That one"}
    assert consent.history.count() == 2
    assert found == [302, 302]
