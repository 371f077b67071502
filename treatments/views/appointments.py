"""Booking an appointment and taking it through the day."""

from copy import copy
from functools import partial
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clinic.access import may
from clinic.forms import save_once
from clinic.http import Request
from clinic.models import User, VersionConflictError
from clinic.undo import offer_undo
from patients.banner import banner
from patients.models import Patient
from treatments.actions import appointments as actions
from treatments.forms.appointments import AppointmentForm, AppointmentStatusForm, BookForm
from treatments.models import Appointment, Course, FollowUp
from treatments.models.late_signs import LateSigns
from treatments.views.late_signs import sign_to_log


def get_appointment(user: User, public_id: UUID) -> Appointment:
    visible = Appointment.objects.visible_to(user)
    appointment = get_object_or_404(
        visible.select_related("patient__location", "location", "practitioner"), public_id=public_id
    )
    appointment.location.keep_time()
    return appointment


def booking_subject(request: Request) -> tuple[Patient, Course | None, FollowUp | None]:
    """Return whom an address asks to book: a patient, a course, or a follow-up. Raises 404 for none of them."""
    user, query = request.user, request.GET
    try:
        if "follow_up" in query:
            follow_ups = FollowUp.objects.visible_to(user).select_related(
                "course__patient__location", "course__protocol"
            )
            follow_up = get_object_or_404(follow_ups, public_id=UUID(query["follow_up"]))
            return follow_up.course.patient, follow_up.course, follow_up
        if "course" in query:
            courses = Course.objects.visible_to(user).for_page()
            course = get_object_or_404(courses, public_id=UUID(query["course"]))
            return course.patient, course, None
        patients = Patient.objects.visible_to(user).select_related("location")
        return get_object_or_404(patients, public_id=UUID(query.get("patient", ""))), None, None
    except ValueError as error:
        raise Http404 from error


@may("treatments.book_appointment")
def book(request: Request) -> HttpResponse:
    patient, course, follow_up = booking_subject(request)
    if patient.refusal_to_treat and request.method == "GET":
        messages.warning(request, patient.refusal_to_treat)
        return redirect(patient)
    now = timezone.now()
    location = patient.location
    location.keep_time()
    form = BookForm(
        request.POST or None,
        patient=patient,
        location=location,
        now=now,
        asks_late_signs=follow_up is not None,
        initial=actions.proposal(patient, course, follow_up, now),
    )
    if made := form.made_before():
        return redirect(made)
    if form.is_valid():
        try:
            appointment = save_once(form, partial(actions.book, form.save(commit=False), named=follow_up))
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("%(name)s is booked.") % {"name": patient.full_name})
            told = sign_to_log(request, patient, now) if appointment.late_signs == LateSigns.YES else None
            return redirect(told or ("follow-up-list" if follow_up else appointment))
    return TemplateResponse(
        request,
        "treatments/appointments/book.html",
        {"form": form, "patient": patient, "banner": banner(patient, today=location.today(now))},
    )


@may("treatments.book_appointment")
def appointment(request: Request, public_id: UUID) -> HttpResponse:
    """Show an appointment; while it is booked it can be moved here."""
    appointment = get_appointment(request.user, public_id)
    stored = copy(appointment)  # a move that is refused stays in the form: the page says how the appointment stands
    now = timezone.now()
    can_move = appointment.status == Appointment.Status.BOOKED
    form = AppointmentForm(request.POST or None, instance=appointment, now=now) if can_move else None
    if form and form.is_bound and form.is_valid():
        try:
            actions.move(form.save(commit=False), version=form.cleaned_data["version"])
        except ValidationError as error:
            form.add_error(None, error)
        except VersionConflictError:
            form.refuse(Appointment.objects.get(pk=appointment.pk))
        else:
            messages.success(request, _("The appointment is moved."))
            return redirect(appointment)
    return TemplateResponse(
        request,
        "treatments/appointments/appointment.html",
        {
            "appointment": stored,
            "form": form,
            "turns": sorted(actions.TURNS[Appointment.Status(appointment.status)], key=list(Appointment.Status).index),
            "banner": banner(appointment.patient, today=appointment.location.today(now)),
        },
    )


@may("treatments.book_appointment")
@require_POST
def status(request: Request, public_id: UUID) -> HttpResponse:
    """Take an appointment a step further, or back, with one tap to undo it."""
    appointment = get_appointment(request.user, public_id)
    before = Appointment.Status(appointment.status)
    name = {"name": appointment.patient.full_name}
    form = AppointmentStatusForm(request.POST)
    try:
        actions.turn(appointment, now=timezone.now(), **form.step())
    except ValidationError as error:
        messages.error(request, f"{name['name']}: {' '.join(error.messages)}")
    except VersionConflictError:
        messages.error(request, _("%(name)s: somebody else was faster. This is how it stands now.") % name)
    else:
        now = {"status": appointment.get_status_display().lower()}
        messages.success(request, _("%(name)s: %(status)s.") % (name | now))
        if before in actions.TURNS[Appointment.Status(appointment.status)]:
            url = reverse("appointment-status", args=[public_id])
            offer_undo(request, url, status=before, version=appointment.version)
    return redirect(appointment if request.POST.get("from") == "appointment" else "today")
