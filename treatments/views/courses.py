"""Starting, reading and ending a course."""

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.access import get_object_or_404, may
from clinic.forms import save_once
from clinic.http import Request
from clinic.models import User, VersionConflictError
from patients.actions import write_for
from patients.banner import banner
from patients.views.patients import get_patient
from treatments.actions.courses import TURNS, turn
from treatments.areas import areas_in_words
from treatments.banner import course_banner
from treatments.forms.courses import CourseForm, CourseStartForm, CourseStatusForm
from treatments.forms.taken_back import stamps
from treatments.models import Appointment, Course, FollowUp, Protocol, SideEffect
from treatments.progress import progress, weight_change


def get_course(user: User, public_id: UUID) -> Course:
    """Return the course with all that its page and its banner show, or 404; times are those of its place."""
    course = get_object_or_404(Course.objects.visible_to(user).for_page(), public_id=public_id)
    course.location.keep_time()
    return course


@may("treatments.plan_course")
def start(request: Request, public_id: UUID) -> HttpResponse:
    """Plan a course; choosing another protocol asks for the page again, and htmx swaps the plan alone."""
    patient = get_patient(request, public_id)
    if patient.refusal_to_treat and request.method == "GET":
        messages.warning(request, patient.refusal_to_treat)
        return redirect(patient)
    now = timezone.now()
    location = patient.location
    data = request.POST or None
    form = CourseStartForm(
        data,
        patient=patient,
        location=location,
        user=request.user,
        today=location.today(now),
        protocol=Protocol.objects.chosen((data or request.GET).get("protocol")),
    )
    if made := form.made_before():
        return redirect(made)
    if form.is_valid():
        try:
            course = save_once(form, lambda: write_for(patient, form.save))
        except ValidationError as error:
            form.add_error(None, error)
        else:
            words = _("%(course)s is planned for %(name)s.")
            messages.success(request, words % {"course": course.protocol, "name": patient.full_name})
            return redirect(course)
    return TemplateResponse(
        request,
        "treatments/courses/start.html",
        {
            "form": form,
            "patient": patient,
            "banner": banner(patient, today=location.today(now)),
            "protocol": form.offered,
            "estimate": form.estimate(),
        },
    )


def course(request: Request, public_id: UUID) -> HttpResponse:
    course = get_course(request.user, public_id)
    now = timezone.now()
    today = course.location.today(now)
    every = list(course.sessions.for_course_page())
    left = [] if course.takes_sessions else still_booked(course, now)
    sessions = [session for session in every if not session.is_in_error]
    return TemplateResponse(
        request,
        "treatments/courses/course.html",
        {
            "course": course,
            "areas": areas_in_words(course.areas.all()),
            "progress": progress(course, today),
            "sessions": every,
            "latest": sessions[0] if sessions else None,
            "weight": weight_change(course, sessions),
            "reactions": SideEffect.objects.of_course(course).standing().open().for_list().with_photos(),
            "follow_up": FollowUp.objects.of_course(course).with_facts(now).order_by("number").last(),
            "banner": course_banner(course, now),
            "booked": booked_beside(course, left, now),
            "still_booked": left,
            "still_booked_seen": stamps(left),
            "turns": sorted(TURNS[Course.Status(course.status)], key=list(Course.Status).index),
            "today": today,
            "now": now,
        },
    )


def booked_beside(course: Course, named: list[Appointment], now: datetime) -> list[Appointment]:
    """Return the appointments of a course still to come, without those that its page has named already."""
    booked = Appointment.objects.booked_of(course, now).select_related("practitioner", "room")
    return [each for each in booked if each not in named]


def still_booked(course: Course, now: datetime) -> list[Appointment]:
    """Return the appointments that a pause or an end of the course leaves standing."""
    return list(Appointment.objects.expected_of(course, now))


@may("treatments.plan_course")
def edit(request: Request, public_id: UUID) -> HttpResponse:
    course = get_course(request.user, public_id)
    form = CourseForm(request.POST or None, instance=course)
    if request.method == "POST" and form.is_valid():
        try:
            form.save()
        except VersionConflictError:
            form.refuse(Course.objects.get(pk=course.pk))
        else:
            messages.success(request, _("The course is changed."))
            return redirect(course)
    return TemplateResponse(
        request,
        "treatments/courses/edit.html",
        {"form": form, "course": course, "banner": course_banner(course, timezone.now())},
    )


@may("treatments.plan_course")
def status(request: Request, public_id: UUID) -> HttpResponse:
    """Pause, resume, complete or stop a course, since a day and with a reason."""
    course = get_course(request.user, public_id)
    now = timezone.now()
    refusal = course.patient.refusal_to_add
    if refusal and request.method == "GET" and request.GET.get("to") == Course.Status.ACTIVE:
        messages.warning(request, refusal)
        return redirect(course)
    form = CourseStatusForm(
        request.POST or None,
        course=course,
        today=course.location.today(now),
        initial={"status": request.GET.get("to", "")},
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            turn(course, data["status"], on=data["on"], reason=data["reason"], version=data["version"])
        except ValidationError as error:
            form.add_error(None, error)
        except VersionConflictError:
            form.add_error(None, _("Somebody changed this course meanwhile. Read it again, then decide."))
        else:
            messages.success(request, _("The course is %(status)s.") % {"status": course.get_status_display().lower()})
            return redirect(course)
    target = form["status"].value()
    if target not in TURNS[Course.Status(course.status)] and not form.is_bound:
        return redirect(course)
    return TemplateResponse(
        request,
        "treatments/courses/status.html",
        {
            "form": form,
            "course": course,
            "target": Course.Status(target) if target in Course.Status.values else None,
            "banner": course_banner(course, now),
            "progress": progress(course, course.location.today(now)),
            "still_booked": [] if target == Course.Status.ACTIVE else still_booked(course, now),
        },
    )
