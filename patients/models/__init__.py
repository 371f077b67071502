from patients.models.allergy import Allergy
from patients.models.consent import Consent, ConsentForm
from patients.models.dossier import Dossier
from patients.models.erasure import Erasure, HoldOpening, LegalHold
from patients.models.patient import Patient, RecordNumberSeries, seen_by
from patients.models.permission import MessageChoice
from patients.models.retention import RetentionRule, Subject
from patients.models.screening import Screening, ScreeningAnswer, ScreeningQuestion
from patients.models.sweep import RetentionSweep

__all__ = [
    "Allergy",
    "Consent",
    "ConsentForm",
    "Dossier",
    "Erasure",
    "HoldOpening",
    "LegalHold",
    "MessageChoice",
    "Patient",
    "RecordNumberSeries",
    "RetentionRule",
    "RetentionSweep",
    "Screening",
    "ScreeningAnswer",
    "ScreeningQuestion",
    "Subject",
    "seen_by",
]
