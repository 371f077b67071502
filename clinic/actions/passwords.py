"""A link for a new password, sent by somebody else: the one a person asked for did not reach them."""

from datetime import datetime

from allauth.account.internal.flows.password_reset import request_password_reset
from django.db import transaction

from clinic import audit, trail
from clinic.http import Request
from clinic.models import User


@transaction.atomic
def send_password_link(user: User, *, now: datetime, request: Request) -> None:
    """Write the letter that "Forgot it?" writes, to the address as it is now. The worker is told."""
    request_password_reset(request, user.email, [user], None)
    audit.write(audit.Act.CREDENTIALS, at=now, request=request, record=user, detail={"what": "password-link-sent"})
    trail.told()
