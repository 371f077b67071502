"""The link in every message by which a patient stops these messages, or has them again: signed, no sign-in.

Short, since an SMS is paid by its length: the patient's public id and half of a signature, 38 letters in all.
"""

import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error

from django.conf import settings
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac

from patients.models import Patient

SALT = "patients.stopping"  # signed for this alone
SIGNATURE_BYTES = 12  # 96 bits; nobody tries so many
ID_LETTERS = 22


def _letters(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _signature(public_id: uuid.UUID) -> str:
    return _letters(salted_hmac(SALT, public_id.hex, algorithm="sha256").digest()[:SIGNATURE_BYTES])


def token_of(patient: Patient) -> str:
    return _letters(patient.public_id.bytes) + _signature(patient.public_id)


def find(token: str) -> Patient | None:
    """Return whose link it is, None for what is altered or unknown. Of a merged record: the one that goes on."""
    try:
        public_id = uuid.UUID(bytes=urlsafe_b64decode(token[:ID_LETTERS] + "=="))
    except (ValueError, Error):
        return None
    if not constant_time_compare(token, _letters(public_id.bytes) + _signature(public_id)):
        return None
    found = Patient.objects.select_related("location").filter(public_id=public_id).first()
    return found.surviving if found else None


def address_of(patient: Patient) -> str:
    """Return the whole address, as a message holds it."""
    return settings.PUBLIC_URL.rstrip("/") + reverse("messages-stop", args=[token_of(patient)])
