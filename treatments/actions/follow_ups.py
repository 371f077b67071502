"""Calling the people who are due to come back."""

import uuid
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction

from patients.models import Patient
from treatments.models import ContactAttempt, FollowUp

if TYPE_CHECKING:
    from clinic.models import User

Outcome = ContactAttempt.Outcome


def log_contact(
    follow_up: FollowUp,
    *,
    outcome: str,
    by: "User",
    now: datetime,
    token: uuid.UUID,
    next_try_on: date | None = None,
    note: str = "",
    late_signs: str = "",
) -> tuple[ContactAttempt, bool]:
    """Log one try to reach the patient; return it and whether it is new. One form sent twice makes one.

    "Do not contact" also withdraws the patient's permission to be sent messages.
    """
    attempt = ContactAttempt(
        follow_up=follow_up,
        made_at=now,
        made_by=by,
        outcome=outcome,
        next_try_on=next_try_on,
        note=note,
        late_signs=late_signs,
        form_token=token,
    )
    try:
        with transaction.atomic():
            attempt.save()
            if outcome == Outcome.DO_NOT_CONTACT:
                withdraw_permission(follow_up.course.patient_id)
    except IntegrityError:
        made = ContactAttempt.objects.filter(form_token=token, follow_up=follow_up).first()
        if made is None:
            raise
        return made, False
    return attempt, True


def withdraw_permission(patient_id: int) -> None:
    """Withdraw it on the record as it is now: what the call brought stands above what somebody edits meanwhile."""
    patient = Patient.objects.select_for_update().get(pk=patient_id)
    if patient.contact_permission:
        patient.contact_permission = False
        patient.because("Do not contact").save_over(patient.version)
