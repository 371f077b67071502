"""A shared tablet: one person leaves, another comes back with a few digits."""

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from clinic import sign_in_time
from clinic.actions.switching import opens, people_near
from clinic.devices import device_of
from clinic.http import Request, came_from, way_back
from clinic.models import DevicePerson
from clinic.pin_forms import PinEntryForm

BACKEND = "clinic.accounts.RoleBackend"


@require_POST
def leave(request: Request) -> HttpResponse:
    """Sign out and show who may come back. Whoever leaves may as well: what they typed is theirs."""
    back = came_from(request)
    logout(request)
    return redirect(f"{reverse('switch-person')}?{urlencode({'next': back})}")


@never_cache
@login_not_required
@require_http_methods(["GET", "POST"])
def switch_person(request: Request) -> HttpResponse:
    """Show who may come back to this device, and let them in by their PIN. Any other device leads to the sign-in."""
    back = way_back(request, reverse("today"))
    if request.user.is_authenticated:
        return redirect(back)
    device, now = device_of(request), timezone.now()
    people = people_near(device, now) if device else []
    if not device or not people:
        return redirect(f"{reverse('account_login')}?{urlencode({'next': back})}")
    form = PinEntryForm(request.POST or None)
    chosen = _chosen(request, people)
    if form.is_valid() and chosen:
        if _enter(request, chosen, form):
            return redirect(back)
        if chosen not in people_near(device, now):
            messages.warning(request, _("Too many wrong tries. Sign in with your password."))
            return redirect(f"{reverse('account_login')}?{urlencode({'next': back})}")
    return TemplateResponse(
        request,
        "clinic/accounts/switch.html",
        {"device": device, "people": people, "chosen": chosen, "form": form, "back": back},
    )


def _chosen(request: Request, people: list[DevicePerson]) -> DevicePerson | None:
    named = request.POST.get("person") or request.GET.get("person")
    return next((person for person in people if str(person.public_id) == named), None)


def _enter(request: Request, person: DevicePerson, form: PinEntryForm) -> bool:
    """Sign the person in if the digits are theirs; else the form says what stands against it."""
    digits = form.cleaned_data["digits"]
    try:
        if not get_adapter(request).count_try(request, person.user, lambda: opens(person, digits)):
            form.add_error("digits", ValidationError(_("This is not the PIN."), code="wrong"))
            return False
    except ValidationError as error:
        form.add_error("digits", error)
        return False
    # What a sign-in that stopped before its second step noted here, a password above all, opens nothing behind a PIN.
    request.session.flush()
    login(request, person.user, backend=BACKEND)
    # A PIN makes nothing longer: the day counts from the password.
    sign_in_time.begin(request.session, timezone.now(), signed_in_at=person.signed_in_at)
    return True
