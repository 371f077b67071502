"""What allauth asks us about second factors: how secrets are sealed, what things are called, which may go."""

import io

import segno
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.contrib.auth.base_user import AbstractBaseUser
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic import field_keys
from clinic.second_factor.need import may_remove

NAME = "Mesotrack"  # as phones list it


class SecondFactorAdapter(DefaultMFAAdapter):
    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _("This is not the code. Take the one that the app shows now."),
        "cannot_delete_authenticator": _("Your role needs a second step. Set another one up, then remove this one."),
        "cannot_generate_recovery_codes": _("Set up a phone app or a passkey first."),
    }

    def encrypt(self, text: str) -> str:
        return field_keys.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return field_keys.unseal(encrypted_text)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        return may_remove(authenticator, authenticator.user)

    def get_totp_issuer(self) -> str:
        return NAME

    def _get_site_name(self) -> str:
        return NAME

    def build_totp_svg(self, url: str) -> str:
        """Return the code as SVG on white: a camera wants it dark on light, whatever the page's colours are."""
        picture = io.BytesIO()
        segno.make(url, error="m").save(picture, kind="svg", scale=5, border=4, light="#fff", xmldecl=False)
        return picture.getvalue().decode("utf-8")

    def generate_authenticator_name(self, user: AbstractBaseUser, type: str) -> str:  # noqa: A002 -- allauth's name
        count = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return gettext("Passkey") if not count else gettext("Passkey %(number)s") % {"number": count + 1}
