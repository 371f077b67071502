"""Who gets in: the decorator of every page that not everyone may use."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

View = Callable[..., HttpResponseBase]


def may(act: str) -> Callable[[View], View]:
    """Let only people in whose role has this act of `clinic.roles`; others get 403."""

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.has_perm(act):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return wrapped

    return decorate
