"""Signing a consent, and taking it back."""

from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.fields import fold, normalize
from clinic.forms import OnceForm, VersionedForm
from clinic.validators import validate_plain_text
from clinic.widgets import Segmented
from patients.models import Consent, ConsentForm, Patient
from patients.signature import NotASignatureError, Strokes, is_too_small, read_strokes


class Signer(models.TextChoices):
    PATIENT = "patient", gettext_lazy("The patient")
    OTHER = "other", gettext_lazy("Somebody for the patient")


class StrokesField(forms.CharField):
    """The strokes of a signature as JSON in a hidden field."""

    widget = forms.HiddenInput

    def clean(self, value: Any) -> Any:
        try:
            return read_strokes(str(value or ""))
        except NotASignatureError as error:
            raise ValidationError(
                _("The drawn signature did not arrive as it was drawn. Draw it again, or type the name."),
                code="strokes",
            ) from error


class SignForm(OnceForm):
    """Who signs the text on the page, and the signature: drawn, or the name typed.

    `form_key` says which version of the text was on the page. When another is in use by now, the text has to be read
    anew: the signature is dropped, and what was typed of the signer is kept.
    """

    form_key = forms.CharField(widget=forms.HiddenInput, required=False)
    signer = forms.ChoiceField(
        label=gettext_lazy("Who signs"), choices=Signer.choices, widget=Segmented, initial=Signer.PATIENT
    )
    strokes = StrokesField(label=gettext_lazy("Signature"), required=False)
    typed = forms.CharField(
        label=gettext_lazy("Full name, typed by the signer"),
        max_length=401,  # as the name of the signer
        required=False,
        validators=[validate_plain_text],
    )

    class Meta:
        model = Consent
        fields = ["signer_name", "signer_relation"]
        labels = {"signer_name": gettext_lazy("Name of the signer"), "signer_relation": gettext_lazy("Relation")}
        help_texts = {"signer_relation": gettext_lazy("For example mother, guardian.")}

    def __init__(self, *args: Any, patient: Patient, text: ConsentForm, **kwargs: Any) -> None:
        kwargs["instance"] = Consent(patient=patient, form=text)
        super().__init__(*args, **kwargs)
        self.text = text
        self.fields["signer_name"].required = False
        self.fields["typed"].widget.attrs["autocomplete"] = "off"
        self.initial["form_key"] = key_of(text)
        self.order_fields(["form_token", "form_key", "signer", "signer_name", "signer_relation", "typed", "strokes"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if refusal := self.instance.patient.refusal_to_treat:
            raise ValidationError(refusal)
        if cleaned.get("form_key") != key_of(self.text):
            self.ask_to_read_anew()
            return cleaned
        self.name_signer(cleaned)
        self.judge_signature(cleaned)
        return cleaned

    def ask_to_read_anew(self) -> None:
        """Drop the signature, which was given under another text, and show the one in use."""
        data = cast(QueryDict, self.data).copy()
        data[self.add_prefix("form_key")] = key_of(self.text)
        data[self.add_prefix("strokes")] = data[self.add_prefix("typed")] = ""
        self.data = data
        said = _("The text was replaced by version %(number)s meanwhile. Read it again, then sign.")
        self.add_error(None, ValidationError(said % {"number": self.text.number}, code="superseded"))

    def name_signer(self, cleaned: dict[str, Any]) -> None:
        """Take the patient's own name from the record; ask for the name and the relation of anybody else."""
        if cleaned.get("signer") == Signer.PATIENT:
            cleaned["signer_name"], cleaned["signer_relation"] = self.instance.patient.full_name, ""
            return
        for name, said in (("signer_name", _("Who signs?")), ("signer_relation", _("How are they related?"))):
            if not cleaned.get(name) and name not in self.errors:
                self.add_error(name, ValidationError(said, code="required"))

    def judge_signature(self, cleaned: dict[str, Any]) -> None:
        strokes, typed = cleaned.get("strokes"), cleaned.get("typed") or ""
        if "strokes" in self.errors or "typed" in self.errors:
            return
        if strokes:
            if is_too_small(strokes):
                self.add_error("strokes", _("That is a dot. Sign across the field."))
        elif not typed.strip():
            self.add_error("strokes", ValidationError(_("The signature is missing."), code="unsigned"))
        elif cleaned.get("signer_name") and fold(typed) != fold(cleaned["signer_name"]):
            said = _("Type the name of the signer: %(name)s.") % {"name": normalize(cleaned["signer_name"])}
            self.add_error("typed", ValidationError(said, code="another"))

    @property
    def drawn(self) -> Strokes:
        return cast(Strokes, self.cleaned_data["strokes"])

    def _post_clean(self) -> None:
        """Make the consent of what was typed and drawn; who was there and when is known to the act."""
        if "strokes" in self.cleaned_data:
            self.instance.strokes = self.drawn
            self.instance.method = Consent.Method.DRAWN if self.drawn else Consent.Method.TYPED
        super()._post_clean()

    def repeats(self, made: Consent) -> bool:
        same = (made.patient_id, made.form_id, made.strokes) == (
            self.instance.patient_id,
            self.text.pk,
            self.cleaned_data.get("strokes"),
        )
        return same and super().repeats(made)


def key_of(text: ConsentForm) -> str:
    """Return what names a version in the page that shows it."""
    return f"{text.purpose}/{text.language}/{text.number}"


class WithdrawForm(VersionedForm):
    """Why a consent is taken back."""

    class Meta:
        model = Consent
        fields = ["withdrawal_reason"]
        labels = {"withdrawal_reason": gettext_lazy("Reason")}
        help_texts = {"withdrawal_reason": gettext_lazy("In the patient's words; “none given” is enough.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["withdrawal_reason"]
        field.required = True
        field.validators.append(validate_plain_text)

    def _post_clean(self) -> None:
        """Leave the rest to the act, which adds who and when: the rule wants all three."""
        self.instance.withdrawal_reason = self.cleaned_data.get("withdrawal_reason", "")
