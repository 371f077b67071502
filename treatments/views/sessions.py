"""Reading and signing a session, and taking one out of the record. Its form is in `session_forms`."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clinic.access import get_object_or_404, may
from clinic.http import Request
from clinic.models import User, VersionConflictError
from clinic.paging import PAGE, page
from treatments.actions import sessions as actions
from treatments.actions.amendments import enter_in_error
from treatments.actions.working_copies import open_copy
from treatments.aftercare import aftercare_card
from treatments.banner import course_banner
from treatments.corrections import provenances
from treatments.forms.errors import InErrorForm
from treatments.models import Session, WorkingCopy
from treatments.session_record import session_record


def get_session(request: Request, public_id: UUID) -> Session:
    session = get_object_or_404(Session.objects.visible_to(request.user).for_page(), public_id=public_id)
    session.course.location.keep_time()
    return session


def version_read(request: Request) -> int:
    """Return the version that the page showed, 0 for what is none."""
    try:
        return int(request.POST.get("version", ""))
    except ValueError:
        return 0


def may_be_signed(session: Session) -> bool:
    return not session.is_signed and not session.is_in_error


def may_go_on(user: User, session: Session) -> bool:
    """Say whether this person may go on with what is typed of a session: its edit, or once signed its amendment."""
    if session.is_in_error:
        return False
    return user.has_perm("treatments.sign_session" if session.is_signed else "treatments.log_session")


@may("treatments.log_session")
def unsigned(request: Request) -> HttpResponse:
    """List the drafts, the oldest first, and what was typed and not saved."""
    drafts = Session.objects.visible_to(request.user).drafts().for_signing_list()
    copies = WorkingCopy.objects.visible_to(request.user).open().for_list()
    if not request.user.has_perm("treatments.sign_session"):
        copies = copies.of_drafts()
    first = list(copies[: PAGE + 1])
    return TemplateResponse(
        request,
        "treatments/sessions/unsigned.html",
        {
            "page": page(request, drafts, "performed_at", "pk"),
            "copies": first[:PAGE],
            "more_copies": len(first) > PAGE,
        },
    )


def session(request: Request, public_id: UUID) -> HttpResponse:
    session = get_session(request, public_id)
    now = timezone.now()
    return TemplateResponse(
        request,
        "treatments/sessions/session.html",
        {
            "session": session,
            "course": session.course,
            "copy": open_copy(session.course, session) if may_go_on(request.user, session) else None,
            "record": session_record(session, now),
            **provenances(session, request.user),
            "banner": course_banner(session.course, now),
            "aftercare": aftercare_card(session, now) if request.user.has_perm("treatments.give_aftercare") else None,
            "now": now,
        },
    )


@may("treatments.sign_session")
@require_POST
def sign(request: Request, public_id: UUID) -> HttpResponse:
    """Sign a draft as it stands; what is missing or stands against it leads to its form, where it can be resolved."""
    session = get_session(request, public_id)
    copy = open_copy(session.course, session)
    if copy and may_be_signed(session):
        words = _("%(name)s typed more of this session and did not save it. Read it, then sign or discard it.")
        messages.warning(request, words % {"name": copy.typed_by.get_full_name()})
        return redirect("session-edit", session.public_id)
    try:
        actions.sign(session, by=request.user, now=timezone.now(), version=version_read(request))
    except VersionConflictError:
        messages.error(request, _("Somebody changed this session meanwhile. Read it again, then sign."))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        if may_be_signed(session):
            return redirect("session-edit", session.public_id)
    else:
        messages.success(request, _("The session is signed."))
    return redirect(session)


@may("treatments.log_session")
def in_error(request: Request, public_id: UUID) -> HttpResponse:
    """Take a session out of the record, with the reason. A signed one is a clinician's to take back."""
    session = get_session(request, public_id)
    if session.is_signed and not request.user.has_perm("treatments.sign_session"):
        raise PermissionDenied
    if session.is_in_error:
        messages.warning(request, _("This session is marked as entered in error already."))
        return redirect(session)
    now = timezone.now()
    form = InErrorForm(request.POST or None, record=session)
    if form.is_valid():
        try:
            enter_in_error(
                session,
                reason=form.cleaned_data["reason"],
                by=request.user,
                now=now,
                version=form.cleaned_data["version"],
            )
        except VersionConflictError:
            form.refuse(Session.objects.get(pk=session.pk))
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("The session is marked as entered in error."))
            return redirect(session)
    return TemplateResponse(
        request,
        "treatments/sessions/in_error.html",
        {
            "form": form,
            "session": session,
            "course": session.course,
            "record": session_record(session, now),
            "banner": course_banner(session.course, now),
        },
    )
