"""The forms of allauth's second factors, with codes that work once and words of ours."""

import struct
from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY, generate_totp_secret
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    EditWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from fido2.webauthn import AuthenticationResponse

from clinic import field_keys
from clinic.fields import normalize
from clinic.second_factor.codes import TYPED, count_try, period_of, takes

LONGEST_CREDENTIAL = 32_000  # characters of JSON; a browser sends about 2,000
NOT_TAKEN = _("The passkey was not taken. Try again; with another device, if it stays.")
# What the parsers of a passkey raise at something that is none.
NO_CREDENTIAL = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, AssertionError, struct.error)


def note_shown(user: Any, kind: str) -> None:
    """Note that a factor was shown while it was set up: its owner is not asked for it again to see the codes."""
    record_authentication(context.request, user, "mfa", type=kind, reauthenticated=True)


def code_field(label: Any, hint: Any = "") -> forms.CharField:
    attrs = {"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}
    return forms.CharField(label=label, help_text=hint, max_length=40, widget=forms.TextInput(attrs=attrs))


class CredentialField(forms.JSONField):
    """What a browser says of a passkey, as JSON of a size that it can have."""

    widget = forms.HiddenInput
    default_error_messages = {"invalid": NOT_TAKEN, "required": NOT_TAKEN}

    def bound_data(self, data: Any, initial: Any) -> None:
        """Show nothing of it again: it answers one challenge, and the page has another now."""

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and len(value) > LONGEST_CREDENTIAL:
            raise ValidationError(NOT_TAKEN, code="invalid")
        try:
            found = super().to_python(value)
        except RecursionError as error:
            raise ValidationError(NOT_TAKEN, code="invalid") from error
        if found is not None and not isinstance(found, dict):
            raise ValidationError(NOT_TAKEN, code="invalid")
        return found


class TypedCode:
    """A form that takes the code of a phone app or a recovery code."""

    user: Any
    cleaned_data: dict[str, Any]
    authenticator: Authenticator

    @cached_property
    def kinds(self) -> set[str]:
        """Return which kinds of second factor the person has."""
        return set(Authenticator.objects.filter(user_id=self.user.pk).values_list("type", flat=True))

    def clean_code(self) -> str:
        tried = count_try(self.user)
        code = self.cleaned_data["code"]
        factors = sorted(
            Authenticator.objects.filter(user_id=self.user.pk, type__in=TYPED), key=lambda each: TYPED.index(each.type)
        )
        for factor in factors:
            if takes(factor, code):
                factor.user = self.user
                self.authenticator = factor
                tried.rollback()
                return code
        if factors:
            self._emit_authentication_failed(factors[0])  # type: ignore[attr-defined]  # allauth's
        raise get_adapter().validation_error("incorrect_code")


class SignInCodeForm(TypedCode, AuthenticateForm):
    code = code_field(_("Code"))


class ConfirmCodeForm(TypedCode, ReauthenticateForm):
    code = code_field(_("Code"))


class AppSetUpForm(ActivateTOTPForm):
    """Sets a phone app up. Its secret waits in the session, sealed, until the app has shown that it knows it.

    It stays the same until then: a page opened twice shows one code to scan, and each answers to it.
    """

    code = code_field(_("The six figures that the app shows"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.user = kwargs.pop("user")
        forms.Form.__init__(self, *args, **kwargs)
        session = context.request.session
        if SECRET_SESSION_KEY not in session:
            session[SECRET_SESSION_KEY] = field_keys.seal(generate_totp_secret())
        self.secret = field_keys.unseal(session[SECRET_SESSION_KEY])

    @property
    def spaced_secret(self) -> str:
        """Return the secret in groups of four, as one types it."""
        return " ".join(self.secret[start : start + 4] for start in range(0, len(self.secret), 4))

    def clean_code(self) -> str:
        tried = count_try(self.user)
        if period_of(self.secret, self.cleaned_data["code"]) is None:
            raise get_adapter().validation_error("incorrect_code")
        tried.rollback()
        note_shown(self.user, Authenticator.Type.TOTP)
        return self.cleaned_data["code"]


class NewPasskeyForm(AddWebAuthnForm):
    name = forms.CharField(
        label=_("Name"), max_length=60, required=False, help_text=_("Such as “Phone” or “Key at the desk”.")
    )
    credential = CredentialField()
    passwordless = forms.BooleanField(
        label=_("Sign in with it alone, without a password"),
        required=False,
        initial=True,
        help_text=_(
            "The device asks for fingerprint, face or PIN. Without the tick it is the step after the password."
        ),
    )

    def clean_name(self) -> str:
        self.cleaned_data["name"] = normalize(self.cleaned_data["name"])
        return super().clean_name()

    def clean(self) -> dict[str, Any]:
        try:
            cleaned = super().clean()
        except NO_CREDENTIAL as error:
            raise ValidationError(NOT_TAKEN, code="invalid") from error
        if not self.errors:
            note_shown(self.user, Authenticator.Type.WEBAUTHN)
        return cleaned


class PasskeyNameForm(EditWebAuthnForm):
    name = forms.CharField(label=_("Name"), max_length=60)


class PasskeyGiven:
    """A form that takes what a passkey says at the door."""

    cleaned_data: dict[str, Any]

    def clean_credential(self) -> Authenticator:
        try:
            return super().clean_credential()  # type: ignore[misc]  # allauth's form comes after
        except NO_CREDENTIAL as error:
            raise ValidationError(NOT_TAKEN, code="invalid") from error


class SignInPasskeyForm(PasskeyGiven, AuthenticateWebAuthnForm):
    credential = CredentialField()


class PasskeyAloneForm(PasskeyGiven, LoginWebAuthnForm):
    """Signs in by a passkey alone, which is two factors only where the device asked who holds it.

    The challenge was asked for so. But the session may hold one of another page, which did not insist.
    """

    credential = CredentialField()

    def clean_credential(self) -> Authenticator:
        given = self.cleaned_data["credential"]
        found = super().clean_credential()
        if not AuthenticationResponse.from_dict(given).response.authenticator_data.is_user_verified():
            raise ValidationError(NOT_TAKEN, code="invalid")
        return found


class ConfirmPasskeyForm(PasskeyGiven, ReauthenticateWebAuthnForm):
    credential = CredentialField()
