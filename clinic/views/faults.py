"""What is answered when a page could not be made: an outage that passes, or a fault of ours."""

import re
import sys
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseServerError
from django.middleware.csrf import CsrfViewMiddleware
from django.template.loader import render_to_string
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _

from clinic.outage import Outage, leave_connections, outage_of

RETRY_SECONDS = {Outage.BUSY: 30, Outage.FULL: 300, Outage.READ_ONLY: 300, Outage.GONE: 60}
# Names of fields that are typed anew, with the whole form: what repeats one of them has another name.
SECRETS = re.compile(r"password|^(code|pin|digits|credential)$")


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer for whatever went wrong anywhere around a page, without asking the database for anything.

    In an outage what was typed comes back in the page, so that it can be sent again as it is.
    """
    outage = outage_of(sys.exception())
    return HttpResponseServerError(render_to_string("500.html")) if outage is None else passing(request, outage)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer for what could not be read.

    Where the database fails as the sign-in's row is kept, behind a page that was made, Django takes it for a session
    that somebody ended, and thus for a bad request.
    """
    outage = outage_of(exception)
    return HttpResponseBadRequest(render_to_string("400.html")) if outage is None else passing(request, outage)


def passing(request: HttpRequest, outage: Outage) -> HttpResponse:
    leave_connections()
    response = HttpResponse(render_to_string("503.html", said(request, outage)), status=HTTPStatus.SERVICE_UNAVAILABLE)
    response["Retry-After"] = RETRY_SECONDS[outage]
    add_never_cache_headers(response)
    return response


def said(request: HttpRequest, outage: Outage) -> dict[str, Any]:
    """Return the words of the page, and what was typed as the form had it."""
    is_sent = request.method not in {"GET", "HEAD"}
    kept = typed(request) if is_sent else []
    view = getattr(request.resolver_match, "func", None)
    return {
        "title": titles()[outage],
        "advice": advice()[outage],
        "is_sent": is_sent,
        "is_unsure": outage is Outage.GONE,
        "kept": kept,
        "has_files": bool(kept and request.FILES),
        "address": request.get_full_path(),
        "is_of_patients": not getattr(view, "login_required", True),
    }


def titles() -> dict[Outage, str]:
    return {
        Outage.BUSY: _("The records are busy"),
        Outage.FULL: _("There is no room to save"),
        Outage.READ_ONLY: _("Nothing can be saved at the moment"),
        Outage.GONE: _("The records cannot be reached"),
    }


def advice() -> dict[Outage, str]:
    return {
        Outage.BUSY: _("Something else has been writing for a while. Wait half a minute, then try again."),
        Outage.FULL: _(
            "The disk of the server is full. Pages can still be read. Tell your practice manager: as soon as there "
            "is room, saving works again by itself."
        ),
        Outage.READ_ONLY: _(
            "The server lets nothing be changed. Pages can still be read. Tell your practice manager; try again later."
        ),
        Outage.GONE: _(
            "The server that keeps them does not answer. Mostly this passes by itself: wait a minute, then try again. "
            "If it stays, tell your practice manager."
        ),
    }


class OwnForm(CsrfViewMiddleware):
    """The check whether a form comes from a page of ours, without the page that is answered to others."""

    def _reject(self, request: HttpRequest, reason: str) -> HttpResponse:
        return HttpResponse(reason)


def typed(request: HttpRequest) -> list[tuple[str, str]]:
    """Return each field that was sent, or nothing where the form holds a secret or did not come from a page of ours.

    The check is made here because the outage may have come before it was: nobody else's form is laid before a person
    to be sent in their name.
    """
    try:
        foreign = OwnForm(lambda request: HttpResponse()).process_view(request, server_error, (), {})
        pairs = [(name, value) for name, values in request.POST.lists() for value in values]
    except OSError:
        return []  # it did not come through whole: the disk that was full is the one on which it is read
    if foreign is not None or any(SECRETS.search(name) for name, _value in pairs):
        return []
    return pairs
