"""Mixing a preparation out of lots, and throwing away what is left of one."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.forms import OnceForm
from clinic.models import Location
from clinic.units import VolumeField, show_ml
from clinic.widgets import DateTimeInput
from treatments.forms.lots import HoldForm, reason_field
from treatments.forms.wall_time import WallTimeField
from treatments.models import Ingredient, Lot, Preparation

USE_WITHIN = timedelta(hours=24)  # proposed; a default of ours
MOST_INGREDIENTS = 12


class MixForm(OnceForm):
    class Meta:
        model = Preparation
        fields = ["name", "mixed_at", "use_by_at", "note"]
        field_classes = {"mixed_at": WallTimeField, "use_by_at": WallTimeField}
        widgets = {"mixed_at": DateTimeInput, "use_by_at": DateTimeInput}
        error_messages = {"name": {"required": gettext_lazy("Give it the name that stands on the syringe.")}}

    ingredients: dict[Lot, Decimal]

    def __init__(self, *args: Any, location: Location, now: datetime, **kwargs: Any) -> None:
        kwargs["instance"] = Preparation(location=location)
        minute = now.replace(second=0, microsecond=0)
        kwargs["initial"] = {"mixed_at": minute, "use_by_at": minute + USE_WITHIN} | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        self.ingredients = {}

    def repeats(self, made: Preparation) -> bool:
        """Say whether the form and its rows say what was mixed before."""
        mixed = {row.lot_id: row.volume_ml for row in Ingredient.objects.filter(preparation=made)}
        return super().repeats(made) and mixed == {lot.pk: ml for lot, ml in self.ingredients.items()}


class IngredientForm(forms.Form):
    """One row; the lots are read once for all rows."""

    lot = forms.TypedChoiceField(label=gettext_lazy("Lot"), required=False, empty_value=None)
    volume_ml = VolumeField(label=gettext_lazy("Volume"), required=False)

    def __init__(self, *args: Any, lots: Sequence[Lot], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        by_key = {str(lot.pk): lot for lot in lots}
        field = cast(forms.TypedChoiceField, self.fields["lot"])
        field.choices = [("", _("Choose a lot")), *((key, in_words(lot)) for key, lot in by_key.items())]
        field.coerce = partial(chosen, by_key)
        field.error_messages["invalid_choice"] = _(
            "This lot cannot be used any more: it has expired, is on hold or is used up."
        )

    def clean(self) -> dict[str, Any]:
        lot, volume = self.cleaned_data.get("lot"), self.cleaned_data.get("volume_ml")
        if lot and volume is None and "volume_ml" not in self.errors:
            self.add_error("volume_ml", _("Type how much of it."))
        if volume is not None and not lot and "lot" not in self.errors:
            self.add_error("lot", _("Choose the lot."))
        return self.cleaned_data


class IngredientRows(forms.BaseFormSet):
    def clean(self) -> None:
        """Refuse a preparation of nothing, and a lot in two rows."""
        seen: set[int] = set()
        for form in self.forms:
            lot = form.cleaned_data.get("lot") if hasattr(form, "cleaned_data") else None
            if lot and lot.pk in seen:
                form.add_error("lot", _("This lot is in another row as well. Add its volume there."))
            elif lot:
                seen.add(lot.pk)
        if not seen and not any(form.errors for form in self.forms):
            raise ValidationError(_("Choose at least one lot that went in."))

    def volumes(self) -> dict[Lot, Decimal]:
        """Return the ml of each lot."""
        rows = [form.cleaned_data for form in self.forms]
        return {row["lot"]: row["volume_ml"] for row in rows if row.get("lot") and row.get("volume_ml")}


IngredientFormSet = forms.formset_factory(IngredientForm, formset=IngredientRows, extra=3, max_num=MOST_INGREDIENTS)


def lots_to_mix(location: Location, now: datetime) -> list[Lot]:
    """Return what may go into a preparation here: usable today and not used up, first expiring first."""
    usable = Lot.objects.at(location).in_stock().usable(location.today(now)).filter(product__is_active=True)
    return list(usable.select_related("product").first_expiring())


def chosen(lots: Mapping[str, Lot], key: str) -> Lot:
    """Return the lot of a key as a form sends it. Raises `ValueError` for one that was not offered."""
    if key not in lots:
        raise ValueError(key)
    return lots[key]


def in_words(lot: Lot) -> str:
    return _("%(product)s, lot %(number)s: %(left)s, to %(day)s") % {
        "product": lot.product,
        "number": lot.number,
        "left": show_ml(lot.remaining_ml),
        "day": date_format(lot.expires_on, "j M Y"),
    }


class DiscardForm(HoldForm):
    reason = reason_field(gettext_lazy("Why it is thrown away"))
