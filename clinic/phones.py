"""Phone numbers: typed as people type them at a location, kept as E.164, refused only when they cannot be dialled."""

from typing import Any

import phonenumbers
from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from phonenumbers import PhoneNumberFormat, ValidationResult

TOO_SHORT = {ValidationResult.TOO_SHORT, ValidationResult.IS_POSSIBLE_LOCAL_ONLY}


def parse_phone(text: str, region: str | None = None) -> str:
    """Return the number as E.164 ("+14155550182"), dialled from `region` (ISO 3166) unless it starts with +.

    An empty text stays empty. Raises `ValidationError` that says what is wrong. A number of the right length is
    accepted even when the numbering plan does not know its area code: plans grow faster than libraries.
    """
    text = text.strip()
    if not text:
        return ""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        if error.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE:
            raise ValidationError(_("Start the number with + and the country code."), code="country") from error
        raise ValidationError(_("“%(text)s” is not a phone number.") % {"text": text}, code="phone") from error
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason != ValidationResult.IS_POSSIBLE:
        raise ValidationError(_reason_in_words(number, reason), code="phone")
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _reason_in_words(number: phonenumbers.PhoneNumber, reason: int) -> str:
    country = phonenumbers.region_code_for_country_code(number.country_code or 0)
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(country, None)
    plan = metadata.general_desc if metadata else None
    lengths = [length for length in plan.possible_length if length > 0] if plan else []
    length = len(phonenumbers.national_significant_number(number))
    if lengths and reason in TOO_SHORT and length < min(lengths):
        missing = min(lengths) - length
        return ngettext(
            "%(count)s digit short for a %(country)s number.",
            "%(count)s digits short for a %(country)s number.",
            missing,
        ) % {"count": missing, "country": country}
    if lengths and length > max(lengths):
        extra = length - max(lengths)
        return ngettext(
            "%(count)s digit too many for a %(country)s number.",
            "%(count)s digits too many for a %(country)s number.",
            extra,
        ) % {"count": extra, "country": country}
    return _("No number of %(country)s has %(count)s digits.") % {"country": country, "count": length}


def show_phone(e164: str) -> str:
    """Return the number as people read it: "+1 415-555-0182"."""
    if not e164:
        return ""
    try:
        return phonenumbers.format_number(phonenumbers.parse(e164, None), PhoneNumberFormat.INTERNATIONAL)
    except phonenumbers.NumberParseException:
        return e164


def validate_phone(value: str) -> None:
    parse_phone(value)


class PhoneFormField(forms.CharField):
    """A phone number as typed at a place in `region`; cleans to E.164."""

    widget = forms.TextInput(attrs={"type": "tel", "autocomplete": "off", "inputmode": "tel"})

    def __init__(self, *args: Any, region: str | None = None, **kwargs: Any) -> None:
        self.region = region
        super().__init__(*args, **{**kwargs, "max_length": 40})

    def prepare_value(self, value: Any) -> Any:
        return show_phone(value) if isinstance(value, str) and value.startswith("+") else value

    def to_python(self, value: Any) -> str:
        return parse_phone(super().to_python(value) or "", self.region)


class PhoneField(models.CharField):
    """A phone number as E.164."""

    default_validators = [validate_phone]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 16)
        super().__init__(*args, **kwargs)

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": PhoneFormField, **kwargs})
