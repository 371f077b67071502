from patients.models.address import ReturnedAddress, comes_back
from patients.models.allergy import Allergy
from patients.models.consent import Consent, ConsentForm
from patients.models.patient import Patient, RecordNumberSeries, seen_by
from patients.models.permission import MessageChoice
from patients.models.screening import Screening, ScreeningAnswer, ScreeningQuestion

__all__ = [
    "Allergy",
    "Consent",
    "ConsentForm",
    "MessageChoice",
    "Patient",
    "RecordNumberSeries",
    "ReturnedAddress",
    "Screening",
    "ScreeningAnswer",
    "ScreeningQuestion",
    "comes_back",
    "seen_by",
]
