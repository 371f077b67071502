"""Scoring and measuring: recording, reading, correcting, and saying that it was an error."""

from datetime import date
from functools import partial
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from clinic.access import get_object_or_404, may
from clinic.forms import save_once
from clinic.http import Request
from clinic.models import VersionConflictError
from patients.models import Patient
from treatments.actions import assessments as actions
from treatments.areas import areas_in_words
from treatments.banner import course_banner
from treatments.forms.assessments import AssessmentForm, AssessmentNewForm, ErrorForm
from treatments.models import Assessment, Course
from treatments.views.courses import get_course


def get_assessment(request: Request, public_id: UUID) -> Assessment:
    found = Assessment.objects.visible_to(request.user).for_page()
    assessment = get_object_or_404(found, public_id=public_id)
    assessment.course.location.keep_time()
    return assessment


@may("treatments.record_assessment")
def new(request: Request, public_id: UUID) -> HttpResponse:
    """Score and measure a course; an address proposes the day (`on`) and to score `from` photographs."""
    course = get_course(request.user, public_id)
    now = timezone.now()
    today = course.location.today(now)
    draft = Assessment(course=course, assessed_by=request.user)
    initial = {
        "assessed_on": day_in(course, request.GET.get("on"), today),
        "assessed_by": request.user,
        "photo_based": request.GET.get("from") == "photographs",
    }
    form = AssessmentNewForm(request.POST or None, instance=draft, today=today, initial=initial)
    if made := form.made_before():
        return redirect("course-progress", course.public_id) if made.course_id == course.pk else redirect(made)
    if refusal := refusal_to_score(course.patient):
        return refuse(request, form, course, refusal)
    if form.is_valid():
        try:
            save_once(form, partial(actions.record, draft, form.save, entries=form.entries, by=request.user))
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            messages.success(request, _("The scoring is saved."))
            return redirect("course-progress", course.public_id)
    return assessment_page(request, form, course)


def refusal_to_score(patient: Patient) -> str:
    if patient.archived_at and not patient.is_erased:
        return _("The record is archived. Restore it first.")
    return patient.refusal_to_add


def day_in(course: Course, text: str | None, today: date) -> date:
    """Return the day an address asks for, if it lies in the course; else today."""
    try:
        day = parse_date(text or "")
    except ValueError:
        day = None
    return day if day and course.started_on <= day <= today else today


def refuse(request: Request, form: AssessmentNewForm, course: Course, words: str) -> HttpResponse:
    """Say why nothing can be saved here: on the course's page, or beside what was typed meanwhile, which stays."""
    if not form.is_bound:
        messages.warning(request, words)
        return redirect(course)
    form.errors.clear()
    form.add_error(None, words)
    return assessment_page(request, form, course)


def assessment_page(request: Request, form: AssessmentNewForm | AssessmentForm, course: Course) -> HttpResponse:
    """Show the one page on which a course is scored and a scoring corrected."""
    return TemplateResponse(
        request,
        "treatments/assessments/edit.html",
        {
            "form": form,
            "course": course,
            "areas": areas_in_words(course.areas.all()),
            "sections": form.sections(),
            "banner": course_banner(course, timezone.now()),
        },
    )


def assessment(request: Request, public_id: UUID) -> HttpResponse:
    assessment = get_assessment(request, public_id)
    return TemplateResponse(
        request,
        "treatments/assessments/assessment.html",
        {
            "assessment": assessment,
            "course": assessment.course,
            "banner": course_banner(assessment.course, timezone.now()),
        },
    )


@may("treatments.record_assessment")
def edit(request: Request, public_id: UUID) -> HttpResponse:
    assessment = get_assessment(request, public_id)
    course = assessment.course
    form = AssessmentForm(request.POST or None, instance=assessment, today=course.location.today(timezone.now()))
    if assessment.is_in_error:
        messages.warning(request, _("This scoring was entered in error, so it changes no more."))
        return redirect(assessment)
    if assessment.blinded:
        words = _(
            "This photo was scored without knowing its day. Now the day is known, so the score is not corrected."
        )
        messages.warning(request, words)
        return redirect(assessment)
    if request.method == "POST" and form.is_valid():
        try:
            actions.record(assessment, form.save, entries=form.entries, by=request.user)
        except VersionConflictError:
            form.refuse(Assessment.objects.get(pk=assessment.pk))
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            messages.success(request, _("The scoring is corrected."))
            return redirect(assessment)
    return assessment_page(request, form, course)


@may("treatments.record_assessment")
def error(request: Request, public_id: UUID) -> HttpResponse:
    """Say that a scoring was entered in error."""
    assessment = get_assessment(request, public_id)
    form = ErrorForm(request.POST or None, initial={"version": assessment.version})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            actions.mark_as_error(
                assessment, reason=data["reason"], by=request.user, now=timezone.now(), version=data["version"]
            )
        except ValidationError as refusal:
            form.add_error(None, refusal.messages)
        except VersionConflictError:
            form.add_error(None, _("Somebody changed this scoring meanwhile. Read it again, then decide."))
        else:
            messages.success(request, _("The scoring is marked as an error. It counts no more."))
            return redirect(assessment)
    return TemplateResponse(
        request,
        "treatments/assessments/error.html",
        {
            "form": form,
            "assessment": assessment,
            "course": assessment.course,
            "banner": course_banner(assessment.course, timezone.now()),
        },
    )
