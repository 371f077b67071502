"""A link for a new password, sent by somebody else: the one a person asked for did not reach them."""

from datetime import datetime

from allauth.account.internal.flows.password_reset import request_password_reset
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from clinic import audit, trail
from clinic.actions import letters
from clinic.http import Request
from clinic.models import User

KIND = "password_reset_key"  # of letter, as allauth names it


@transaction.atomic
def send_password_link(user: User, *, now: datetime, request: Request) -> None:
    """Write the letter that "Forgot it?" writes, to the address as it is now. The worker is told.

    It takes the place of one that did not go yet. The row of the person is held: of two taps, one link goes. Raises
    `ValidationError` where the account was closed meanwhile.
    """
    stored = User.objects.select_for_update().get(pk=user.pk)
    if not stored.is_active:
        raise ValidationError(_("The account was closed meanwhile."), code="closed")
    letters.drop(kind=KIND, person=stored, now=now)
    request_password_reset(request, stored.email, [stored], None)
    audit.write(audit.Act.CREDENTIALS, at=now, request=request, record=stored, detail={"what": "password-link-sent"})
    trail.told()
