"""Signing in and out, failing to, and changing how: each leaves an event, in which nothing that was typed stands."""

from functools import partial
from typing import Any

from allauth.account import signals as account
from django.apps import apps
from django.contrib.auth import signals as auth
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from clinic import audit, trail
from clinic.audit import Act
from clinic.models import User


def digest_of_address(typed: str) -> str:
    """Return what is the same for all tries with one address, and tells nobody the address."""
    return salted_hmac("clinic.audit.address", typed.strip().lower(), algorithm="sha256").hexdigest()[:32]


def write(act: Act, request: HttpRequest | None, **facts: Any) -> None:
    """Write the one event of this request: that it also noted when somebody was here last is no change."""
    audit.write(act, at=timezone.now(), request=request, **facts)
    trail.told()


@receiver(auth.user_logged_in)
def signed_in(request: HttpRequest, user: User, **kwargs: Any) -> None:
    write(Act.SIGN_IN, request, by=user)


@receiver(auth.user_logged_out)
def signed_out(request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    if user is not None:
        write(Act.SIGN_OUT, request, by=user)


@receiver(auth.user_login_failed)
def failed(credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any) -> None:
    note_failure(Act.SIGN_IN_FAILED, request, credentials)


def locked(request: HttpRequest, credentials: dict[str, Any]) -> None:
    """Note a try that was turned away unread, for there were too many before it."""
    note_failure(Act.LOCKED, request, credentials)


def note_failure(act: Act, request: HttpRequest | None, credentials: dict[str, Any]) -> None:
    typed = str(credentials.get("email") or credentials.get("username") or "")
    detail = {"address": digest_of_address(typed)} if typed else {}
    write(act, request, detail=detail)


def note_credentials(request: HttpRequest, user: User, what: str) -> None:
    write(Act.CREDENTIALS, request, by=user, detail={"what": what})


@receiver(account.password_changed)
def changed_password(request: HttpRequest, user: User, **kwargs: Any) -> None:
    note_credentials(request, user, "password-changed")


@receiver(account.password_set)
def set_password(request: HttpRequest, user: User, **kwargs: Any) -> None:
    note_credentials(request, user, "password-set")


@receiver(account.password_reset)
def reset_password(request: HttpRequest, user: User, **kwargs: Any) -> None:
    note_credentials(request, user, "password-reset")


def note_factors() -> None:
    """Follow the second factors too, where they are installed."""
    if not apps.is_installed("allauth.mfa"):
        return
    from allauth.mfa import signals  # noqa: PLC0415 -- only there when installed

    for signal, what in [
        (signals.authenticator_added, "factor-added"),
        (signals.authenticator_removed, "factor-removed"),
        (signals.authenticator_reset, "factor-reset"),
    ]:
        signal.connect(partial(changed_factor, what=what), weak=False, dispatch_uid=f"clinic.audit.{what}")


def changed_factor(request: HttpRequest, user: User, *, what: str, **kwargs: Any) -> None:
    note_credentials(request, user, what)
