"""Amending a signed session."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from clinic.access import may
from clinic.http import Request
from clinic.models import User, VersionConflictError
from treatments.actions import amendments, working_copies
from treatments.forms.session import AmendForm
from treatments.models import Session
from treatments.views.session_forms import add_errors, amend_form, opened, other_page, shown
from treatments.views.sessions import get_session


@may("treatments.sign_session")
def amend(request: Request, public_id: UUID) -> HttpResponse:
    """Change a signed session with a reason; the version before stays readable beside the new one."""
    session = get_session(request, public_id)
    course = session.course
    if not session.is_signed or session.is_in_error:
        messages.warning(request, _("Only a signed session is amended."))
        return redirect(session)
    if request.method != "POST":
        again = get_session(request, public_id)
        return opened(request, course, session, lambda data: amend_form(again, data), amending=True)
    form = amend_form(get_session(request, public_id), request.POST)
    if other := other_page(request, course, session):
        return shown(request, form, course, other=other, amending=True)
    if not form.is_valid():
        return shown(request, form, course, amending=True)
    try:
        save(form, request.user)
    except VersionConflictError:
        form.refuse(Session.objects.get(pk=session.pk))
    except ValidationError as error:
        form = amend_form(get_session(request, public_id), request.POST)
        form.is_valid()
        add_errors(form, error)
    else:
        working_copies.close(course, session, now=form.now)
        messages.success(request, _("The session is amended. Both versions can be read below."))
        return redirect(session)
    return shown(request, form, course, amending=True)


def save(form: AmendForm, by: User) -> None:
    amendments.amend(
        form.instance,
        form.save,
        written=form.written(),
        reason=form.cleaned_data["reason"],
        by=by,
        now=form.now,
        overrides=form.overrides(),
    )
