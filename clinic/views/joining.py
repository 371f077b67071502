"""The page behind the link of an invitation: a password of one's own, and the account is there."""

from http import HTTPStatus

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from clinic.actions.invitations import accept_invitation
from clinic.http import Request
from clinic.invitations import invitation_of
from clinic.models import InvitationState
from clinic.staff_forms import FirstPasswordForm


@never_cache
@login_not_required
@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "POST"])
def accept(request: Request, token: str) -> HttpResponse:
    """Make the account of whoever was invited. A link that was never ours and one that is used up say the same."""
    invitation, now = invitation_of(token), timezone.now()
    state = invitation.state(now) if invitation else None
    if invitation is None or state is not InvitationState.WAITING:
        is_late = state is InvitationState.EXPIRED
        return TemplateResponse(
            request,
            "clinic/staff/joined.html",
            {"is_late": is_late},
            status=HTTPStatus.GONE if is_late else HTTPStatus.NOT_FOUND,
        )
    form = FirstPasswordForm(request.POST or None, invitation=invitation)
    if form.is_valid():
        try:
            accept_invitation(invitation, password=form.cleaned_data["password"], now=now, request=request)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Your account is ready. Sign in with your e-mail and the password."))
            return redirect("account_login")
    return TemplateResponse(request, "clinic/staff/join.html", {"form": form, "invitation": invitation})
