"""Where somebody is signed in, their PIN, and whether this device is shared."""

from allauth.account.decorators import reauthentication_required
from allauth.core.exceptions import ReauthenticationRequired
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic import sign_in_time
from clinic.access import get_object_or_404
from clinic.actions.sign_ins import remove_pin, set_pin
from clinic.actions.switching import share_device, withdraw_device
from clinic.browsers import named
from clinic.devices import device_of, mark, new_secret, unmark
from clinic.http import Request
from clinic.models import Pin, SignIn
from clinic.pin_forms import DeviceForm, PinForm


@require_safe
def sign_in_list(request: Request) -> HttpResponse:
    return _page(request, DeviceForm())


def _page(request: Request, device_form: DeviceForm) -> HttpResponse:
    now = timezone.now()
    here = request.session.session_key
    own = sorted(request.user.sign_ins.live(now), key=lambda sign_in: sign_in.session_key != here)
    context = {
        "sign_ins": [(sign_in, named(sign_in.browser), sign_in.session_key == here) for sign_in in own],
        "others": sum(sign_in.session_key != here for sign_in in own),
        "pin": Pin.objects.filter(user=request.user).first(),
        "device": device_of(request),
        "device_form": device_form,
    }
    return TemplateResponse(request, "clinic/accounts/sign_ins.html", context)


@require_POST
def end_sign_in(request: Request) -> HttpResponse:
    """End one of one's own sign-ins, or all the others."""
    own = request.user.sign_ins.exclude(session_key=request.session.session_key)
    if request.POST.get("which") == "others":
        count = own.end()
        messages.success(
            request, ngettext("%(n)s other sign-in ended.", "%(n)s other sign-ins ended.", count) % {"n": count}
        )
    else:
        ended = _own(request)
        SignIn.objects.filter(pk=ended.pk).end()
        messages.success(request, _("The sign-in on %(device)s ended.") % {"device": named(ended.browser)})
    return redirect("sign-in-list")


def _own(request: Request) -> SignIn:
    try:
        return get_object_or_404(request.user.sign_ins.all(), public_id=request.POST.get("which"))
    except ValidationError as error:  # no such id
        raise Http404 from error


@require_http_methods(["GET", "POST"])
def own_pin(request: Request) -> HttpResponse:
    """Set, change or remove the PIN. The password is asked for first."""
    try:
        return _own_pin(request)
    except ReauthenticationRequired:
        if request.method == "GET":
            raise
        # What was sent would be kept in the session until the password is typed, and a PIN is kept nowhere.
        return redirect("own-pin")


@reauthentication_required
def _own_pin(request: Request) -> HttpResponse:
    if request.POST.get("act") == "remove":
        remove_pin(request.user, now=timezone.now(), request=request)
        messages.success(request, _("The PIN is gone."))
        return redirect("sign-in-list")
    form = PinForm(request.POST or None)
    if form.is_valid():
        set_pin(request.user, digits=form.cleaned_data["digits"], now=timezone.now(), request=request)
        messages.success(request, _("The PIN is set. It works on shared devices where you signed in today."))
        return redirect("sign-in-list")
    pin = Pin.objects.filter(user=request.user).first()
    return TemplateResponse(request, "clinic/accounts/pin.html", {"form": form, "pin": pin})


@require_POST
def share(request: Request) -> HttpResponse:
    """Make this browser a shared device, or let it be none any more."""
    now, device = timezone.now(), device_of(request)
    if request.POST.get("act") == "stop":
        if device:
            withdraw_device(device, now=now)
        response = redirect("sign-in-list")
        unmark(response)
        messages.success(request, _("This device is not shared any more."))
        return response
    form = DeviceForm(request.POST)
    if device or not form.is_valid():
        return redirect("sign-in-list") if device else _page(request, form)
    secret = new_secret()
    share_device(
        name=form.cleaned_data["name"],
        secret=secret,
        by=request.user,
        signed_in_at=sign_in_time.began_at(request.session, now),
        now=now,
    )
    response = redirect("sign-in-list")
    mark(response, secret)
    messages.success(request, _("This device is shared now: “Switch person” is in the menu."))
    return response
