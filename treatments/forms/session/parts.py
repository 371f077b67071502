"""What the parts of the session's form have in common: each adds its fields to the one form and judges them."""

from datetime import datetime
from decimal import Decimal

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


def plain(number: Decimal | None) -> str:
    """Return a number as an input wants it: a point, no zeros at the end, "" for none."""
    if number is None:
        return ""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
