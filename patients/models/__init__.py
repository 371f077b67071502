from patients.models.allergy import Allergy
from patients.models.patient import Patient, RecordNumberSeries, seen_by

__all__ = ["Allergy", "Patient", "RecordNumberSeries", "seen_by"]
