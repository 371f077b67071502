"""The request as the pages see it: someone is signed in, somewhere, perhaps through htmx."""

from typing import TYPE_CHECKING

from django.http import HttpRequest

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails

    from clinic.models import Location, User


class Request(HttpRequest):
    """What the middleware makes of a request behind the sign-in. Views name it for its types alone."""

    user: "User"  # LoginRequiredMiddleware lets nobody else in
    location: "Location | None"  # None for someone who belongs to no location yet
    htmx: "HtmxDetails"
