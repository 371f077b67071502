"""What the parts of the session's form have in common: each adds its fields to the one form and judges them."""

from datetime import datetime

from django import forms
from django.core.exceptions import ValidationError

from clinic.validators import validate_year
from treatments.models import Session


class Part(forms.ModelForm):
    """A part of the form. `build` adds its fields; Django's own `clean` judges them, part after part."""

    instance: Session
    now: datetime
    signing: bool

    def build(self) -> None:
        """Add the fields that depend on the course, the patient or the catalogue."""


def told_at(typed: object, *, otherwise: datetime, now: datetime) -> datetime:
    """Return when a session was, as it is typed, and never after `now`; `otherwise` where that is no moment."""
    try:
        moment = forms.DateTimeField().clean(typed)
        validate_year(moment)
    except ValidationError:
        return otherwise
    return min(moment, now)
