"""The forms of allauth's passwords with words of ours; what they take and do is allauth's."""

from typing import Any

from allauth.account.forms import ChangePasswordForm, ReauthenticateForm, ResetPasswordForm, ResetPasswordKeyForm
from django import forms
from django.utils.translation import gettext_lazy as _

LABELS = {
    "email": _("E-mail"),
    "password": _("Password"),
    "oldpassword": _("Current password"),
    "password1": _("New password"),
    "password2": _("The same again"),
}


class OwnWords(forms.BaseForm):
    """Labels as the other forms have them, and none of them a second time inside its field."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = LABELS[name]
            field.widget.attrs.pop("placeholder", None)


class NewPasswordForm(OwnWords, ChangePasswordForm):
    pass


class ForgottenPasswordForm(OwnWords, ResetPasswordForm):
    pass


class PasswordByLinkForm(OwnWords, ResetPasswordKeyForm):
    pass


class PasswordAgainForm(OwnWords, ReauthenticateForm):
    pass
