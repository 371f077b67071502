from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic import pins
from clinic.models import SharedDevice


class DigitsField(forms.CharField):
    """Digits that nobody should read over a shoulder, on the keys of a telephone."""

    def __init__(self, **kwargs: Any) -> None:
        keys = {"inputmode": "numeric", "autocomplete": "off", "pattern": "[0-9]*", "maxlength": pins.MOST}
        super().__init__(widget=forms.PasswordInput(attrs=keys), strip=True, **kwargs)

    def clean(self, value: Any) -> str:
        digits = super().clean(value)
        if digits and not (digits.isascii() and digits.isdecimal() and len(digits) <= pins.MOST):
            raise ValidationError(_("Digits alone, 12 at most."), code="digits")
        return digits


class PinForm(forms.Form):
    """A new PIN, twice."""

    digits = DigitsField(label=gettext_lazy("New PIN"))
    again = DigitsField(label=gettext_lazy("The same again"))

    def clean_digits(self) -> str:
        digits = self.cleaned_data["digits"]
        if pins.is_too_short(digits):
            raise ValidationError(_("At least 6 digits."), code="short")
        if pins.is_run(digits) or pins.is_repeated(digits):
            raise ValidationError(_("This one is among the first that are tried. Mix the digits."), code="easy")
        if pins.is_date(digits):
            raise ValidationError(_("This reads as a date, and birthdays are tried first."), code="date")
        return digits

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("digits") and cleaned.get("again") and cleaned["digits"] != cleaned["again"]:
            self.add_error("again", ValidationError(_("The two are not the same."), code="differ"))
        return cleaned


class PinEntryForm(forms.Form):
    """The PIN of whoever comes back to a shared device."""

    person = forms.UUIDField(widget=forms.HiddenInput)
    digits = DigitsField(label=gettext_lazy("PIN"))


class DeviceForm(forms.ModelForm):
    class Meta:
        model = SharedDevice
        fields = ["name"]
