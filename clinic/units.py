"""Units as a location shows and types them. Stored are always SI units; pounds and inches are for the eye."""

import re
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from clinic.models import Location
from clinic.widgets import VolumeInput

KG_PER_LB = Decimal("0.45359237")  # exact, international pound of 1959
CM_PER_INCH = Decimal("2.54")  # exact, international inch of 1959
TENTH, HUNDREDTH = Decimal("0.1"), Decimal("0.01")


def is_imperial(location: Location) -> bool:
    return location.unit_system == Location.UnitSystem.IMPERIAL


def weight_unit(location: Location) -> str:
    return "lb" if is_imperial(location) else "kg"


def weight_number(kilograms: Decimal, location: Location) -> Decimal:
    """Return the weight in the location's unit, to a tenth."""
    value = kilograms / KG_PER_LB if is_imperial(location) else kilograms
    return value.quantize(TENTH, ROUND_HALF_UP)


def show_weight(kilograms: Decimal | None, location: Location) -> str:
    """Return "69.2 kg" or "152.6 lb"; "not weighed" without a weight."""
    if kilograms is None:
        return _("not weighed")
    return f"{weight_number(kilograms, location)}\N{NO-BREAK SPACE}{weight_unit(location)}"


def show_weight_change(kilograms: Decimal, location: Location) -> str:
    """Return a difference of weights with its sign: "+1.4 kg"."""
    number = weight_number(kilograms, location)
    sign = "+" if number > 0 else "−" if number < 0 else "±"
    return f"{sign}{abs(number)}\N{NO-BREAK SPACE}{weight_unit(location)}"


def length_unit(location: Location) -> str:
    return "in" if is_imperial(location) else "cm"


def length_number(centimetres: Decimal, location: Location) -> Decimal:
    """Return the length in the location's unit, to a tenth."""
    value = centimetres / CM_PER_INCH if is_imperial(location) else centimetres
    return value.quantize(TENTH, ROUND_HALF_UP)


def show_length(centimetres: Decimal, location: Location) -> str:
    """Return "57.1 cm" or "22.5 in"."""
    return f"{length_number(centimetres, location)}\N{NO-BREAK SPACE}{length_unit(location)}"


class LengthField(forms.DecimalField):
    """A girth as typed at a location; cleans to centimetres, to a hundredth."""

    def __init__(self, *args: Any, location: Location, least: Decimal, most: Decimal, **kwargs: Any) -> None:
        self.location, self.least, self.most = location, least, most
        super().__init__(*args, **{"max_digits": 6, "decimal_places": 1, **kwargs})

    def prepare_value(self, value: Any) -> Any:
        return length_number(value, self.location) if isinstance(value, Decimal) else value

    def clean(self, value: Any) -> Any:
        number = super().clean(value)
        if number is None:
            return None
        per_unit = CM_PER_INCH if is_imperial(self.location) else Decimal(1)
        centimetres = (number * per_unit).quantize(HUNDREDTH, ROUND_HALF_UP)
        if not self.least <= centimetres <= self.most:
            raise ValidationError(
                _("This is between %(least)s and %(most)s %(unit)s.")
                % {
                    "least": (self.least / per_unit).quantize(TENTH, ROUND_CEILING),
                    "most": (self.most / per_unit).quantize(TENTH, ROUND_FLOOR),
                    "unit": length_unit(self.location),
                },
                code="length",
            )
        return centimetres


def show_ml(volume: Decimal) -> str:
    """Return "1.4 ml": as many decimals as it has, to the microlitre."""
    number = f"{volume:.3f}".rstrip("0").rstrip(".")
    return f"{number.replace('-', '−')}\N{NO-BREAK SPACE}ml"


class WeightField(forms.DecimalField):
    """A weight as typed at a location; cleans to kilograms, to a hundredth, so that a tenth of a pound survives."""

    least, most = Decimal(25), Decimal(350)  # kilograms, as the record holds at its limits

    def __init__(self, *args: Any, location: Location, **kwargs: Any) -> None:
        self.location = location
        super().__init__(*args, **{"max_digits": 6, "decimal_places": 1, **kwargs})

    def prepare_value(self, value: Any) -> Any:
        return weight_number(value, self.location) if isinstance(value, Decimal) else value

    def clean(self, value: Any) -> Any:
        number = super().clean(value)
        if number is None:
            return None
        per_unit = KG_PER_LB if is_imperial(self.location) else Decimal(1)
        kilograms = (number * per_unit).quantize(HUNDREDTH, ROUND_HALF_UP)
        if not self.least <= kilograms <= self.most:
            raise ValidationError(
                _("A weight is between %(least)s and %(most)s %(unit)s.")
                % {
                    "least": (self.least / per_unit).quantize(TENTH, ROUND_CEILING),
                    "most": (self.most / per_unit).quantize(TENTH, ROUND_FLOOR),
                    "unit": weight_unit(self.location),
                },
                code="weight",
            )
        return kilograms


def plain(number: Decimal | None) -> str:
    """Return a number as an input wants it: a point, no zeros at the end, "" for none."""
    if number is None:
        return ""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


class VolumeField(forms.DecimalField):
    """A volume in ml, to the microlitre. A decimal comma is read as a point.

    One comma and three digits are asked again: in one country "1,500" is one and a half, in another fifteen hundred.
    """

    def __init__(self, *, least: Decimal = Decimal("0.001"), most: Decimal = Decimal(100_000), **kwargs: Any) -> None:
        self.least, self.most = least, most
        super().__init__(**{"max_digits": 9, "decimal_places": 3, "widget": VolumeInput, **kwargs})

    def prepare_value(self, value: Any) -> Any:
        return f"{value:.3f}".rstrip("0").rstrip(".") if isinstance(value, Decimal) else value

    def widget_attrs(self, widget: Any) -> dict[str, Any]:
        return {}

    def to_python(self, value: Any) -> Any:
        text = str(value).strip() if value is not None else ""
        if re.fullmatch(r"\d+,\d{3}", text):
            raise ValidationError(_("Write the decimals after a point: 1.5."), code="comma")
        return super().to_python(text.replace(",", ".") if text.count(",") == 1 and "." not in text else text)

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value is not None and not self.least <= value <= self.most:
            raise ValidationError(
                _("A volume is between %(least)s and %(most)s.")
                % {"least": show_ml(self.least), "most": show_ml(self.most)},
                code="volume",
            )
