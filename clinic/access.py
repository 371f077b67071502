"""Who gets in: the decorator of every page that not everyone may use, and the look-up of what an address names."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django import shortcuts
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase

from clinic import trail

M = TypeVar("M", bound=Model)
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


def get_object_or_404(visible: QuerySet[M], **key: Any) -> M:
    """Return the record of this key among those that the person may see, or raise `Http404`, as Django's own does.

    The request's trail notes what was found, and what is there but not for this person. Who asks is not told which.
    """
    try:
        found = shortcuts.get_object_or_404(visible, **key)
    except Http404:
        trail.missed(visible.model, key)
        raise
    trail.saw(found)
    return found
