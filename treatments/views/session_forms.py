"""The one page of a session: its forms as they start, and the page with what it lacks."""

from collections.abc import Callable
from typing import Any, cast
from uuid import uuid4

from django.conf import settings
from django.core.exceptions import ValidationError
from django.forms import HiddenInput
from django.http import HttpResponse, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.forms import ConflictRow
from clinic.forms import shown as in_field_words
from clinic.http import Request
from treatments.actions import sessions as actions
from treatments.actions import working_copies
from treatments.actions.working_copies import PAGE, VERSION, OtherPageError
from treatments.areas import areas_in_words
from treatments.banner import course_banner
from treatments.forms.session import AmendForm, SessionForm, SessionLogForm, SessionParts
from treatments.forms.session.areas import points_of
from treatments.models import Appointment, Course, Session, WorkingCopy
from treatments.session_page import SessionPage, next_proposal

SIGNING = {"sign", "book"}  # the buttons that sign


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


def amend_form(session: Session, data: QueryDict | None) -> AmendForm:
    return AmendForm(data, instance=session, now=timezone.now(), signing=True)


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
        token = working_copies.token_of(cast(QueryDict, form.data))
        # Without a token it is no new session: rows without one are anybody's.
        made = Session.objects.filter(form_token=token) if token else Session.objects.none()
        return {"saved": made.select_related("signed_by").first()}
    theirs = working_copies.as_data(other.copy)
    rows = []
    for name, field in form.fields.items():
        if isinstance(field.widget, HiddenInput):
            continue
        pair = (field.widget.value_from_datadict(data, {}, name) for data in (theirs, form.data))
        row = ConflictRow(str(field.label or name), *(in_field_words(field, value) for value in pair))
        if row.differs:
            rows.append(row)
    rows += compared_maps(form, theirs)
    return {"rows": rows, "by": other.copy.typed_by, "at": other.copy.updated_at}


def compared_maps(form: SessionParts, theirs: QueryDict) -> list[ConflictRow]:
    """Return the areas whose points two pages placed each in its way: a map's field shows itself nowhere else."""
    rows = []
    for area in form.offered:
        name = form.area_names(area)[2]
        other, own = (points_of(data.get(name), area) for data in (theirs, form.data))
        if other == own:
            continue
        words = [placed_in_words(len(points)) for points in (other, own)]
        if words[0] == words[1]:
            words[1] = _("%(points)s, in other places") % {"points": words[1]}
        rows.append(ConflictRow(_("Body map, %(area)s") % {"area": area}, *words))
    return rows


def placed_in_words(count: int) -> str:
    return ngettext("%(count)s point placed", "%(count)s points placed", count) % {"count": count}


def other_page(request: Request, course: Course, session: Session | None) -> OtherPageError | None:
    """Return what another page typed of this session meanwhile, None when this page has the newest."""
    if "force" in request.GET:
        return None
    try:
        working_copies.refuse_other_page(working_copies.open_copy(course, session), request.POST, course)
    except OtherPageError as error:
        return error
    return None


def add_errors(form: SessionParts, error: ValidationError) -> None:
    """Put what an action refused beside the fields that it is about."""
    rows: dict[Any, int] = {line.source: number for number, line in enumerate(form.lines)}
    for each in error.error_list if hasattr(error, "error_list") else spread_out(error):
        number = rows.get((each.params or {}).get("lot"))
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
