"""The one page of a session: logging it, editing a draft, amending a signed one, and keeping what is typed."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.forms import HiddenInput
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clinic.access import may
from clinic.forms import ConflictRow, save_once
from clinic.forms import shown as in_field_words
from clinic.http import Request
from clinic.models import VersionConflictError
from clinic.undo import offer_undo
from treatments.actions import amendments, appointments, working_copies
from treatments.actions import sessions as actions
from treatments.actions.working_copies import PAGE, VERSION, OtherPageError
from treatments.areas import areas_in_words
from treatments.banner import course_banner
from treatments.forms.session import AmendForm, SessionForm, SessionLogForm, SessionParts
from treatments.forms.session.same import as_last_time
from treatments.gate import open_stops
from treatments.models import Appointment, Course, Session, WorkingCopy
from treatments.session_page import SessionPage, next_proposal
from treatments.views.courses import get_course
from treatments.views.sessions import get_session

SIGNING = {"sign", "book"}
SAME = "same"


def act_of(request: Request) -> str:
    """Return what the pressed button says: "sign", "book" (which signs too), "same" or, for all else, "draft"."""
    act = request.POST.get("action", "")
    if act in SIGNING and not request.user.has_perm("treatments.sign_session"):
        return "draft"
    return act if act in {*SIGNING, SAME} else "draft"


def new_form(request: Request, course: Course, data: QueryDict | None, act: str = "") -> SessionLogForm:
    now = timezone.now()
    appointment = Appointment.objects.given(course, request.GET.get("appointment"))
    start = actions.proposal(course, request.user, now)
    return SessionLogForm(
        data,
        instance=Session(course=course, performed_by=request.user, appointment=appointment),
        now=now,
        signing=act in SIGNING,
        booking=act == "book",
        initial=start | {"next_at": next_proposal(course, now)},
    )


def draft_form(request: Request, session: Session, data: QueryDict | None, act: str = "") -> SessionForm:
    return SessionForm(
        data,
        instance=session,
        now=timezone.now(),
        signing=act in SIGNING,
        booking=act == "book",
        initial={"next_at": next_proposal(session.course, session.performed_at)},
    )


@may("treatments.log_session")
def log(request: Request, public_id: UUID) -> HttpResponse:
    """Log a session of a course; sign it in the same tap where the role may, and book the next."""
    course = get_course(request.user, public_id)
    refusal = refusal_to_log(course)
    if request.method != "POST":
        if refusal:
            messages.warning(request, refusal)
            return redirect(course)
        return opened(request, course, None, lambda data: new_form(request, course, data))
    act = act_of(request)
    if act == SAME:
        return same_as_last(request, course, None, lambda data: new_form(request, course, data))
    form = new_form(request, course, request.POST, act)
    if made := form.made_before():
        working_copies.close(course, None, now=form.now)
        return redirect(made)
    if refusal:
        return refuse(request, form, course, refusal)
    return saved_or_shown(request, course, form, act, lambda: new_form(request, course, request.POST, act))


@may("treatments.log_session")
def edit(request: Request, public_id: UUID) -> HttpResponse:
    """Edit a draft, and sign it."""
    session = get_session(request, public_id)
    course, stored = session.course, session
    if request.method != "POST":
        if refusal := refusal_to_edit(session):
            messages.warning(request, refusal)
            return redirect(session)
        return opened(request, course, session, lambda data: draft_form(request, stored, data))
    act = act_of(request)
    if act == SAME:
        return same_as_last(request, course, session, lambda data: draft_form(request, stored, data))
    form = draft_form(request, session, request.POST, act)
    if refusal := refusal_to_edit(session):
        return refuse(request, form, course, refusal)
    again = lambda: draft_form(request, get_session(request, public_id), request.POST, act)  # noqa: E731
    return saved_or_shown(request, course, form, act, again)


@may("treatments.sign_session")
def amend(request: Request, public_id: UUID) -> HttpResponse:
    """Change a signed session with a reason; the version before stays readable beside the new one."""
    session = get_session(request, public_id)
    course = session.course
    if not session.is_signed or session.is_in_error:
        messages.warning(request, _("Only a signed session is amended."))
        return redirect(session)

    def amend_form(data: QueryDict | None) -> AmendForm:
        return AmendForm(data, instance=get_session(request, public_id), now=timezone.now(), signing=True)

    if request.method != "POST":
        return opened(request, course, session, amend_form, amending=True)
    form = amend_form(request.POST)
    if other := other_page(request, course, session):
        return shown(request, form, course, other=other, amending=True)
    if form.is_valid():
        try:
            amendments.amend(
                form.instance,
                form.save,
                written=form.written(),
                reason=form.cleaned_data["reason"],
                by=request.user,
                now=form.now,
            )
        except VersionConflictError:
            form.refuse(Session.objects.get(pk=session.pk))
        except ValidationError as error:
            form = amend_form(request.POST)
            form.is_valid()
            add_errors(form, error)
        else:
            working_copies.close(course, session, now=form.now)
            messages.success(request, _("The session is amended. Both versions can be read below."))
            return redirect(session)
    return shown(request, form, course, amending=True)


def opened(
    request: Request,
    course: Course,
    session: Session | None,
    form_of: Callable[[QueryDict | None], SessionParts],
    *,
    amending: bool = False,
) -> HttpResponse:
    """Show the form as it starts, or as somebody left it."""
    copy = working_copies.open_copy(course, session)
    form = form_of(working_copies.as_data(copy) if copy else None)
    return shown(request, form, course, copy=copy, amending=amending)


def refusal_to_log(course: Course) -> str:
    if course.status == Course.Status.PAUSED:
        return _("The course is paused. Resume it before the next session.")
    return _("The record is archived. Restore it first.") if course.patient.archived_at else ""


def refusal_to_edit(session: Session) -> str:
    if session.is_in_error:
        return _("This session was entered in error.")
    return _("This session is signed. It is changed by an amendment.") if session.is_signed else ""


def refuse(request: Request, form: SessionParts, course: Course, words: str) -> HttpResponse:
    """Say beside what was typed, which stays, why it cannot be saved."""
    form.is_valid()
    form.errors.clear()  # what else stands against it matters no more
    form.add_error(None, words)
    return shown(request, form, course)


def saved_or_shown(
    request: Request, course: Course, form: SessionLogForm | SessionForm, act: str, again: Callable[[], Any]
) -> HttpResponse:
    """Save the form and lead to the session, or show what stands against it with nothing lost.

    `again` makes the same form anew: one whose transaction failed holds a row that never was.
    """
    stored = form.instance if form.instance.pk else None
    if other := other_page(request, course, stored):
        return shown(request, form, course, other=other)
    if form.is_valid() and act in SIGNING:
        stops = open_stops(SessionPage(form, course, form.now).problems, form.overrides())
        for problem in stops:
            form.add_error(problem.field if problem.field in form.fields else None, problem.words)
    if not form.is_valid():
        return shown(request, form, course)
    try:
        with transaction.atomic():
            session = write(request, form, act)
    except VersionConflictError:
        form.refuse(Session.objects.get(pk=form.instance.pk))
        return shown(request, form, course)
    except ValidationError as error:
        form = again()
        form.is_valid()
        add_errors(form, error)
        return shown(request, form, course)
    working_copies.close(course, stored, now=form.now)
    messages.success(request, in_words(act, session))
    return redirect(session)


def write(request: Request, form: SessionLogForm | SessionForm, act: str) -> Session:
    """Save the session, sign it and book the next, as the button says: all of it or nothing."""

    def save() -> Session:
        return actions.keep(
            form.instance,
            form.save,
            written=form.written(),
            by=request.user,
            now=form.now,
            signing=act in SIGNING,
            overrides=form.overrides(),
        )

    session = save_once(form, save) if isinstance(form, SessionLogForm) else save()
    if act == "book":
        course = session.course
        appointments.book(
            Appointment(
                patient=course.patient,
                course=course,
                kind=Appointment.Kind.SESSION,
                location=course.location,
                starts_at=form.cleaned_data["next_at"],
                minutes=course.protocol.session_minutes,
                practitioner=session.performed_by,
            )
        )
    return session


def in_words(act: str, session: Session) -> str:
    if act == "book":
        return _("The session is signed and the next one booked.")
    return _("The session is signed.") if act == "sign" else _("The session is saved as a draft.")


def add_errors(form: SessionParts, error: ValidationError) -> None:
    """Put what an action refused beside the fields that it is about."""
    rows = {line.source: number for number, line in enumerate(form.lines)}
    for each in error.error_list if hasattr(error, "error_list") else spread_out(error):
        number = rows.get((each.params or {}).get("lot"))  # type: ignore[call-overload]
        name = f"source-{number}" if number is not None else getattr(each, "field", None)
        form.add_error(name if name in form.fields else None, ValidationError(each.messages))


def spread_out(error: ValidationError) -> list[ValidationError]:
    """Return the errors of a booking, all of which are about the time of the next session, or of named fields."""
    found = []
    for name, errors in error.error_dict.items():
        for each in errors:
            each.field = "next_at" if name in {"starts_at", "practitioner", "patient"} else name  # type: ignore[attr-defined]
            found.append(each)
    return found


def other_page(request: Request, course: Course, session: Session | None) -> OtherPageError | None:
    """Return what another page typed of this session meanwhile, None when this page has the newest."""
    if "force" in request.GET:
        return None
    try:
        working_copies.refuse_other_page(working_copies.open_copy(course, session), request.POST, course)
    except OtherPageError as error:
        return error
    return None


def same_as_last(
    request: Request, course: Course, session: Session | None, form_of: Callable[[QueryDict], SessionParts]
) -> HttpResponse:
    """Fill in what was given last time, from lots that may be used today; what else was typed stays."""
    data, notes = as_last_time(request.POST, course, session, timezone.now())
    try:
        copy = working_copies.keep(course, session, data, by=request.user)
    except OtherPageError as error:
        return shown(request, form_of(request.POST), course, other=error)
    data[VERSION] = str(copy.version)
    return shown(request, form_of(data), course, copy=copy, notes=notes)


def shown(
    request: Request,
    form: SessionParts,
    course: Course,
    *,
    copy: WorkingCopy | None = None,
    other: OtherPageError | None = None,
    notes: list[str] | None = None,
    amending: bool = False,
) -> HttpResponse:
    """Show the one page on which a session is logged, edited and amended."""
    session = form.instance if form.instance.pk else None
    return TemplateResponse(
        request,
        "treatments/sessions/edit.html",
        {
            "form": form,
            "course": course,
            "session": session,
            "areas": areas_in_words(course.areas.all()),
            "page": SessionPage(form, course, form.now, amending=amending),
            "page_id": request.POST.get(PAGE) or uuid4(),
            "copy": copy,
            "copy_version": copy.version if copy else request.POST.get(VERSION, "0"),
            "other": compared_pages(form, other) if other else None,
            "act": request.POST.get("action", "draft"),
            "notes": notes or [],
            "csrf_cookie": settings.CSRF_COOKIE_NAME,
            "amending": amending,
            "keep_url": keep_url(course, session, amending=amending),
            "banner": course_banner(course, form.now),
            "now": form.now,
        },
    )


def keep_url(course: Course, session: Session | None, *, amending: bool) -> str:
    if session is None:
        return reverse("session-keep-new", args=[course.public_id])
    return reverse("session-keep-amendment" if amending else "session-keep", args=[session.public_id])


def compared_pages(form: SessionParts, other: OtherPageError) -> dict[str, Any]:
    """Return what another page typed against what this one did, field by field; `saved` is the session it became."""
    if other.copy is None:
        token = working_copies.token_of(form.data)
        return {"saved": Session.objects.filter(form_token=token).select_related("signed_by").first()}
    theirs = working_copies.as_data(other.copy)
    rows = []
    for name, field in form.fields.items():
        if isinstance(field.widget, HiddenInput):
            continue
        pair = (field.widget.value_from_datadict(data, {}, name) for data in (theirs, form.data))
        row = ConflictRow(str(field.label or name), *(in_field_words(field, value) for value in pair))
        if row.differs:
            rows.append(row)
    return {"rows": rows, "by": other.copy.typed_by, "at": other.copy.updated_at}


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
    try:
        if session and (session.is_in_error or session.is_signed != amending):
            raise OtherPageError(None)
        copy = working_copies.keep(
            course, session, request.POST, by=request.user, force="force" in request.GET
        )
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
    copies = WorkingCopy.objects.visible_to(request.user).select_related("course__location", "session")
    return get_object_or_404(copies, public_id=public_id)


@may("treatments.log_session")
@require_POST
def discard(request: Request, public_id: UUID) -> HttpResponse:
    """Give up what was typed and not saved. It can be taken up again."""
    copy = get_copy(request, public_id)
    if copy.closed_at is None:
        copy.close(timezone.now())
    messages.info(request, _("What was typed is discarded."))
    offer_undo(request, reverse("working-copy-reopen", args=[copy.public_id]))
    return redirect(copy.session or copy.course)


@may("treatments.log_session")
@require_POST
def reopen(request: Request, public_id: UUID) -> HttpResponse:
    """Take up again what was discarded, unless another is begun or the session is saved."""
    copy = get_copy(request, public_id)
    token = working_copies.token_of(working_copies.as_data(copy))
    if token and Session.objects.filter(form_token=token).exists():
        messages.warning(request, _("The session is saved already."))
        return redirect(copy.course)
    try:
        with transaction.atomic():
            copy.closed_at = None
            copy.save_over(copy.version)
    except IntegrityError:
        messages.warning(request, _("Another session is being typed meanwhile."))
        return redirect(copy.course)
    if copy.session:
        return redirect("session-edit", copy.session.public_id)
    return redirect("session-new", copy.course.public_id)
