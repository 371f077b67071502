"""The request as the pages see it: someone is signed in, somewhere, perhaps through htmx."""

from typing import TYPE_CHECKING
from uuid import UUID

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails

    from clinic.models import Location, User


class Request(HttpRequest):
    """What the middleware makes of a request behind the sign-in. Views name it for its types alone."""

    user: "User"  # LoginRequiredMiddleware lets nobody else in
    location: "Location | None"  # None for someone who belongs to no location yet
    htmx: "HtmxDetails"
    audit_id: UUID  # the same on all events of one request


def came_from(request: HttpRequest) -> str:
    """Return the page of ours that the person came from, else Today."""
    referer = request.headers.get("Referer", "")
    ours = f"{request.scheme}://{request.get_host()}/"
    if referer.startswith(ours) and url_has_allowed_host_and_scheme(referer, {request.get_host()}):
        return referer.removeprefix(ours.rstrip("/"))
    return "/"


def way_back(request: HttpRequest, otherwise: str) -> str:
    """Return where the form says that the person came from, if that is one of our own pages, else another address."""
    address = request.POST.get("next") or request.GET.get("next") or ""
    own = url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())
    return address if own else otherwise
