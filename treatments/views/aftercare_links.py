"""The staff's side of an aftercare link: giving, sending, printing and withdrawing it."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clinic import trail
from clinic.access import may
from clinic.audit import Act
from clinic.http import Request
from patients.languages import spoken
from treatments.actions import aftercare as actions
from treatments.aftercare import Vocabulary, address_of, offered_kinds, qr_of, usual
from treatments.danger_signs import SAID
from treatments.models import AftercareLink, AftercareText, Session
from treatments.rules.red_flags import EMERGENCIES
from treatments.views.sessions import get_session


@require_POST
@may("treatments.give_aftercare")
def link(request: Request, public_id: UUID) -> HttpResponse:
    """Take one step with a session's link: make it, send it, withdraw it, or give another."""
    session = get_session(request, public_id)
    try:
        message = take_step(request, session)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, message)
    return redirect(f"{session.get_absolute_url()}#aftercare")


def take_step(request: Request, session: Session) -> str:
    """Take the step that was asked for and return what was done; anything else makes sure that there is a link."""
    now, step = timezone.now(), request.POST.get("step")
    if step == "replace":
        actions.replace(session, by=request.user, now=now)
        return _("There is a new link. The one before leads nowhere any more.")
    if step == "revoke":
        for given in session.aftercare_links.given():
            actions.revoke(given, by=request.user, now=now)
        return _("The aftercare link is withdrawn.")
    given = actions.give(session, by=request.user, now=now)
    if step == "mail":
        actions.want_mail(AftercareLink.objects.for_patient().get(pk=given.pk), now=now)
        return _("The aftercare link goes out by e-mail.")
    return _("The aftercare link is ready.")


@may("treatments.give_aftercare")
def slip(request: Request, public_id: UUID) -> HttpResponse:
    """Show the slip to print, in the patient's language: the text, what is usual, and the link as a QR code."""
    session = get_session(request, public_id)
    given = AftercareLink.objects.for_patient().given().filter(session=session).first()
    if given is None or not given.is_open(timezone.now()):
        raise Http404
    trail.saw(session, act=Act.PRINT)
    course = session.course
    language = spoken(given.patient.language)
    with translation.override(language):
        vocabulary = Vocabulary(language)
        context = {
            "session": session,
            "location": course.location,
            "text": AftercareText.objects.closest(session, language),
            "usual": usual(offered_kinds(vocabulary), vocabulary),
            "emergencies": [said for flag, said in SAID.items() if flag in EMERGENCIES],
            "signs": [said for flag, said in SAID.items() if flag not in EMERGENCIES],
            "link": given,
            "address": address_of(given),
            "qr": qr_of(given),
        }
        return HttpResponse(render_to_string("treatments/aftercare/slip.html", context, request))
