"""Which records of other locations somebody has open in an emergency: of this sign-in, at this moment."""

import logging
from collections.abc import Callable
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.http import Request
from clinic.models import User
from patients.models import EmergencyAccess

log = logging.getLogger(__name__)

KEY = "emergencies"


def remember(request: Request, access: EmergencyAccess) -> None:
    """Let this sign-in, and no other of the same person, have the record open."""
    request.session[KEY] = [*request.session.get(KEY, []), str(access.public_id)]


def is_remembered(request: Request, access: EmergencyAccess) -> bool:
    return str(access.public_id) in request.session.get(KEY, [])


def tell_admins(access: EmergencyAccess) -> None:
    """Mail every admin at once that a record was opened, and where to review it. Whose it is, the mail does not say.

    A mail that does not go keeps nobody from the record: the list shows every access whatever became of the mail.
    """
    addresses = list(User.objects.admins().values_list("email", flat=True))
    context = {"access": access, "address": settings.PUBLIC_URL.rstrip("/") + reverse("emergency-list")}
    body = render_to_string("patients/mail/emergency.txt", context)
    for address in addresses:
        try:
            EmailMessage(_("A record was opened in an emergency"), body, to=[address]).send()
        except (OSError, SMTPException):
            log.exception("An admin could not be told of an emergency access.")


def with_emergencies(get_response: Callable[[Request], HttpResponse]) -> Callable[[Request], HttpResponse]:
    """Let the request's person see what they have open; `seen_by` asks for it. Without any it costs no query."""

    def middleware(request: Request) -> HttpResponse:
        if request.user.is_authenticated and (opened := request.session.get(KEY)):
            mine = EmergencyAccess.objects.open(timezone.now()).filter(public_id__in=opened, user=request.user)
            accesses = list(mine.select_related("patient"))
            request.emergencies = accesses
            request.user.patients_in_emergency = frozenset(access.patient_id for access in accesses)
            if not accesses:
                del request.session[KEY]
        return get_response(request)

    return middleware


def emergencies(request: Request) -> dict[str, Any]:
    """Give the pages what is open, for the strip above the patient's banner."""
    return {"emergencies": getattr(request, "emergencies", [])}
