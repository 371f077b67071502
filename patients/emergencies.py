"""Which records of other locations somebody has open in an emergency: of this sign-in, at this moment."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from smtplib import SMTPRecipientsRefused, SMTPResponseException
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic import audit
from clinic.http import Request
from clinic.models import AuditEvent, User
from patients.models import EmergencyAccess

log = logging.getLogger(__name__)

KEY = "emergencies"
ADMINS_TOLD = "admins-told"  # what the event says that remembers it
TOLD_WITHIN = timedelta(days=1)  # a default of ours


def remember(request: Request, access: EmergencyAccess) -> None:
    """Let this sign-in, and no other of the same person, have the record open."""
    request.session[KEY] = [*request.session.get(KEY, []), str(access.public_id)]


def is_remembered(request: Request, access: EmergencyAccess) -> bool:
    return str(access.public_id) in request.session.get(KEY, [])


def tell_admins(now: datetime) -> None:
    """Mail every admin that a record was opened, and where to review it. Whose it is, the mail does not say.

    An event of the trail remembers that a mail went. Where none did, the next round tries again, for a day; the list
    shows every access whatever became of the mail. Two rounds at once tell twice, which is better than not at all.
    """
    waiting = untold(now)
    addresses = list(User.objects.admins().values_list("email", flat=True))
    if not waiting or not addresses:
        return
    try:
        with get_connection() as connection:
            for access in waiting:
                if sum(_mail(access, address, connection) for address in addresses):
                    audit.write(audit.Act.CHANGE, at=now, record=access, detail={"what": ADMINS_TOLD})
    except OSError:  # of which every error of the mail server is one
        log.exception("The admins could not be told of an emergency access yet.")


def untold(now: datetime) -> list[EmergencyAccess]:
    """Return the accesses of the last day, first the oldest, of which no admin was told."""
    recent = EmergencyAccess.objects.filter(opened_at__gt=now - TOLD_WITHIN).order_by("opened_at", "pk")
    accesses = list(recent.select_related("patient", "user").prefetch_related("user__groups"))
    events = AuditEvent.objects.of_patient(*(access.patient.public_id for access in accesses))
    told = set(events.filter(detail__what=ADMINS_TOLD).values_list("record_key", flat=True)) if accesses else set()
    return [access for access in accesses if str(access.public_id) not in told]


def _mail(access: EmergencyAccess, to: str, connection: BaseEmailBackend) -> bool:
    """Say whether the mail went. One address that is refused keeps the others from nothing."""
    context = {"access": access, "address": settings.PUBLIC_URL.rstrip("/") + reverse("emergency-list")}
    body = render_to_string("patients/mail/emergency.txt", context)
    letter = EmailMessage(_("A record was opened in an emergency"), body, to=[to], connection=connection)
    try:
        return bool(letter.send())
    except (SMTPRecipientsRefused, SMTPResponseException):
        log.exception("An admin could not be told of an emergency access.")
        return False


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
