"""Receiving lots, correcting their stock, holding and releasing them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.fields import normalize
from clinic.forms import OnceForm, choices_of_rows, choices_of_words
from clinic.models import Location, User, Versioned
from clinic.models.record import MOST_OF_A_REASON
from clinic.units import VolumeField, show_ml
from clinic.validators import validate_plain_text, validate_year
from clinic.widgets import DateInput, Segmented
from treatments.actions import lots as actions
from treatments.actions import stock
from treatments.forms.notes import NoteField
from treatments.models import Lot, Product, StockChange
from treatments.models.product import MOST_ML
from treatments.rules import gs1

Kind = StockChange.Kind
MOST_VIALS = 1000


def reason_field(label: Any, *, most: int = 300) -> NoteField:
    return NoteField(label=label, most=most, rows=2, validators=[validate_plain_text])


class ReceiveForm(OnceForm):
    """What arrived of one lot: so many vials of so many ml each. A scanned code fills in what it says."""

    code = forms.CharField(
        label=gettext_lazy("Code on the package"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}),
        help_text=gettext_lazy(
            "Scan the DataMatrix or bar code, or type what stands below it: (01)04006381333931(17)271231(10)A-117."
        ),
    )
    vials = forms.IntegerField(
        label=gettext_lazy("Vials"),
        min_value=1,
        max_value=MOST_VIALS,
        initial=1,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    each_ml = VolumeField(label=gettext_lazy("In each vial"))
    expired_confirmed = forms.BooleanField(
        label=gettext_lazy("It has expired, and is taken in all the same: to be sent back or thrown away"),
        required=False,
    )

    class Meta:
        model = Lot
        fields = ["location", "product", "number", "expires_on", "supplier", "gtin"]
        widgets = {"expires_on": DateInput}
        labels = {"gtin": gettext_lazy("GTIN")}
        error_messages = {
            "product": {"required": gettext_lazy("Choose the product.")},
            "number": {"required": gettext_lazy("Type the lot number, as on the vial.")},
            "expires_on": {"required": gettext_lazy("Type the expiry date, as on the vial.")},
        }

    def __init__(self, *args: Any, user: User, location: Location, now: datetime, **kwargs: Any) -> None:
        self.now = now
        super().__init__(*args, **kwargs)
        self.instance.received_on = location.today(now)
        self.instance.is_delivery = True
        choices_of_rows(self, "product").queryset = Product.objects.offered()
        choices_of_rows(self, "product").empty_label = _("Choose the product")
        self.fields["expires_on"].validators.append(validate_year)
        places = user.places
        choices_of_rows(self, "location").queryset = Location.objects.filter(pk__in=[place.pk for place in places])
        choices_of_rows(self, "location").empty_label = None
        self.fields["location"].initial = location
        if len(places) == 1:
            self.fields["location"].disabled = True
            self.fields["location"].widget = forms.HiddenInput()

    @property
    def asks_about_expiry(self) -> bool:
        """Say whether the confirmation is to be shown: it is asked for, or was given."""
        return "expired_confirmed" in self.errors or bool(self["expired_confirmed"].value())

    def filled_in(self) -> dict[str, Any]:
        """Return what was typed with what the code says over it, the code itself taken out.

        Raises `ValidationError` for what is no code. The product is the one that last came with this GTIN.
        """
        typed = self.data.dict()  # type: ignore[attr-defined]  # a QueryDict: this form was sent
        try:
            package = gs1.read(typed.get("code", ""), year=self.now.year)
        except gs1.UnreadableError as error:
            raise ValidationError(
                _("This is no code of a package that is known here. Scan it again, or type the fields below.")
            ) from error
        said: dict[str, Any] = {"gtin": package.gtin, "number": package.number, "expires_on": package.expires_on}
        known = Lot.objects.filter(gtin=package.gtin).exclude(gtin="").order_by("-pk").first()
        if known:
            said["product"] = known.product_id
        return typed | {name: value for name, value in said.items() if value} | {"code": ""}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        vials, each_ml = cleaned.get("vials"), cleaned.get("each_ml")
        if vials and each_ml:
            self.instance.received_ml = vials * each_ml
            if self.instance.received_ml > MOST_ML:
                self.add_error("each_ml", _("That is more than %(most)s.") % {"most": show_ml(MOST_ML)})
        if cleaned.get("location"):
            self._judge_expiry(cleaned["location"].today(self.now))
        return cleaned

    def _judge_expiry(self, today: date) -> None:
        self.instance.received_on = today
        expires_on = self.cleaned_data.get("expires_on")
        if expires_on and expires_on < today and not self.cleaned_data.get("expired_confirmed"):
            said = _("This lot expired on %(day)s. Tick if it is taken in all the same.")
            self.add_error("expired_confirmed", said % {"day": date_format(expires_on, "j F Y")})

    def made_before(self) -> Any:
        """Return the lot that an earlier sending filled; other facts under its token are asked again."""
        if not self.is_valid():
            return None
        self.instance.form_token = self.cleaned_data["form_token"]
        found = actions.received_before(self.instance)
        if found is None:
            return None
        lot, volume_ml = found
        mine, facts = self.instance, ("product_id", "location_id", "expires_on")
        if (
            volume_ml == mine.received_ml
            and lot.number == normalize(mine.number)
            and all(getattr(lot, fact) == getattr(mine, fact) for fact in facts)
        ):
            return lot
        self.ask_again(str(lot))
        return None


class StockChangeForm(OnceForm):
    """Thrown away, sent back, or counted. `seen_ml` is what the page said was left."""

    seen_ml = VolumeField(least=Decimal(-MOST_ML), widget=forms.HiddenInput, required=False)
    amount_ml = VolumeField(label=gettext_lazy("How much"), least=Decimal(0))
    reason = reason_field(gettext_lazy("Reason"))

    class Meta:
        model = StockChange
        fields = ["kind", "reason"]
        widgets = {"kind": Segmented}
        error_messages = {"kind": {"required": gettext_lazy("Choose what happened.")}}

    def __init__(self, *args: Any, lot: Lot, **kwargs: Any) -> None:
        self.lot = lot
        kwargs["instance"] = StockChange(lot=lot)
        super().__init__(*args, **kwargs)
        kinds = (Kind.WASTED, Kind.RETURNED, Kind.COUNTED)
        choices_of_words(self, "kind").choices = [(kind.value, kind.label) for kind in kinds]
        self.fields["seen_ml"].initial = lot.remaining_ml
        self.fields["amount_ml"].help_text = _(
            "%(left)s is left by the book. After counting: what the count found."
        ) % {"left": show_ml(lot.remaining_ml)}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("kind") in {Kind.WASTED, Kind.RETURNED} and cleaned.get("amount_ml") == 0:
            self.add_error("amount_ml", _("Nothing was taken. Type how much."))
        return cleaned

    def repeats(self, made: StockChange) -> bool:
        amount = self.cleaned_data.get("amount_ml")
        is_same = made.kind == Kind.COUNTED or made.volume_ml == -(amount or 0)
        return made.lot_id == self.lot.pk and is_same and super().repeats(made)

    def act(self, *, by: User, now: datetime) -> StockChange | None:
        """Save the change; None when a count agrees with the book. Raises `ValidationError` as the verbs do."""
        change: StockChange = self.instance
        change.form_token = self.cleaned_data["form_token"]
        amount = self.cleaned_data["amount_ml"]
        if change.kind == Kind.COUNTED:
            seen_ml = self.cleaned_data["seen_ml"]
            return stock.count(change, counted_ml=amount, seen_ml=seen_ml, by=by, now=now)
        return stock.take_out(change, amount_ml=amount, by=by, now=now)

    def see_anew(self, left_ml: Decimal) -> None:
        """Take up what is left now, so that counting once more and sending the form is a decision with it in view."""
        data = self.data.copy()  # type: ignore[attr-defined]  # a QueryDict: this form was sent
        data[self.add_prefix("seen_ml")] = f"{left_ml:.3f}"
        self.data = data


class HoldForm(forms.Form):
    """Why a batch is not to be used, or is to be used again; made for the version that was read."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = reason_field(gettext_lazy("Reason"))

    def __init__(self, *args: Any, record: Versioned, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["version"].initial = record.version
        self.fields["reason"].error_messages["required"] = _("Say why: the next reader has to know.")


class ReleaseForm(HoldForm):
    """Why a batch may be used again. Only the lot's history keeps it, so that it is no longer than fits there."""

    reason = reason_field(gettext_lazy("Reason"), most=MOST_OF_A_REASON)
