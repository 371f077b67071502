"""The request as the pages see it: someone is signed in, somewhere, perhaps through htmx."""

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from allauth.account.adapter import get_adapter
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
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
    emergencies: list[Any]  # what this sign-in has open of other locations; see patients/emergencies.py
    ended: str  # why the sign-in ended, in words; only where this request came too late for it


def came_from(request: HttpRequest) -> str:
    """Return the page of ours that the person came from, else Today."""
    referer = request.headers.get("Referer", "")
    ours = f"{request.scheme}://{request.get_host()}/"
    path = referer.removeprefix(ours.rstrip("/"))
    # What is left without our name is judged again: of "https://ours//theirs/" a browser would read another site.
    if referer.startswith(ours) and url_has_allowed_host_and_scheme(path, None):
        return path
    return "/"


def without_words(address: str) -> str:
    """Return an address of ours without what is searched for there: words name people."""
    path, _mark, query = address.partition("?")
    kept = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True) if name != "q"]
    return f"{path}?{urlencode(kept)}" if kept else path


def way_back(request: HttpRequest, otherwise: str) -> str:
    """Return where the form says that the person came from, if that is one of our own pages, else another address."""
    address = request.POST.get("next") or request.GET.get("next") or ""
    own = url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())
    return address if own else otherwise


def where_from(request: HttpRequest) -> dict[str, Any]:
    """Return the facts of a sign-in that its request knows: the session, the address, the browser."""
    try:
        address = get_adapter(request).get_client_ip(request)
    except (PermissionDenied, ImproperlyConfigured):  # a command has none; a proxy may hide it
        address = None
    return {
        "session": request.session,
        "address": address,
        "browser": request.headers.get("User-Agent", ""),
    }
