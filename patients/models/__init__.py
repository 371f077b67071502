from patients.models.allergy import Allergy
from patients.models.patient import Patient, RecordNumberSeries

__all__ = ["Allergy", "Patient", "RecordNumberSeries"]
