"""Opening a record in an emergency, as a browser does."""

from datetime import timedelta

from django.utils import timezone

from tests.factories import EmergencyAccessFactory

NEW = "/emergencies/new/"
TOKEN = "8f0f2a54-64a2-4c2b-9c43-0d4cf6a4f0a1"
REASON = "Collapsed in the waiting room, allergies needed."
UNKNOWN = "No patient has this record number and this birth date."


def typed(patient, **changes):
    form = {"record_number": patient.record_number, "birth_date": patient.birth_date.isoformat()}
    return form | {"reason": REASON, "form_token": TOKEN} | changes


def open_for(desk, doctor, patient, left):
    """Let the record have been opened by this sign-in, with so much time left."""
    ends = timezone.now() + left
    access = EmergencyAccessFactory(user=doctor, patient=patient, opened_at=ends - timedelta(hours=1), ends_at=ends)
    session = desk.session
    session["emergencies"] = [str(access.public_id)]
    session.save()
