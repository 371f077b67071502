from patients.models.address import ReturnedAddress, comes_back
from patients.models.allergy import Allergy
from patients.models.consent import Consent, ConsentForm
from patients.models.dossier import Dossier
from patients.models.emergency import EmergencyAccess, EmergencyReview
from patients.models.erasure import Erasure, HoldOpening, LegalHold
from patients.models.merge import DistinctPair, MergeOfRecords
from patients.models.patient import Patient, RecordMergedError
from patients.models.patients_found import seen_by
from patients.models.permission import MessageChoice
from patients.models.record_numbers import RecordNumberSeries
from patients.models.retention import RetentionRule, Subject
from patients.models.screening import Screening, ScreeningAnswer, ScreeningQuestion
from patients.models.sweep import RetentionSweep

__all__ = [
    "Allergy",
    "Consent",
    "ConsentForm",
    "DistinctPair",
    "Dossier",
    "EmergencyAccess",
    "EmergencyReview",
    "Erasure",
    "HoldOpening",
    "LegalHold",
    "MergeOfRecords",
    "MessageChoice",
    "Patient",
    "RecordMergedError",
    "RecordNumberSeries",
    "RetentionRule",
    "RetentionSweep",
    "ReturnedAddress",
    "Screening",
    "ScreeningAnswer",
    "ScreeningQuestion",
    "Subject",
    "comes_back",
    "seen_by",
]
