"""Keeping what is typed of a session, giving it up, and taking it up again."""

from uuid import UUID

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clinic.access import get_object_or_404, may
from clinic.http import Request
from clinic.models import VersionConflictError
from clinic.undo import offer_undo
from treatments.actions import working_copies
from treatments.actions.working_copies import VERSION, OtherPageError
from treatments.forms.session import AmendForm, SessionParts
from treatments.models import Course, Session, WorkingCopy
from treatments.session_page import SessionPage
from treatments.views.courses import get_course
from treatments.views.session_forms import compared_pages, draft_form, new_form
from treatments.views.sessions import get_session


@may("treatments.log_session")
@require_POST
def keep_new(request: Request, public_id: UUID) -> HttpResponse:
    """Keep what is typed of a course's next session, and answer with what it still lacks."""
    course = get_course(request.user, public_id)
    return kept(request, course, None, new_form(request, course, request.POST))


@may("treatments.log_session")
@require_POST
def keep(request: Request, public_id: UUID) -> HttpResponse:
    """Keep what is typed of a draft."""
    session = get_session(request, public_id)
    return kept(request, session.course, session, draft_form(request, session, request.POST))


@may("treatments.sign_session")
@require_POST
def keep_amendment(request: Request, public_id: UUID) -> HttpResponse:
    """Keep what is typed of an amendment."""
    session = get_session(request, public_id)
    form = AmendForm(request.POST, instance=session, now=timezone.now(), signing=True)
    return kept(request, session.course, session, form, amending=True)


def kept(
    request: Request, course: Course, session: Session | None, form: SessionParts, *, amending: bool = False
) -> HttpResponse:
    copy, other = None, None
    if session and working_copies.has_moved_on(session, request.POST, amending=amending):
        other = OtherPageError(None)
    else:
        try:
            copy = working_copies.keep(course, session, request.POST, by=request.user, force="force" in request.GET)
        except OtherPageError as error:
            other = error
    return TemplateResponse(
        request,
        "treatments/sessions/_kept.html",
        {
            "form": form,
            "course": course,
            "session": session,
            "page": SessionPage(form, course, form.now, amending=amending),
            "copy": copy,
            "copy_version": copy.version if copy else request.POST.get(VERSION, "0"),
            "other": compared_pages(form, other) if other else None,
            "keep_url": request.path,
            "amending": amending,
            "now": form.now,
        },
    )


def get_copy(request: Request, public_id: UUID) -> WorkingCopy:
    """Return a working copy, or 404; that of an amendment is for those who amend."""
    copies = WorkingCopy.objects.visible_to(request.user).select_related("course__location", "session")
    if not request.user.has_perm("treatments.sign_session"):
        copies = copies.of_drafts()
    return get_object_or_404(copies, public_id=public_id)


@may("treatments.log_session")
@require_POST
def discard(request: Request, public_id: UUID) -> HttpResponse:
    """Give up what was typed and not saved. It can be taken up again."""
    copy = get_copy(request, public_id)
    WorkingCopy.objects.open().filter(pk=copy.pk).close(timezone.now())
    messages.info(request, _("What was typed is discarded."))
    offer_undo(request, reverse("working-copy-reopen", args=[copy.public_id]))
    if "from_list" in request.POST:
        return redirect("session-unsigned")
    return redirect(copy.session or copy.course)


@may("treatments.log_session")
@require_POST
def reopen(request: Request, public_id: UUID) -> HttpResponse:
    """Take up again what was discarded, unless another is begun or the session is saved."""
    copy = get_copy(request, public_id)
    if copy.closed_at is None:
        return redirect(copy)  # the second tap of two
    if words := refusal_to_reopen(copy):
        messages.warning(request, words)
        return redirect(copy.session or copy.course)
    try:
        with transaction.atomic():
            copy.closed_at = None
            copy.save_over(copy.version)
    except IntegrityError:
        messages.warning(request, _("Another session is being typed meanwhile."))
        return redirect(copy.session or copy.course)
    except VersionConflictError:
        messages.warning(request, _("Somebody took up or put away what was typed meanwhile. Look again."))
        return redirect(copy.session or copy.course)
    return redirect(copy)


def refusal_to_reopen(copy: WorkingCopy) -> str:
    """Return why what was typed is not gone on with: what it was typed for is done, or has moved on."""
    data, session = working_copies.as_data(copy), copy.session
    if session is None:
        token = working_copies.token_of(data)
        is_saved = token and Session.objects.filter(form_token=token).exists()
        return _("The session is saved already.") if is_saved else ""
    if working_copies.has_moved_on(session, data, amending=session.is_signed):
        return _("This session was saved, signed or taken back meanwhile.")
    return ""
