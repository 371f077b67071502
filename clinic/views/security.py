"""How a person signs in: the password, the second step, and the codes for when it is lost."""

from typing import Any

from allauth.account.decorators import reauthentication_required
from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes import views as allauth_codes
from allauth.mfa.totp import views as allauth_app
from allauth.mfa.webauthn.internal.flows import remove_authenticator
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from clinic.http import Request
from clinic.second_factor.gate import WANTED
from clinic.second_factor.need import factors_of, is_required_of, may_remove

confirmed = reauthentication_required(app="allauth.mfa")


@require_safe
def security(request: Request) -> HttpResponse:
    """The one home of how a person signs in. Opens nothing that is sealed."""
    factors = list(Authenticator.objects.filter(user_id=request.user.pk).order_by("pk"))
    codes = of_kind(factors, Authenticator.Type.RECOVERY_CODES)
    page = {
        "is_required": is_required_of(request.user),
        "app": next(iter(of_kind(factors, Authenticator.Type.TOTP)), None),
        "passkeys": of_kind(factors, Authenticator.Type.WEBAUTHN),
        "codes": codes[0] if codes else None,
        "codes_left": codes_left(codes[0]) if codes else 0,
        "codes_in_all": app_settings.RECOVERY_CODE_COUNT,
    }
    return TemplateResponse(request, "clinic/security.html", page)


def of_kind(factors: list[Authenticator], kind: str) -> list[Authenticator]:
    return [factor for factor in factors if factor.type == kind]


def codes_left(codes: Authenticator) -> int:
    return app_settings.RECOVERY_CODE_COUNT - int(codes.data["used_mask"]).bit_count()


def to_security(request: Request) -> HttpResponse:
    """Answer for allauth's own lists of second factors, whose home here is one page."""
    return redirect("security")


@require_safe
def choose(request: Request) -> HttpResponse:
    """The first of three steps: a phone app or a passkey."""
    if factors_of(request.user).exists():
        return redirect("security")
    return TemplateResponse(request, "clinic/second_factor_choice.html", {"is_required": is_required_of(request.user)})


@require_safe
def done(request: Request) -> HttpResponse:
    """After the set-up: on to where the person was going."""
    return redirect(request.session.pop(WANTED, "security"))


def set_up_app(request: Request) -> HttpResponse:
    """The phone app. A second tap finds it done."""
    if factors_of(request.user).filter(type=Authenticator.Type.TOTP).exists():
        return redirect("security")
    try:
        with transaction.atomic():
            return allauth_app.activate_totp(request)
    except IntegrityError:
        return redirect("security")


def remove_app(request: Request) -> HttpResponse:
    if not factors_of(request.user).filter(type=Authenticator.Type.TOTP).exists():
        return redirect("security")
    return allauth_app.deactivate_totp(request)


def remove_passkey(request: Request, pk: int) -> HttpResponse:
    """Remove a passkey, unless it is the last factor of somebody who must have one."""
    passkey = get_object_or_404(factors_of(request.user), pk=pk, type=Authenticator.Type.WEBAUTHN)
    if not may_remove(passkey, request.user):
        messages.warning(request, _("Your role needs a second step. Set another one up, then remove this one."))
        return redirect("security")
    return removal_of(request, passkey)


@confirmed
def removal_of(request: Request, passkey: Authenticator) -> HttpResponse:
    if request.method == "POST":
        remove_authenticator(request, passkey)
        return redirect("security")
    return TemplateResponse(request, "mfa/webauthn/authenticator_confirm_delete.html", {"passkey": passkey})


def new_codes(request: Request) -> HttpResponse:
    """Make codes in place of those that are left. Whoever has no second step has nothing they could stand for."""
    if not factors_of(request.user).exists():
        return redirect("security")
    return allauth_codes.generate_recovery_codes(request)


@require_safe
@confirmed
def recovery_codes(request: Request) -> HttpResponse:
    """The codes that are left, to print or to keep."""
    return TemplateResponse(request, "mfa/recovery_codes/index.html", codes_page(request))


@require_safe
@confirmed
def download_codes(request: Request) -> HttpResponse:
    response = TemplateResponse(
        request, "mfa/recovery_codes/download.txt", codes_page(request), content_type="text/plain; charset=utf-8"
    )
    response["Content-Disposition"] = 'attachment; filename="mesotrack-recovery-codes.txt"'
    return response


def codes_page(request: Request) -> dict[str, Any]:
    """Return the codes in pairs of four figures. 404 for somebody who has none."""
    factor = get_object_or_404(Authenticator, user_id=request.user.pk, type=Authenticator.Type.RECOVERY_CODES)
    codes = factor.wrap().get_unused_codes()
    return {"codes": [f"{code[:4]} {code[4:]}" for code in codes], "is_first_time": WANTED in request.session}
