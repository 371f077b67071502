"""A person's own settings."""

from django.core.exceptions import BadRequest, ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from clinic.http import Request
from clinic.models import Location, User


@require_POST
def set_theme(request: Request) -> HttpResponse:
    theme = request.POST.get("theme")
    if theme not in User.Theme.values:
        raise BadRequest("A theme is system, light or dark.")
    request.user.theme = theme
    request.user.save(update_fields=["theme"])
    return redirect(back(request))


@require_POST
def switch_location(request: Request) -> HttpResponse:
    """Work at another of one's own locations from now on, until signing out."""
    own = Location.objects.visible_to(request.user)
    try:
        location = get_object_or_404(own, public_id=request.POST.get("location"))
    except ValidationError as error:
        raise BadRequest("A location is named by its id.") from error
    request.session["location"] = str(location.public_id)
    return redirect("today")


def back(request: Request) -> str:
    """Return the page of ours that the person came from, else Today."""
    referer = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(referer, {request.get_host()}, require_https=request.is_secure()):
        return referer
    return "/"
