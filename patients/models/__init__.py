from patients.models.allergy import Allergy
from patients.models.consent import Consent, ConsentForm
from patients.models.emergency import EmergencyAccess, EmergencyReview
from patients.models.patient import Patient, RecordNumberSeries, seen_by
from patients.models.permission import MessageChoice
from patients.models.screening import Screening, ScreeningAnswer, ScreeningQuestion

__all__ = [
    "Allergy",
    "Consent",
    "ConsentForm",
    "EmergencyAccess",
    "EmergencyReview",
    "MessageChoice",
    "Patient",
    "RecordNumberSeries",
    "Screening",
    "ScreeningAnswer",
    "ScreeningQuestion",
    "seen_by",
]
