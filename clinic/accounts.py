"""Signing in: accounts are made by an admin, and a person's rights follow from the role."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import context as current
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.contrib.sites.shortcuts import get_current_site
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic import sign_in_events
from clinic.actions import letters
from clinic.background import ring
from clinic.devices import device_of
from clinic.roles import ACTS, Role, may_manage
from clinic.tasks import send_letters

if TYPE_CHECKING:
    from clinic.models import User


class RoleBackend(AuthenticationBackend):
    """Sign in by e-mail; rights come from `clinic.roles`, not from rows that can drift away from it."""

    def get_all_permissions(self, user_obj: "User", obj: object = None) -> frozenset[str]:
        if not user_obj.is_active or user_obj.is_anonymous or obj is not None or user_obj.role is None:
            return frozenset()
        return ACTS[user_obj.role]

    def has_perm(self, user_obj: "User", perm: str, obj: object = None) -> bool:
        if perm in self.get_all_permissions(user_obj, obj):
            return True
        return user_obj.is_active and user_obj.is_authenticated and user_obj.role is Role.ADMIN and may_manage(perm)

    def has_module_perms(self, user_obj: "User", app_label: str) -> bool:
        return user_obj.is_active and user_obj.role is Role.ADMIN


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": _("This e-mail and password do not belong together. Type both again."),
        "incorrect_password": _("This is not your password."),
        "enter_current_password": _("Type your current password."),
        "too_many_login_attempts": _("Too many tries. Wait five minutes, then try again."),
    }

    def count_try(self, request: HttpRequest, user: "User", is_right: Callable[[], bool]) -> bool:
        """Judge a PIN as a password is judged: its wrong tries and those of the password are counted together.

        Raises `ValidationError` where there were too many lately, and then judges nothing.
        """
        self.pre_authenticate(request, email=user.email)
        if is_right():
            self._rollback_login_failed_rl_usage()
            return True
        self.authentication_failed(request, email=user.email)
        return False

    def logout(self, request: HttpRequest) -> None:
        """Sign out for good: on a shared device the PIN brings nobody back who said so."""
        device = device_of(request)
        if device is not None and request.user.is_authenticated:
            request.user.devices.filter(device=device).delete()
        super().logout(request)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            sign_in_events.locked(request, credentials)
            raise

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Count tries by account alone. allauth adds the host of the request, its port too, which anybody may vary."""
        return str(credentials.get("email", "")).lower()

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Do not ask again who signed in a moment ago: that was the same question.

        Of somebody with a second factor only that one counts. The password is noted before the second step is taken.
        """
        records = get_authentication_records(current.request, current.request.user)
        if records and is_mfa_enabled(current.request.user):
            records = [record for record in records if record["method"] == "mfa"]
        if records and time.time() - records[-1]["at"] < app_settings.REAUTHENTICATION_TIMEOUT:
            return False
        return super().is_reauthentication_required(app=app, **kwargs)

    def get_reauthentication_methods(self, user: Any) -> list[dict]:
        """Ask whoever has a second factor for that one: a password alone would go round it.

        Somebody with passkeys and no phone app is asked for a passkey first, and else for a recovery code.
        """
        methods = super().get_reauthentication_methods(user)
        if len(methods) > 1:
            methods = [method for method in methods if method["id"] != "reauthenticate"]
            if not is_mfa_enabled(user, [Authenticator.Type.TOTP]):
                methods.reverse()
        words = {"mfa_reauthenticate": _("Use a code"), "mfa_reauthenticate:webauthn": _("Use a passkey")}
        return [method | {"description": words.get(method["id"], method["description"])} for method in methods]

    def send_notification_mail(
        self, template_prefix: str, user: Any, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        """Tell a person of a change of the account, at the address they sign in with."""
        super().send_notification_mail(template_prefix, user, context, email or user.email)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Write a letter and let the worker send it: no page waits for a mail server, or fails with it.

        A link for a password is asked for by strangers too. They learn nothing from how long the answer takes.
        """
        request = current.request
        facts = {"request": request, "email": email, "current_site": get_current_site(request)}
        mail = self.render_mail(template_prefix, email, facts | context)
        kind = template_prefix.rpartition("/")[2]
        letters.write(mail, kind=kind, now=timezone.now(), person=context.get("user"))  # of a link; a notice has none
        ring(send_letters)


def display_name(user: "User") -> str:
    return user.get_full_name()
