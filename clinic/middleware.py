"""What happens around every request."""

from collections.abc import Callable

from django.http import HttpResponse, HttpResponseBadRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.cache import add_never_cache_headers

from clinic.http import Request
from clinic.models import Location

Handler = Callable[[Request], HttpResponse]


def reject_nul(get_response: Handler) -> Handler:
    """Answer 400 to a NUL byte in the address: no field holds one, and PostgreSQL refuses it deep inside a page."""

    def middleware(request: Request) -> HttpResponse:
        if "\0" in request.path or any("\0" in value for values in request.GET.lists() for value in values[1]):
            return HttpResponseBadRequest(render_to_string("400.html"))
        return get_response(request)

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
