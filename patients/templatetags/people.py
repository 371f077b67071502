"""People in templates."""

from datetime import date

from django import template

from patients.models import Patient

register = template.Library()


@register.filter
def age(patient: Patient, today: date) -> int:
    """Return the age in full years: `{{ patient|age:today }}`."""
    return patient.age(today)
