"""What the desk does that writes several rows of a patient's record together."""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from clinic.models import User
from patients.models import (
    Allergy,
    Consent,
    MessageChoice,
    Patient,
    ReturnedAddress,
    Screening,
    ScreeningAnswer,
)
from patients.models.address import ERASED

Written = TypeVar("Written")


@transaction.atomic
def write_for(patient: Patient, act: Callable[[], Written]) -> Written:
    """Write something new of a patient, or nothing.

    Raises `RecordMergedError` for a record merged meanwhile, `ValidationError` while the patient is being erased.
    """
    Patient.objects.hold(patient).refuse_additions()
    return act()


@transaction.atomic
def register(patient: Patient, *, allergies: Iterable[Allergy], asked_on: date | None) -> Patient:
    """Save a new patient with the allergies named; `asked_on` is None when nobody asked."""
    patient.allergies_asked_on = asked_on
    patient.save()
    for allergy in allergies:
        allergy.patient = patient
        allergy.save()
    return patient


@transaction.atomic
def record_allergy(patient: Patient, allergy: Allergy, *, today: date) -> Allergy:
    """Add an allergy: whoever names one has been asked."""
    if patient.allergies_asked_on == today:
        Patient.objects.hold(patient)
    else:
        patient.note(allergies_asked_on=today)  # holds the record as well
    allergy.patient = patient
    allergy.save()
    return allergy


@transaction.atomic
def ask_none_known(patient: Patient, *, today: date) -> None:
    """Note that the patient was asked today and knows of no allergy.

    Raises `ValidationError` while an allergy is in force: one of the two facts would be wrong.
    """
    patient.note(allergies_asked_on=today)  # first, since it holds the record: an allergy named at this moment counts
    known = patient.allergies.in_force().first()
    if known:
        raise ValidationError(
            _("%(allergy)s is in the record. Withdraw it first if it is wrong.") % {"allergy": known}, code="known"
        )


@transaction.atomic
def record_screening(screening: Screening, *, answers: Iterable[ScreeningAnswer]) -> Screening:
    """Save a screening with the answers given; a question without an answer was not asked."""
    Patient.objects.hold(screening.patient).refuse_additions()
    screening.save()
    for answer in answers:
        answer.screening = screening
        answer.save()
    return screening


@transaction.atomic
def withdraw_consent(consent: Consent, *, reason: str, by: User, now: datetime, version: int) -> list[Consent]:
    """Take back a consent and every other of its purpose that is in force: an older one must not go on in its place.

    Raises `VersionConflictError` when somebody changed it since `version` was read.
    """
    consent.withdraw(reason=reason, by=by, now=now, version=version)
    others = Consent.objects.of_patient(consent.patient).for_purpose(consent.form.purpose).in_force(now)
    older = list(others.exclude(pk=consent.pk))
    for other in older:
        other.withdraw(reason=reason, by=by, now=now, version=other.version)
    return [consent, *older]


@transaction.atomic
def choose_messages(patient: Patient, *, wants: bool, now: datetime) -> None:
    """Keep a patient's own yes or no to appointment and follow-up messages; saying the same again changes nothing."""
    stored = Patient.objects.hold(patient)
    if stored.contact_permission == wants:
        return
    MessageChoice.objects.create(patient=stored, wants_messages=wants, made_at=now)
    stored.contact_permission = wants
    stored.because("By the link in a message").save_over(stored.version)


@transaction.atomic
def note_returned(patient: Patient, *, channel: str, address: str, reason: str, now: datetime) -> None:
    """Note that messages to an address come back; knowing it twice changes nothing, and nor does an erased one."""
    if address in {"", ERASED}:
        return
    ReturnedAddress.objects.get_or_create(
        channel=channel,
        address=address.lower(),
        confirmed_at=None,
        defaults={"patient": patient, "reason": reason[:300], "returned_at": now},
    )


@transaction.atomic
def confirm_address(patient: Patient, *, channel: str, address: str, by: User, now: datetime) -> None:
    """Note that an address is right, so that messages go there again.

    Raises `ValidationError` when it is not the address in the record any more.
    """
    stored = Patient.objects.hold(patient)
    if not address or stored.address_by(channel).lower() != address.lower():
        raise ValidationError(_("The record has another address by now."), code="changed")
    ReturnedAddress.objects.standing().at(channel, address).update(confirmed_at=now, confirmed_by=by)
