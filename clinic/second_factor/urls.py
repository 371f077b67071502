"""Addresses of the second step, under the names that allauth looks for. Its own lists are one page here: Security."""

from allauth.mfa.base import views as base
from allauth.mfa.webauthn import views as passkeys
from django.urls import path

from clinic.views import security

urlpatterns = [
    path("", security.to_security, name="mfa_index"),
    path("authenticate/", base.authenticate, name="mfa_authenticate"),
    path("reauthenticate/", base.reauthenticate, name="mfa_reauthenticate"),
    path("totp/activate/", security.set_up_app, name="mfa_activate_totp"),
    path("totp/deactivate/", security.remove_app, name="mfa_deactivate_totp"),
    path("recovery-codes/", security.recovery_codes, name="mfa_view_recovery_codes"),
    path("recovery-codes/generate/", security.new_codes, name="mfa_generate_recovery_codes"),
    path("recovery-codes/download/", security.download_codes, name="mfa_download_recovery_codes"),
    path("webauthn/", security.to_security, name="mfa_list_webauthn"),
    path("webauthn/add/", passkeys.add_webauthn, name="mfa_add_webauthn"),
    path("webauthn/login/", passkeys.login_webauthn, name="mfa_login_webauthn"),
    path("webauthn/reauthenticate/", passkeys.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("webauthn/keys/<int:pk>/remove/", security.remove_passkey, name="mfa_remove_webauthn"),
    path("webauthn/keys/<int:pk>/edit/", passkeys.edit_webauthn, name="mfa_edit_webauthn"),
]
