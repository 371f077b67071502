"""Logging, reading, editing and signing a session."""

from functools import partial
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clinic.access import may
from clinic.forms import save_once
from clinic.http import Request
from clinic.models import VersionConflictError
from clinic.paging import page
from treatments.actions import sessions as actions
from treatments.areas import areas_in_words
from treatments.banner import course_banner
from treatments.forms.sessions import SessionForm, SessionLogForm
from treatments.models import Appointment, Course, Session
from treatments.progress import progress, weight_change
from treatments.views.courses import get_course


def get_session(request: Request, public_id: UUID) -> Session:
    session = get_object_or_404(Session.objects.visible_to(request.user).for_page(), public_id=public_id)
    session.course.location.keep_time()
    return session


def wants_to_sign(request: Request) -> bool:
    return request.POST.get("action") == "sign" and request.user.has_perm("treatments.sign_session")


def version_read(request: Request) -> int:
    """Return the version that the page showed, 0 for what is none."""
    try:
        return int(request.POST.get("version", ""))
    except ValueError:
        return 0


@may("treatments.log_session")
def log(request: Request, public_id: UUID) -> HttpResponse:
    """Log a session of a course; sign it in the same tap where the role may."""
    course = get_course(request.user, public_id)
    now = timezone.now()
    signing = wants_to_sign(request)
    appointment = Appointment.objects.given(course, request.GET.get("appointment"))
    draft = Session(course=course, performed_by=request.user, appointment=appointment)
    form = SessionLogForm(
        request.POST or None,
        instance=draft,
        now=now,
        signing=signing,
        initial=actions.proposal(course, request.user, now),
    )
    if made := form.made_before():
        return redirect(made)
    if course.status == Course.Status.PAUSED:
        return refuse(request, form, course, _("The course is paused. Resume it before the next session."))
    if course.patient.archived_at:
        return refuse(request, form, course, _("The record is archived. Restore it first."))
    if form.is_valid():
        save = partial(
            actions.keep, draft, form.save, reactions=form.new_reactions(), by=request.user, now=now, signing=signing
        )
        session = save_once(form, save)
        messages.success(request, _("The session is signed.") if signing else _("The session is saved as a draft."))
        return redirect(session)
    return session_page(request, form, course)


@may("treatments.log_session")
def unsigned(request: Request) -> HttpResponse:
    """List the drafts, the oldest first."""
    drafts = Session.objects.visible_to(request.user).drafts().for_signing_list()
    return TemplateResponse(
        request, "treatments/sessions/unsigned.html", {"page": page(request, drafts, "performed_at", "pk")}
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
            "areas": areas_in_words(session.areas.all()),
            "missing": session.missing_for_signing(has_areas=bool(session.areas.all()))
            if not session.is_signed
            else {},
            "banner": course_banner(session.course, now),
            "now": now,
        },
    )


@may("treatments.log_session")
def edit(request: Request, public_id: UUID) -> HttpResponse:
    session = get_session(request, public_id)
    signing = wants_to_sign(request)
    now = timezone.now()
    form = SessionForm(request.POST or None, instance=session, now=now, signing=signing)
    if session.is_signed:
        return refuse(request, form, session, _("This session is signed, so it changes no more."))
    if form.is_bound and form.is_valid():
        try:
            actions.keep(session, form.save, reactions=form.new_reactions(), by=request.user, now=now, signing=signing)
        except VersionConflictError:
            form.refuse(Session.objects.get(pk=session.pk))
        else:
            messages.success(request, _("The session is signed.") if signing else _("The draft is saved."))
            return redirect(session)
    return session_page(request, form, session.course)


def refuse(request: Request, form: SessionLogForm | SessionForm, record: Course | Session, words: str) -> HttpResponse:
    """Say why nothing can be saved here: on the record's page, or beside what was typed meanwhile, which stays."""
    if not form.is_bound:
        messages.warning(request, words)
        return redirect(record)
    form.errors.clear()  # what else stands against it matters no more
    form.add_error(None, words)
    return session_page(request, form, form.instance.course)


def session_page(request: Request, form: SessionLogForm | SessionForm, course: Course) -> HttpResponse:
    """Show the one page on which a session is logged and edited."""
    now = timezone.now()
    others = [session for session in course.sessions.for_course_page() if session.pk != form.instance.pk]
    return TemplateResponse(
        request,
        "treatments/sessions/edit.html",
        {
            "form": form,
            "course": course,
            "areas": areas_in_words(course.areas.all()),
            "progress": progress(course, course.location.today(now)),
            "last": others[0] if others else None,
            "weight": weight_change(course, others),
            "banner": course_banner(course, now),
            "now": now,
        },
    )


@may("treatments.sign_session")
@require_POST
def sign(request: Request, public_id: UUID) -> HttpResponse:
    """Sign a draft as it stands; what is missing leads back to its form."""
    session = get_session(request, public_id)
    try:
        actions.sign(session, by=request.user, now=timezone.now(), version=version_read(request))
    except VersionConflictError:
        messages.error(request, _("Somebody changed this session meanwhile. Read it again, then sign."))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("The session is signed."))
    return redirect(session)
