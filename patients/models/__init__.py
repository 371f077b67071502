from patients.models.address import ReturnedAddress, comes_back
from patients.models.allergy import Allergy
from patients.models.consent import Consent, ConsentForm
from patients.models.merge import DistinctPair, MergeOfRecords
from patients.models.patient import Patient, RecordMergedError, RecordNumberSeries, seen_by
from patients.models.permission import MessageChoice
from patients.models.screening import Screening, ScreeningAnswer, ScreeningQuestion

__all__ = [
    "Allergy",
    "Consent",
    "ConsentForm",
    "DistinctPair",
    "MergeOfRecords",
    "MessageChoice",
    "Patient",
    "RecordMergedError",
    "RecordNumberSeries",
    "ReturnedAddress",
    "Screening",
    "ScreeningAnswer",
    "ScreeningQuestion",
    "comes_back",
    "seen_by",
]
