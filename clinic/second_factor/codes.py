"""Codes that are typed: six figures of a phone app, or a recovery code. Each works once, and tries are counted."""

import time

from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.core import context
from allauth.core.internal import ratelimit
from allauth.core.internal.cryptokit import compare_user_code
from allauth.core.internal.ratelimit import RateLimitUsage
from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth
from django.db import transaction

from clinic import field_keys
from clinic.models import User

TYPED = (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES)


def count_try(user: User) -> RateLimitUsage:
    """Count a try against the person's limit, the same as for passwords. Raises `ValidationError` beyond it.

    A try that was right is given back with `rollback()`; the wrong ones before it stay counted.
    """
    usage = ratelimit.consume(
        context.request, app="allauth.account", action="login_failed", key=f"mfa-auth-user-{user.pk}"
    )
    if usage is None:
        raise get_account_adapter().validation_error("too_many_login_attempts")
    return usage


def period_of(secret: str, code: str) -> int | None:
    """Return the half minute, counted from 1970, whose code this is; None if it is of none around now."""
    now = int(time.time()) // app_settings.TOTP_PERIOD
    for period in range(now - app_settings.TOTP_TOLERANCE, now + app_settings.TOTP_TOLERANCE + 1):
        if compare_user_code(actual=code, expected=auth.format_hotp_value(auth.hotp_value(secret, period))):
            return period
    return None


def takes(factor: Authenticator, code: str) -> bool:
    """Say whether the code opens the door, and use it up."""
    return use_app_code(factor, code) if factor.type == Authenticator.Type.TOTP else factor.wrap().validate_code(code)


@transaction.atomic
def use_app_code(factor: Authenticator, code: str) -> bool:
    """Take the code of a half minute later than the last one used; of two at once only the first (RFC 6238, 5.2)."""
    locked = Authenticator.objects.select_for_update().get(pk=factor.pk)
    period = period_of(field_keys.unseal(locked.data["secret"]), code)
    # The app was set up with a code as well.
    set_up_in = int(locked.created_at.timestamp()) // app_settings.TOTP_PERIOD
    if period is None or period <= locked.data.get("used_period", set_up_in):
        return False
    locked.data["used_period"] = period
    locked.save(update_fields=["data"])
    return True
