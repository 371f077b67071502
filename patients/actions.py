"""What the desk does that writes several rows of a patient's record together."""

from collections.abc import Iterable
from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from patients.models import Allergy, Patient


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
    allergy.patient = patient
    allergy.save()
    if patient.allergies_asked_on != today:
        patient.note(allergies_asked_on=today)
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
