"""Whether a photo may be kept of a patient, for what it is to be used. The one place that asks."""

from patients.models import Patient
from treatments.models import Photo


def refusal_of_photos(patient: Patient, scope: Photo.Scope) -> str:
    """Say why no photo is kept of this patient for this use; empty when it may be.

    Consents are kept on paper as yet: whoever chooses the use answers for it.
    """
    return patient.refusal_to_treat
