"""A person's own settings."""

from django.core.exceptions import BadRequest
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from clinic.http import Request, came_from
from clinic.models import User


@require_POST
def set_theme(request: Request) -> HttpResponse:
    theme = request.POST.get("theme")
    if theme not in User.Theme.values:
        raise BadRequest("A theme is system, light or dark.")
    request.user.theme = theme
    request.user.save(update_fields=["theme"])
    return redirect(came_from(request))


@require_POST
def switch_location(request: Request) -> HttpResponse:
    """Work at another of the places one may choose from now on, until signing out."""
    chosen = request.POST.get("location")
    if chosen not in {str(location.public_id) for location in request.user.places}:
        raise Http404
    request.session["location"] = chosen
    return redirect("today")


def closed(request: Request, key: str = "") -> HttpResponse:
    """Answer for a page of the sign-in library that a clinic does not open: an address is an admin's word."""
    raise Http404
