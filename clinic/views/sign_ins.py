"""The sign-in as its pages see it: how long it lasts yet, and whose it is."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from clinic import sign_in_time, trail
from clinic.http import Request
from clinic.middleware import keep_signed_in


@never_cache
@login_not_required
@require_http_methods(["GET", "POST"])
def sign_in_state(request: Request) -> HttpResponse:
    """Say who is signed in, for how many seconds yet, and which token forms want now. A POST puts the end off.

    Nobody being signed in is an answer as well: a page asks whether it still has its person.
    """
    trail.told()  # nothing of anybody's record is in the answer
    if not request.user.is_authenticated:
        return JsonResponse({"person": None})
    now = timezone.now()
    if request.method == "POST":
        keep_signed_in(request, now)
    left = sign_in_time.left(request.session, now)
    return JsonResponse(
        {
            "person": str(request.user.public_id),
            "seconds": left.seconds,
            "longer": left.can_be_longer,
            "token": get_token(request),
        }
    )


@require_safe
def other_person(request: Request) -> HttpResponse:
    """Lead on whoever signed in while a page of somebody else was open, with a word about it."""
    words = _("%(name)s is signed in now. The page that was open belonged to somebody else and was left.")
    messages.info(request, words % {"name": request.user.get_full_name()})
    return redirect("today")
