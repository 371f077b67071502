"""Signing in: accounts are made by an admin, and a person's rights follow from the role."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from clinic.devices import device_of
from clinic.roles import ACTS, Role, may_manage

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
        if device is not None:
            request.user.devices.filter(device=device).delete()
        super().logout(request)

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


def display_name(user: "User") -> str:
    return user.get_full_name()
