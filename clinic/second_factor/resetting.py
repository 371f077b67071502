"""A lost phone: a colleague's second factors are taken away, by an admin, with a reason, and never in silence."""

from datetime import datetime

from allauth.account.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.http import HttpRequest

from clinic import audit, trail
from clinic.actions.sign_ins import end_sign_ins
from clinic.models import SecondFactorReset, User
from clinic.second_factor.need import name_of


def reset_second_factors(
    request: HttpRequest, user: User, *, by: User, reason: str, now: datetime
) -> SecondFactorReset:
    """Take away every second factor of `user`, sign them out everywhere and tell them. Returns what is kept of it."""
    with transaction.atomic():
        factors = Authenticator.objects.select_for_update().filter(user_id=user.pk)
        removed = ", ".join(map(name_of, factors))[:500]
        reset = SecondFactorReset(user=user, by=by, reason=reason, removed=removed, reset_at=now)
        reset.validate_constraints()
        reset.save()
        factors.delete()
        end_sign_ins(user)
        detail = {"what": "second-factor-reset"}
        audit.write(audit.Act.CREDENTIALS, at=now, request=request, by=by, record=user, detail=detail)
    trail.told()
    get_adapter(request).send_notification_mail(
        "account/email/second_factor_reset", user, {"admin": by.get_full_name(), "reason": reason}
    )
    return reset
