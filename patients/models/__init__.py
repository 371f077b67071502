from patients.models.allergy import Allergy
from patients.models.consent import Consent, ConsentForm
from patients.models.patient import Patient, RecordNumberSeries, seen_by
from patients.models.screening import Screening, ScreeningAnswer, ScreeningQuestion

__all__ = [
    "Allergy",
    "Consent",
    "ConsentForm",
    "Patient",
    "RecordNumberSeries",
    "Screening",
    "ScreeningAnswer",
    "ScreeningQuestion",
    "seen_by",
]
