"""Consents: what is signed stays as it was signed, and holds until its day or its withdrawal."""

import io
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core import serializers
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, transaction
from django.urls import reverse

from clinic.models.record import VersionConflictError
from clinic.roles import Role
from patients.models import Consent, ConsentForm, Patient
from tests.factories import (
    ConsentFactory,
    ConsentFormFactory,
    LocationFactory,
    PatientFactory,
    UserFactory,
    first_form,
)

pytestmark = pytest.mark.django_db

SIGNED = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
STROKES = [[[0.1, 0.5], [0.25, 0.4]], [[0.6, 0.6], [1, 0]]]


@pytest.mark.parametrize("purpose", ConsentForm.Purpose.values)
def test_a_new_clinic_has_a_published_text_of_each_purpose(purpose):
    form = first_form(purpose)

    assert form.is_published
    assert len(form.paragraphs) > 2
    form.full_clean()


@pytest.mark.parametrize("field", ["title", "text"])
def test_published_text_is_not_changed(field):
    form = first_form("treatment")
    setattr(form, field, "Nothing can happen.")

    with pytest.raises(ValidationError, match="Write the next version"):
        form.save()


@pytest.mark.parametrize(
    "change", [{"text": "Nothing can happen."}, {"title": "Other"}, {"published_at": None}, {"number": 7}]
)
def test_the_database_itself_refuses_to_reword_a_published_form(change):
    with pytest.raises(DatabaseError, match="not reworded"), transaction.atomic():
        ConsentForm.objects.filter(purpose="treatment").update(**change)

    assert first_form("treatment").is_published


def test_how_long_later_signatures_hold_may_be_changed():
    form = first_form("treatment")
    form.valid_months = 6
    form.save()

    assert first_form("treatment").valid_months == 6


def test_text_still_being_written_is_changed_freely():
    form = ConsentFormFactory()
    form.text = "Other words."
    form.save()

    assert form.paragraphs == ["Other words."]


@pytest.mark.parametrize(
    ("facts", "moment", "holds"),
    [
        ({}, SIGNED - timedelta(seconds=1), False),
        ({}, SIGNED, True),
        ({"expires_on": None}, datetime(2099, 1, 1, tzinfo=UTC), True),
        # Its last day, 2 March 2027, ends in Los Angeles at 8:00 of the next day in London.
        ({}, datetime(2027, 3, 3, 7, 59, tzinfo=UTC), True),
        ({}, datetime(2027, 3, 3, 8, 0, tzinfo=UTC), False),
        ({"withdrawn": datetime(2026, 5, 1, tzinfo=UTC)}, datetime(2026, 4, 30, 23, 59, tzinfo=UTC), True),
        ({"withdrawn": datetime(2026, 5, 1, tzinfo=UTC)}, datetime(2026, 5, 1, tzinfo=UTC), False),
    ],
)
def test_consent_holds_from_signing_to_its_last_day_or_its_withdrawal(facts, moment, holds):
    place = LocationFactory(time_zone="America/Los_Angeles")
    facts = dict(facts)
    withdrawn = facts.pop("withdrawn", None)
    consent = ConsentFactory(patient=PatientFactory(location=place), **facts)
    if withdrawn:
        by = UserFactory(role=Role.STAFF)
        consent.withdraw(reason="Changed her mind", by=by, now=withdrawn, version=1)

    assert Consent.objects.in_force(moment).exists() is holds
    assert consent.is_in_force(moment) is holds


def test_consent_is_intact_as_signed_and_after_a_withdrawal():
    consent = ConsentFactory(method="drawn", strokes=STROKES)
    consent.withdraw(reason="Moves away", by=consent.recorded_by, now=SIGNED + timedelta(days=1), version=1)

    stored = Consent.objects.get()

    assert len(stored.digest) == 64
    assert stored.is_intact()


def test_consent_is_intact_after_a_dump_of_the_data_is_loaded_back():
    ConsentFactory(method="drawn", strokes=STROKES, signed_at=SIGNED + timedelta(microseconds=123_456))
    dump = serializers.serialize("json", [*ConsentForm.objects.all(), *Consent.objects.all()])

    for row in serializers.deserialize("json", dump):
        row.save()

    assert Consent.objects.get().is_intact()


@pytest.mark.parametrize(
    "change",
    [
        {"signer_name": "Somebody Else"},
        {"signer_relation": "guardian"},
        {"signed_at": SIGNED + timedelta(seconds=1)},
        {"strokes": [[[0.1, 0.5], [0.25, 0.41]]]},
        {"method": "typed"},
    ],
)
def test_what_was_changed_after_signing_shows(change):
    ConsentFactory(method="drawn", strokes=STROKES)
    Consent.objects.update(**change)

    assert not Consent.objects.get().is_intact()


def test_consent_moved_to_another_patient_or_form_is_not_intact():
    ConsentFactory()
    Consent.objects.update(patient=PatientFactory())
    assert not Consent.objects.get().is_intact()

    Consent.objects.update(patient=Patient.objects.first(), form=first_form("contact"))
    assert not Consent.objects.get().is_intact()


def test_consent_is_withdrawn_once():
    consent = ConsentFactory()
    facts = {"reason": "Moves away", "by": consent.recorded_by, "now": SIGNED, "version": 1}
    Consent.objects.get().withdraw(**facts)

    with pytest.raises(VersionConflictError):
        consent.withdraw(**facts)


@pytest.mark.parametrize(
    "change",
    [
        {"withdrawn_at": SIGNED},
        {"withdrawal_reason": "Moves away"},
        {"signer_name": ""},
    ],
)
def test_database_refuses_half_a_withdrawal_and_no_signer(change):
    ConsentFactory()

    with pytest.raises(IntegrityError), transaction.atomic():
        Consent.objects.update(**change)


def test_consent_is_not_withdrawn_before_it_is_signed():
    consent = ConsentFactory()

    with pytest.raises(IntegrityError), transaction.atomic():
        consent.withdraw(
            reason="Early", by=consent.recorded_by, now=SIGNED - timedelta(minutes=1), version=consent.version
        )


def test_consents_of_other_places_are_not_seen():
    here, there = LocationFactory(), LocationFactory()
    consent = ConsentFactory(patient=PatientFactory(location=here))
    ConsentFactory(patient=PatientFactory(location=there))

    nurse = UserFactory(role=Role.STAFF, locations=[here])

    assert list(Consent.objects.visible_to(nurse)) == [consent]
    assert consent.expires_on == date(2027, 3, 2)


def test_longest_reason_is_kept_whole():
    consent = ConsentFactory()
    consent.withdraw(reason="x" * 300, by=consent.recorded_by, now=SIGNED, version=1)

    assert Consent.objects.get().withdrawal_reason == "x" * 300


@pytest.fixture
def manager(client):
    client.force_login(UserFactory(role=Role.ADMIN))
    return client


def form_page(form):
    return reverse("admin:patients_consentform_change", args=[form.pk])


def test_admin_writes_a_version_and_publishes_it(manager):
    form = ConsentFormFactory(number=2, valid_months=12)

    sent = {
        "purpose": form.purpose,
        "language": "en",
        "number": 2,
        "title": "Consent, reworded",
        "text": "Other words.",
        "valid_months": 6,
        "published_at_0": "2026-03-01",
        "published_at_1": "09:00",
    }
    manager.post(form_page(form), sent)

    form.refresh_from_db()
    assert (form.title, form.is_published) == ("Consent, reworded", True)

    manager.post(form_page(form), sent | {"text": "Once more.", "valid_months": 24})

    form.refresh_from_db()
    assert (form.text, form.valid_months) == ("Other words.", 24)


def test_admin_does_not_write_a_version_twice(manager):
    first = first_form("treatment")

    response = manager.post(
        reverse("admin:patients_consentform_add"),
        {"purpose": "treatment", "language": "en", "number": 1, "title": first.title, "text": "Other."},
    )

    assert "Give it the next number." in response.content.decode()


def test_file_of_texts_does_not_reword_a_published_one(manager):
    first = first_form("contact")
    rows = f"id,purpose,language,number,title,text,valid_months,published_at\n{first.pk},contact,en,1,New,Other,,\n"
    upload = io.BytesIO(rows.encode())
    upload.name = "texts.csv"

    page = manager.post(
        reverse("admin:patients_consentform_import"), {"format": "0", "resource": "0", "import_file": upload}
    )

    assert "Write the next version." in page.content.decode()
    assert first_form("contact").text == first.text
