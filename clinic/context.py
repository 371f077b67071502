"""What every page's frame shows: the way around, the place, the person."""

from functools import partial
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from clinic import sign_in_time
from clinic.devices import is_marked
from clinic.http import Request
from clinic.navigation import grouped, navigation
from clinic.next_page import take_told
from clinic.undo import take_offer


def clinic(request: Request) -> dict[str, Any]:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"version": settings.VERSION, "is_shared_device": is_marked(request)}
    nav = SimpleLazyObject(partial(navigation, request))  # a fragment has no frame and asks for no numbers
    return {
        "version": settings.VERSION,
        "nav": nav,
        "bar": SimpleLazyObject(partial(grouped, nav)),
        "here": request.location,
        "locations": user.places,
        "is_shared_device": is_marked(request),
        "sign_in_left": sign_in_time.left(request.session, timezone.now()),
        "undo_offer": partial(take_offer, request),  # taken only by a page that shows it
        "next_page": partial(take_told, request),
    }
