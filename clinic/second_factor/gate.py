"""Between the sign-in and the pages: who must have a second factor and has none meets its set-up, and nothing else."""

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from clinic.field_keys import UnsealError
from clinic.http import came_from, without_words
from clinic.second_factor.need import is_missing

logger = logging.getLogger(__name__)

WANTED = "wanted"  # in the session: where the person was going
# What somebody without the factor that the role asks for can reach, beside the pages that need no sign-in.
SETTING_UP = frozenset(
    {
        "second-factor-choice",
        "second-factor-done",
        "mfa_activate_totp",
        "mfa_add_webauthn",
        "account_reauthenticate",
        "account_logout",
    }
)


class SecondFactorRequired:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponseBase], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        if not request.user.is_authenticated or not getattr(view, "login_required", True):
            return None
        page = request.resolver_match.view_name if request.resolver_match else ""
        if page in SETTING_UP or not is_missing(request.user):
            return None
        if request.method == "POST":
            messages.warning(request, _("The last step was not saved. Set up the second step, then do it again."))
        wanted = came_from(request) if request.method == "POST" else request.get_full_path()
        request.session[WANTED] = without_words(wanted)  # a sign-in keeps no name
        return redirect("second-factor-choice")

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Say that a secret does not open, in a page. It is nobody's fault at the desk, and no figure helps."""
        if not isinstance(exception, UnsealError):
            return None
        logger.error("A second factor cannot be read. %s", exception)
        return render(request, "clinic/unsealed.html", status=HTTPStatus.SERVICE_UNAVAILABLE)
