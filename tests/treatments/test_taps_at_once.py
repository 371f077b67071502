"""Ten taps on a button in one moment, whatever the form: one row, and each tap is led to it."""

import uuid
from collections import Counter
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from clinic.roles import Role
from patients.models import Patient
from tests.factories import CourseFactory, LocationFactory, LotFactory, UserFactory
from tests.treatments.lot_forms import mixture
from tests.treatments.test_at_once import all_at_once
from treatments.models import Assessment, Preparation, StockChange

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture
def here():
    return LocationFactory(time_zone="UTC")


@pytest.fixture
def clinician(here):
    return UserFactory(role=Role.CLINICIAN, locations=[here])


@pytest.fixture
def course(here, clinician):
    return CourseFactory(patient__location=here, clinician=clinician)


def registration(course):
    form = {
        "form_token": str(uuid.uuid4()),
        "given_name": "Zoë",
        "family_name": "Ōno",
        "birth_date": "1988-02-02",
        "sex": "female",
        "location": course.location.pk,
        "preferred_channel": "phone",
        "allergies_asked": "none",
    }
    return "/patients/new/", form, Patient.objects.filter(family_name="Ōno")


def wasted(course):
    lot = LotFactory(location=course.location)
    form = {
        "form_token": str(uuid.uuid4()),
        "kind": "wasted",
        "amount_ml": "2",
        "reason": "Broken",
        "seen_ml": str(lot.received_ml),
    }
    return reverse("lot-change", args=[lot.public_id]), form, StockChange.objects.filter(lot=lot)


def mixed(course):
    now = timezone.now()
    lot = LotFactory(location=course.location, expires_on=timezone.localdate().replace(year=now.year + 1))
    form = mixture(
        (lot, "5"),
        mixed_at=f"{now - timedelta(hours=1):%Y-%m-%dT%H:%M}",
        use_by_at=f"{now + timedelta(hours=9):%Y-%m-%dT%H:%M}",
    )
    return reverse("preparation-new"), form, Preparation.objects.filter(name="Body mixture")


def scored(course):
    form = {
        "form_token": str(uuid.uuid4()),
        "assessed_on": str(timezone.localdate()),
        "assessed_by": course.clinician.pk,
        "girth-thigh-upper--left--1": "58.5",
        "girth-thigh-upper--left--2": "58.5",
    }
    return reverse("assessment-new", args=[course.public_id]), form, Assessment.objects.filter(course=course)


@pytest.mark.parametrize("form", [registration, wasted, mixed, scored], ids=lambda form: form.__name__)
def test_ten_taps_make_one_row(clinician, course, form):
    url, said, rows = form(course)

    answers = all_at_once(clinician, [(url, said)] * 10)

    assert (rows.count(), Counter(status for status, _where in answers)) == (1, {302: 10})
    assert len(set(answers)) == 1
