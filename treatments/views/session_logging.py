"""Logging a session and editing a draft: saved, signed, or signed with the next one booked."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.access import may
from clinic.forms import save_once
from clinic.http import Request
from clinic.models import VersionConflictError
from treatments import obstacles
from treatments.actions import appointments, working_copies
from treatments.actions import sessions as actions
from treatments.actions.working_copies import VERSION, OtherPageError
from treatments.forms.session import SessionForm, SessionLogForm, SessionParts
from treatments.forms.session.same import as_last_time
from treatments.gate import open_stops, problems
from treatments.models import Appointment, Course, Session
from treatments.views.courses import get_course
from treatments.views.session_forms import SIGNING, add_errors, draft_form, new_form, opened, other_page, shown
from treatments.views.sessions import get_session

SAME = "same"


def act_of(request: Request) -> str:
    """Return what the pressed button says: "sign", "book" (which signs too), "same" or, for all else, "draft"."""
    act = request.POST.get("action", "")
    if act in SIGNING and not request.user.has_perm("treatments.sign_session"):
        return "draft"
    return act if act in {*SIGNING, SAME} else "draft"


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
    form = new_form(request, course, request.POST, act)
    if act != SAME and (made := form.made_before()):
        working_copies.close(course, None, now=form.now)
        return redirect(made)
    if refusal:
        return refuse(request, form, course, refusal)
    if act == SAME:
        return same_as_last(request, course, None, lambda data: new_form(request, course, data))
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
    if refusal := refusal_to_edit(session):
        return refuse(request, draft_form(request, session, request.POST, act), course, refusal)
    if act == SAME:
        return same_as_last(request, course, session, lambda data: draft_form(request, stored, data))
    form = draft_form(request, session, request.POST, act)
    again = lambda: draft_form(request, get_session(request, public_id), request.POST, act)  # noqa: E731
    return saved_or_shown(request, course, form, act, again)


def refusal_to_log(course: Course) -> str:
    if course.status == Course.Status.PAUSED:
        return _("The course is paused. Resume it before the next session.")
    if course.patient.is_erased:
        return course.patient.refusal_to_add
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
        # Of two taps at once the other may have saved since this one looked.
        made = form.made_before() if other.copy is None and isinstance(form, SessionLogForm) else None
        return redirect(made) if made else shown(request, form, course, other=other)
    if form.is_valid() and act in SIGNING:
        stops = open_stops(problems(form.drawn(), form.now), form.overrides())
        for problem in stops:
            form.add_error(problem.field if problem.field in form.fields else None, problem.words)
    if not form.is_valid():
        return shown(request, form, course)
    try:
        with transaction.atomic():
            session = write(request, form, act)
    except VersionConflictError:
        cast(SessionForm, form).refuse(Session.objects.get(pk=form.instance.pk))
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
        book_next(session, form.cleaned_data["next_at"])
    return session


def book_next(session: Session, starts_at: datetime) -> None:
    """Book the next session of a course with whoever gave this one.

    Raises `ValidationError` where it would need a reason: the booking page asks for that.
    """
    course = session.course
    appointment = Appointment(
        patient=course.patient,
        course=course,
        kind=Appointment.Kind.SESSION,
        location=course.location,
        starts_at=starts_at,
        minutes=course.protocol.session_minutes,
        practitioner=session.performed_by,
    )
    if said := obstacles.against(appointment):
        hint = _("Choose another day, or sign and then book it with a reason.")
        raise ValidationError({"starts_at": [*said, hint]})
    appointments.book(appointment)


def in_words(act: str, session: Session) -> str:
    if act == "book":
        return _("The session is signed and the next one booked.")
    return _("The session is signed.") if act == "sign" else _("The session is saved as a draft.")


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
