"""The people who work here, for admins: who, in which role, where, and who is asked to join."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic.access import get_object_or_404, may
from clinic.actions.invitations import send_invitation, withdraw_invitation
from clinic.actions.passwords import send_password_link
from clinic.actions.staff import change_role, deactivate, reactivate
from clinic.background import ring
from clinic.forms import save_once
from clinic.http import Request, way_back
from clinic.letters_standing import count_anew, letters_late
from clinic.models import Invitation, Letter, User
from clinic.paging import page
from clinic.staff_forms import InvitationForm, RoleForm
from clinic.tasks import send_letters

MOST_INVITED = 100  # open invitations on one page; a clinic has a handful


@require_safe
@may("clinic.manage_staff")
def staff_list(request: Request) -> HttpResponse:
    """Show who works here, who has left, and who is asked to join."""
    tab = "left" if request.GET.get("tab") == "left" else "here"
    people = User.objects.filter(is_active=tab == "here").prefetch_related("groups", "locations")
    now = timezone.now()
    invitations = Invitation.objects.open().prefetch_related("letters")[:MOST_INVITED]
    return TemplateResponse(
        request,
        "clinic/staff/list.html",
        {
            "tab": tab,
            "tabs": [("here", _("Working here")), ("left", _("Accounts closed"))],
            "page": page(request, people, "last_name", "first_name", "pk"),
            "invitations": [(invitation, invitation.standing(now)) for invitation in invitations],
            "astray": Letter.objects.astray().exclude(person=None).select_related("person")[:MOST_INVITED],
            "late": letters_late(now),
        },
    )


@require_http_methods(["GET", "POST"])
@may("clinic.manage_staff")
def invite(request: Request) -> HttpResponse:
    now = timezone.now()
    form = InvitationForm(request.POST or None, instance=Invitation(invited_by=request.user, invited_at=now))
    if request.method == "POST":
        made = form.made_before()
        if made is None and form.is_valid():
            made = _invite(form)
            if made and made.sent_at is None:
                _send(request, made)
        if made is not None:
            return redirect("staff-list")
    return TemplateResponse(request, "clinic/staff/invite.html", {"form": form})


def _invite(form: InvitationForm) -> Invitation | None:
    try:
        return save_once(form, form.save)
    except ValidationError as error:
        form.add_error(None, error)
        return None


def _send(request: Request, invitation: Invitation) -> None:
    facts = {"name": invitation, "address": invitation.email}
    try:
        send_invitation(invitation, now=timezone.now(), request=request)
    except ValidationError as error:
        messages.warning(request, error.messages[0])
        return
    ring(send_letters)
    count_anew()
    messages.success(request, _("The invitation for %(name)s is on its way to %(address)s.") % facts)


@require_POST
@may("clinic.manage_staff")
def resend(request: Request, public_id: str) -> HttpResponse:
    """Send an invitation again, with a new link."""
    _send(request, get_object_or_404(Invitation.objects.select_related("invited_by"), public_id=public_id))
    return redirect("staff-list")


@require_POST
@may("clinic.manage_staff")
def withdraw(request: Request, public_id: str) -> HttpResponse:
    invitation = get_object_or_404(Invitation.objects.all(), public_id=public_id)
    if withdraw_invitation(invitation, now=timezone.now(), request=request):
        count_anew()
        messages.success(request, _("The invitation for %(name)s is withdrawn.") % {"name": invitation})
    else:
        messages.warning(request, _("This invitation was accepted or withdrawn meanwhile."))
    return redirect("staff-list")


@require_http_methods(["GET", "POST"])
@may("clinic.manage_staff")
def person(request: Request, public_id: str) -> HttpResponse:
    """Show one person; a POST changes their role and places."""
    somebody = get_object_or_404(User.objects.prefetch_related("groups", "locations"), public_id=public_id)
    form = RoleForm(request.POST or None, person=somebody)
    if request.method == "POST" and form.is_valid():
        try:
            change_role(
                somebody,
                role=form.chosen_role,
                locations=form.cleaned_data["locations"],
                now=timezone.now(),
                request=request,
            )
        except ValidationError as error:
            form.add_error("role", error)
        else:
            messages.success(request, _("Role and locations of %(name)s are saved.") % {"name": somebody})
            return redirect("staff-list")
    now = timezone.now()
    context = {
        "person": somebody,
        "form": form,
        "live": somebody.sign_ins.live(now).count(),
        "astray": somebody.letters.astray().first(),
    }
    return TemplateResponse(request, "clinic/staff/person.html", context)


@require_POST
@may("clinic.manage_staff")
def password_link(request: Request, public_id: str) -> HttpResponse:
    """Send a person a link for a new password, as they asked for themselves at the entrance."""
    somebody = get_object_or_404(User.objects.filter(is_active=True), public_id=public_id)
    facts = {"name": somebody, "address": somebody.email}
    try:
        send_password_link(somebody, now=timezone.now(), request=request)
    except ValidationError as error:
        messages.warning(request, error.messages[0])
    else:
        count_anew()
        messages.success(request, _("A link for a new password is on its way to %(address)s, for %(name)s.") % facts)
    return redirect(way_back(request, reverse("staff-list")))


@require_http_methods(["GET", "POST"])
@may("clinic.manage_staff")
def active(request: Request, public_id: str) -> HttpResponse:
    """Ask before an account is closed or opened again, then do it."""
    somebody = get_object_or_404(User.objects.prefetch_related("groups", "locations"), public_id=public_id)
    error = ""
    if request.method == "POST":
        try:
            if request.POST.get("to") == "open":
                reactivate(somebody)
                messages.success(request, _("%(name)s can sign in again.") % {"name": somebody})
            else:
                deactivate(somebody, now=timezone.now(), request=request)
                messages.success(request, _("The account of %(name)s is closed.") % {"name": somebody})
            return redirect("staff-list")
        except ValidationError as refused:
            error = refused.messages[0]
    return TemplateResponse(request, "clinic/staff/active.html", {"person": somebody, "error": error})
