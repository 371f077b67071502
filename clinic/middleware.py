"""What happens around every request."""

import logging
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.db import DatabaseError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic import sign_in_time
from clinic.actions.sign_ins import note_use
from clinic.http import Request, came_from, where_from
from clinic.models import Location

log = logging.getLogger(__name__)

Handler = Callable[[Request], HttpResponse]
METHODS = ["GET", "HEAD", "POST"]


def reject_other_methods(get_response: Handler) -> Handler:
    """Answer 405 to everything but reading and sending: no page of ours is for PUT or DELETE."""

    def middleware(request: Request) -> HttpResponse:
        if request.method not in METHODS:
            return HttpResponseNotAllowed(METHODS, render_to_string("405.html"))
        return get_response(request)

    return middleware


def reject_nul(get_response: Handler) -> Handler:
    """Answer 400 to a NUL byte in the address: no field holds one, and PostgreSQL refuses it deep inside a page."""

    def middleware(request: Request) -> HttpResponse:
        charset = request.content_params.get("charset", "utf-8").lower() if request.content_params else "utf-8"
        if charset not in {"utf-8", "utf8"}:  # no page of ours sends another, and Django's own refusal needs the form
            return HttpResponseBadRequest(render_to_string("400.html"))
        if any("\0" in text for text in said_in_address(request)):
            return HttpResponseBadRequest(render_to_string("400.html"))
        return get_response(request)

    return middleware


def said_in_address(request: Request) -> list[str]:
    """Return the path of an address, and each name and each value of its parameters."""
    return [request.path, *(text for name, values in request.GET.lists() for text in (name, *values))]


def end_what_is_unused(get_response: Handler) -> Handler:
    """Sign out whoever did nothing for too long, or signed in too long ago; see `clinic.sign_in_time`."""

    def middleware(request: Request) -> HttpResponse:
        if request.user.is_authenticated:
            now = timezone.now()
            left = sign_in_time.left(request.session, now)
            if left.is_over:
                logout(request)
                request.ended = words_of_end(left)
            elif sign_in_time.is_act(request) and sign_in_time.is_worth_noting(request.session, now):
                keep_signed_in(request, now)
        return get_response(request)

    return middleware


def keep_signed_in(request: Request, now: datetime) -> None:
    """Put the end of a sign-in off. While nothing can be written, pages are read all the same, up to that end."""
    try:
        with transaction.atomic():
            note_use(request.user, now=now, **where_from(request))
    except DatabaseError:
        log.exception("The use of a sign-in could not be noted.")
    else:
        sign_in_time.use(request.session, now)


def words_of_end(left: sign_in_time.Left) -> str:
    """Tell somebody why the sign-in ended."""
    if left.can_be_longer:
        minutes = settings.SESSION_IDLE_MINUTES
        return ngettext(
            "Nothing was done for %(n)s minute, so you were signed out.",
            "Nothing was done for %(n)s minutes, so you were signed out.",
            minutes,
        ) % {"n": minutes}
    return _("You were signed out: a sign-in lasts a day's work at most.")


class SignInRequired(LoginRequiredMiddleware):
    """Lead strangers to the sign-in page, and back to a page that can be read.

    What was posted after the sign-in ended cannot be posted again by itself: the person is told so, and comes back to
    the page it was typed on. A script gets a plain 401, and its page the word that the sign-in has ended.
    """

    def handle_no_permission(  # type: ignore[override]  # a script gets no way to anywhere
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponseBase:
        if sign_in_time.is_of_a_page(request):
            return HttpResponse(status=HTTPStatus.UNAUTHORIZED, headers={"HX-Trigger": "signed-out"})
        if request.method in {"GET", "HEAD"}:
            if ended := getattr(request, "ended", ""):
                messages.info(request, ended)
            return super().handle_no_permission(request, view_func)
        messages.warning(request, _("You were signed out, so the last step was not saved. Sign in and do it again."))
        return redirect_to_login(came_from(request), reverse("account_login"))


def name_the_refusal(get_response: Handler) -> Handler:
    """Give a page to an address that is only for sending, where Django answers with nothing."""

    def middleware(request: Request) -> HttpResponse:
        response = get_response(request)
        if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED and not response.content:
            response.content = render_to_string("405.html")
        return response

    return middleware


def at_location(get_response: Handler) -> Handler:
    """Put the request at one of the person's locations (`request.location`) and into its time zone."""

    def middleware(request: Request) -> HttpResponse:
        request.location = current_location(request)
        if request.location is None:
            return get_response(request)
        with timezone.override(request.location.tz):
            return get_response(request)

    return middleware


def current_location(request: Request) -> Location | None:
    """Return the location the person chose, else the first they may choose."""
    user = request.user
    if not user.is_authenticated:
        return None
    chosen = request.session.get("location")
    chosen_first = sorted(user.places, key=lambda location: str(location.public_id) != chosen)
    return next(iter(chosen_first), None)


def no_store(get_response: Handler) -> Handler:
    """Keep pages about patients out of every cache, the browser's too: Back after signing out shows nothing."""

    def middleware(request: Request) -> HttpResponse:
        response = get_response(request)
        if request.user.is_authenticated and not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        return response

    return middleware
