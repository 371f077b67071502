"""A session that was logged for the wrong patient: choosing the right one, looking, then correcting."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.access import get_object_or_404
from clinic.http import Request
from clinic.models import User, VersionConflictError
from clinic.search_words import searched, words_of
from patients.banner import banner
from patients.models import Patient
from treatments.actions.corrections import correct_patient, course_like
from treatments.banner import course_banner
from treatments.corrections import Correction, assessments_of_day, courses_for, effects_to_move, may_begin_anew
from treatments.forms.corrections import CorrectionForm
from treatments.models import Course, Session, SessionCorrection
from treatments.views.sessions import get_session

MOST_FOUND = 12
NEW = "new"  # in place of a course: one that begins


def may_correct(user: User, session: Session) -> bool:
    """Say whether this person may: a draft is of everyone who logs, a signed one of clinicians and admins."""
    if user.has_perm("treatments.correct_patient"):
        return True
    return user.has_perm("treatments.log_session") and not session.is_signed


@searched()
def wrong_patient(request: Request, public_id: UUID) -> HttpResponse:
    """Ask for the right patient and the course, show what follows, then correct."""
    session = get_session(request, public_id)
    if not may_correct(request.user, session) or session.course.patient.is_lent_to(request.user):
        raise PermissionDenied
    if session.is_in_error:
        return lead_on(request, session)
    patient = chosen_patient(request)
    if patient is None:
        return choose_patient(request, session)
    course = chosen_course(request, session, patient)
    if course is None:
        return choose_course(request, session, patient)
    return correct(request, session, course)


def lead_on(request: Request, session: Session) -> HttpResponse:
    """Lead to where the session stands now; a second tap of the same form comes here as well."""
    visible = Session.objects.visible_to(request.user)
    made = SessionCorrection.objects.filter(wrong=session, right__in=visible).select_related("right").first()
    messages.info(
        request,
        _("This session was corrected already. Here it stands now.")
        if made
        else _("This session is marked as entered in error already."),
    )
    return redirect(made.right if made else session)


def chosen_patient(request: Request) -> Patient | None:
    """Return the patient the address or the form names, None for none yet.

    Raises 404 for one not there, `PermissionDenied` for one seen in an emergency only, which decides nothing.
    """
    text = request.POST.get("to") or request.GET.get("to")
    if not text:
        return None
    try:
        public_id = UUID(text)
    except ValueError as error:
        raise Http404 from error
    visible = Patient.objects.visible_to(request.user).select_related("location")
    patient = get_object_or_404(visible, public_id=public_id)
    survivor = patient.surviving
    if patient.merged_into_id and not visible.filter(pk=survivor.pk).exists():
        raise Http404
    if survivor.is_lent_to(request.user):
        raise PermissionDenied
    return survivor


def chosen_course(request: Request, session: Session, patient: Patient) -> Course | None:
    """Return the course named, or one that begins; None where one has to be chosen."""
    text = request.POST.get("course") or request.GET.get("course")
    if text == NEW and may_begin_anew(session, patient):
        return course_like(session, patient)
    courses = courses_for(session, patient)
    return next((course for course in courses if str(course.public_id) == text), None)


def choose_patient(request: Request, session: Session) -> HttpResponse:
    text = words_of(request)
    found = Patient.objects.visible_to(request.user).search(text).select_related("location", "merged_into").by_name()
    return TemplateResponse(
        request,
        "treatments/corrections/whom.html",
        page_of(session) | {"q": text, "today": timezone.localdate(), "patients": list(found[:MOST_FOUND])},
    )


def choose_course(request: Request, session: Session, patient: Patient) -> HttpResponse:
    return TemplateResponse(
        request,
        "treatments/corrections/course.html",
        page_of(session)
        | {
            "patient": patient,
            "courses": courses_for(session, patient),
            "may_begin_anew": may_begin_anew(session, patient),
        },
    )


def page_of(session: Session) -> dict[str, Any]:
    return {"session": session, "course": session.course, "banner": course_banner(session.course, timezone.now())}


def correct(request: Request, session: Session, course: Course) -> HttpResponse:
    now, is_new = timezone.now(), course.pk is None
    form = CorrectionForm(
        request.POST or None,
        record=session,
        effects=effects_to_move(session),
        assessments=assessments_of_day(session),
    )
    if form.is_bound and form.is_valid() and (made := save(request, form, session, course)):
        words = _("The session stands in the record of %(name)s now. A clinician signs it there.")
        messages.success(request, words % {"name": made.right.course.patient.full_name})
        return redirect(made.right)
    if form.is_bound:
        session = get_session(request, session.public_id)  # as stored: what was tried left its traces in the other
        course = course_like(session, course.patient) if is_new else course
    if session.is_in_error:
        return lead_on(request, session)
    correction = Correction(session, course, now)
    return TemplateResponse(
        request,
        "treatments/corrections/correct.html",
        page_of(correction.session)
        | {
            "form": form,
            "correction": correction,
            "patient": course.patient,
            "right_banner": banner(course.patient, today=course.location.today(now)),
            "to_course": course,
            "to": NEW if is_new else course.public_id,
        },
    )


def save(request: Request, form: CorrectionForm, session: Session, course: Course) -> SessionCorrection | None:
    """Correct, or leave in the form what stands against it."""
    data = form.cleaned_data
    try:
        return correct_patient(
            session,
            course,
            reason=data["reason"],
            early_reason=data["early_reason"],
            effects=form.chosen_effects(),
            assessments=form.chosen_assessments(),
            by=request.user,
            now=timezone.now(),
            version=data["version"],
        )
    except VersionConflictError:
        form.refuse(Session.objects.get(pk=session.pk))
    except ValidationError as error:
        add_errors(form, error)
    return None


def add_errors(form: CorrectionForm, error: ValidationError) -> None:
    """Put what does not fit beside its field, where the page has it, else on top."""
    named = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
    for name, words in named.items():
        for text in words:
            form.add_error(name if name in form.fields else None, text)
