"""Registering a patient and keeping the record's first page right."""

from functools import cached_property
from typing import Any, ClassVar, cast

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic import sms
from clinic.forms import OnceForm, RecordForm, VersionedForm
from clinic.models import Location, User
from clinic.phones import PhoneFormField
from clinic.widgets import DateInput, Segmented
from patients.forms.allergies import AllergyRows
from patients.models import Patient, ReturnedAddress

ADDRESS = ["address_line", "postal_code", "city", "region", "country_code"]
EMERGENCY = ["emergency_name", "emergency_phone"]
MOST_DUPLICATES = 5


class PatientForm(RecordForm):
    """What registering and editing share. Phones are read as dialled in the location's country."""

    birth_date = forms.DateField(
        label=gettext_lazy("Birth date"),
        widget=DateInput,
        error_messages={"invalid": gettext_lazy("This is no day of the calendar. Example: 1980-03-12.")},
    )

    class Meta:
        model = Patient
        fields = [
            "given_name",
            "family_name",
            "birth_date",
            "sex",
            "phone",
            "email",
            "preferred_channel",
            "contact_permission",
            *ADDRESS,
            "language",
            *EMERGENCY,
            "location",
        ]
        widgets: ClassVar[dict[str, type[forms.Widget]]] = {"sex": Segmented, "preferred_channel": Segmented}
        labels = {"contact_permission": gettext_lazy("Agrees to appointment and follow-up messages")}
        help_texts = {"country_code": gettext_lazy("Two letters, for example US.")}

    def __init__(self, *args: Any, user: User, location: Location | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.default_location = user, location
        field = cast(forms.ModelChoiceField, self.fields["location"])
        field.queryset = Location.objects.visible_to(user)
        field.error_messages["required"] = _("Choose where the patient is treated.")
        if not self.instance.pk:
            self.initial.setdefault("location", location.pk if location else None)
            self.initial["preferred_channel"] = (kwargs.get("initial") or {}).get("preferred_channel", "")
        self.fields["preferred_channel"].required = False
        self._offer_channels()
        for name in ("phone", "emergency_phone"):
            typed_here = cast(PhoneFormField, self.fields[name])
            typed_here.region = self.chosen_location.country_code if self.chosen_location else None
        if len(self.locations) == 1 and self.chosen_location in self.locations:
            field.widget = forms.HiddenInput()

    def _offer_channels(self) -> None:
        """Offer WhatsApp only where the clinic can send by it; who chose it while that was so keeps the choice."""
        field = cast(forms.ChoiceField, self.fields["preferred_channel"])
        if not sms.offers_whatsapp() and self.instance.preferred_channel != Patient.Channel.WHATSAPP:
            field.choices = [choice for choice in Patient.Channel.choices if choice[0] != Patient.Channel.WHATSAPP]

    @cached_property
    def locations(self) -> list[Location]:
        return list(Location.objects.visible_to(self.user))

    @cached_property
    def chosen_location(self) -> Location | None:
        """Return the location chosen in the form, else the one it starts with."""
        chosen = str(self.data.get(self.add_prefix("location"), "") or self.initial.get("location") or "")
        return next((here for here in self.locations if str(here.pk) == chosen), self.default_location)

    def clean_country_code(self) -> str:
        return self.cleaned_data["country_code"].upper()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.needs_contact and not self.errors.keys() & {"phone", "email"}:
            if not cleaned.get("phone") and not cleaned.get("email"):
                self.add_error("phone", _("A phone number or an e-mail address is needed, one of the two."))
            else:
                self._check_channel(cleaned)
        return cleaned

    @property
    def needs_contact(self) -> bool:
        """Say whether the patient must be reachable: an imported one who never was may stay so."""
        return not self.instance.pk or bool(self.initial.get("phone") or self.initial.get("email"))

    def _check_channel(self, cleaned: dict[str, Any]) -> None:
        channel = cleaned.get("preferred_channel")
        if not channel:
            cleaned["preferred_channel"] = Patient.Channel.PHONE if cleaned.get("phone") else Patient.Channel.EMAIL
        elif channel == Patient.Channel.EMAIL and not cleaned.get("email"):
            self.add_error("preferred_channel", _("There is no e-mail address to write to."))
        elif channel != Patient.Channel.EMAIL and not cleaned.get("phone"):
            self.add_error("preferred_channel", _("There is no phone number to reach."))

    @property
    def address_is_open(self) -> bool:
        return self._has_any(ADDRESS)

    @property
    def emergency_is_open(self) -> bool:
        return self._has_any(EMERGENCY) or self["language"].value() != "en"

    def _has_any(self, names: list[str]) -> bool:
        """Say whether a fold of the form has something to show: a value, or an error."""
        return any(self[name].errors or self[name].value() for name in names)


class RegisterForm(OnceForm, PatientForm):
    """A new patient. People already here who may be the same are shown, and nobody is made until that is answered."""

    ASKED = [("none", gettext_lazy("None known")), ("some", gettext_lazy("Yes, named below"))]

    allergies_asked = forms.ChoiceField(
        label=gettext_lazy("Did you ask for allergies?"),
        choices=ASKED,
        widget=Segmented,
        required=False,
        help_text=gettext_lazy("Nothing chosen is kept as “not asked”."),
    )

    class Meta(PatientForm.Meta):
        pass

    allergy_rows: AllergyRows | None = None  # the rows below the form, where this person may name allergies

    def repeats(self, made: Patient) -> bool:
        """Say whether the form says what the patient's record says, the allergies included."""
        if self.allergy_rows is None:
            return super().repeats(made)
        asked = bool(self["allergies_asked"].data or self.allergy_rows.typed())
        was_asked = made.allergies_asked_on is not None
        return super().repeats(made) and asked == was_asked and self.allergy_rows.are_those_of(made)

    @cached_property
    def duplicates(self) -> list[Patient]:
        """Return the people whom this person may see and who may be the one typed in, as far as it could be read."""
        cleaned = self.cleaned_data
        found = Patient.objects.visible_to(self.user).likely_duplicates(
            given_name=cleaned.get("given_name", ""),
            family_name=cleaned.get("family_name", ""),
            birth_date=cleaned.get("birth_date"),
            phone=cleaned.get("phone", ""),
            email=cleaned.get("email", ""),
        )
        return list(found[:MOST_DUPLICATES])

    @property
    def duplicates_key(self) -> str:
        """Return what the confirming button sends: it holds for the people shown beside it and no others."""
        return ",".join(patient.record_number for patient in self.duplicates)

    @property
    def awaits_confirmation(self) -> bool:
        return bool(self.duplicates) and self.data.get("register_anyway") != self.duplicates_key

    def check_allergies(self, named: int) -> None:
        """Hold the answer to the question against the number of allergies named."""
        asked = self.cleaned_data.get("allergies_asked")
        if asked == "none" and named:
            self.add_error("allergies_asked", _("“None known” is chosen, and an allergy is named below."))
        if asked == "some" and not named:
            self.add_error("allergies_asked", _("Name the substance below."))


class EditForm(VersionedForm, PatientForm):
    class Meta(PatientForm.Meta):
        fields = [*PatientForm.Meta.fields, "deceased_on"]
        widgets = {**PatientForm.Meta.widgets, "deceased_on": DateInput}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A patient moves on a page of its own: courses and bookings go along.
        self.fields["location"].disabled = True
        self._mark_returned()

    def _mark_returned(self) -> None:
        """Say beside an address that messages come back from it."""
        for row in ReturnedAddress.objects.of(self.instance):
            field = self.fields["email" if row.channel == Patient.Channel.EMAIL else "phone"]
            field.help_text = _("Messages to it come back. Correct it here, or confirm it on the record.")

    @cached_property
    def chosen_location(self) -> Location:
        return self.instance.location

    @property
    def can_move(self) -> bool:
        return len(self.locations) > 1

    def build_kwargs(self) -> dict[str, Any]:
        return {"user": self.user, "location": self.default_location}
