"""Forms about the people who work here."""

import hashlib
from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.forms import OnceForm, RowsField
from clinic.models import Invitation, Location, User
from clinic.roles import ROLE_NAMES, Role

ROLE_HELP = gettext_lazy("Staff log sessions, clinicians sign and review as well, admins manage records.")


def locations_field() -> RowsField:
    return RowsField(
        Location.objects.order_by("name"), label=gettext_lazy("Locations"), widget=forms.CheckboxSelectMultiple
    )


class InvitationForm(OnceForm):
    locations = locations_field()

    class Meta:
        model = Invitation
        fields = ["title", "first_name", "last_name", "email", "role", "locations"]
        widgets = {"role": forms.RadioSelect}
        help_texts = {"role": ROLE_HELP}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = list(ROLE_NAMES.items())  # type: ignore[attr-defined]  # nothing is chosen for one
        self.fields["title"].required = False

    def clean_email(self) -> str:
        email = self.cleaned_data["email"].lower()
        known = User.objects.filter(email__iexact=email).first()
        if known and not known.is_active:
            raise ValidationError(
                _("%(name)s has an account with this e-mail, which is closed. Open it again instead."),
                code="closed",
                params={"name": known.get_full_name()},
            )
        if known:
            raise ValidationError(_("Someone already signs in with this e-mail."), code="unique")
        return email


class RoleForm(forms.Form):
    """Role and places of a person, changed only over what its reader has seen."""

    role = forms.ChoiceField(
        label=gettext_lazy("Role"), choices=list(ROLE_NAMES.items()), widget=forms.RadioSelect, help_text=ROLE_HELP
    )
    locations = locations_field()
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        self.person = person
        super().__init__(*args, **kwargs)
        self.initial = {"role": person.role, "locations": person.own_locations, "seen": mark_of(person)}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("seen") != mark_of(self.person):
            data = self.data.copy()  # type: ignore[attr-defined]  # a QueryDict
            data["seen"] = mark_of(self.person)
            self.data = data
            places = ", ".join(location.name for location in self.person.own_locations) or _("no location")
            said = _("Somebody changed this meanwhile to %(role)s at %(places)s. Look again, then save or leave.")
            raise ValidationError(said, code="conflict", params={"role": self.person.role_name, "places": places})
        return cleaned

    @property
    def chosen_role(self) -> Role:
        return Role(self.cleaned_data["role"])


def mark_of(person: User) -> str:
    """Return a word for how the role and the places stand."""
    facts = [str(person.role), *sorted(str(location.public_id) for location in person.own_locations)]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:16]


class FirstPasswordForm(forms.Form):
    """The password of somebody who accepts an invitation, twice."""

    password = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=gettext_lazy("The same again"),
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, invitation: Invitation, **kwargs: Any) -> None:
        self.invitation = invitation
        super().__init__(*args, **kwargs)

    def clean_password(self) -> str:
        own = self.invitation
        person = User(email=own.email, first_name=own.first_name, last_name=own.last_name)
        password_validation.validate_password(self.cleaned_data["password"], person)
        return self.cleaned_data["password"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("password") and cleaned.get("again") and cleaned["password"] != cleaned["again"]:
            self.add_error("again", ValidationError(_("The two are not the same."), code="differ"))
        return cleaned
