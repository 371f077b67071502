"""Booking an appointment and taking it through the day."""

from contextlib import suppress
from copy import copy
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from clinic.access import get_object_or_404, may
from clinic.forms import LONGEST_KEY, save_once
from clinic.http import Request, came_from
from clinic.models import Location, User, VersionConflictError
from clinic.search_words import searched, words_of
from clinic.undo import offer_undo
from patients.banner import banner
from patients.models import Patient
from treatments.actions import appointments as actions
from treatments.actions.series import move_series
from treatments.calendar import HIDES_NAMES
from treatments.forms.appointments import AppointmentForm, AppointmentStatusForm, BookForm, moved_form
from treatments.freed import offer_freed, still_free
from treatments.models import Appointment, Course, FollowUp
from treatments.models.late_signs import LateSigns
from treatments.openings import Opening, opening_of
from treatments.rules.wall_time import at_wall
from treatments.views.late_signs import sign_to_log
from treatments.views.taken_back import offer_to_put_back

SUBJECTS = frozenset({"patient", "course", "follow_up"})
PLACE = ("starts", "with", "room")  # what a tap on a free hour says
MOST_FOUND = 12


def get_appointment(user: User, public_id: UUID) -> Appointment:
    visible = Appointment.objects.visible_to(user)
    appointment = get_object_or_404(
        visible.select_related("patient__location", "location", "practitioner", "room"), public_id=public_id
    )
    appointment.location.keep_time()
    return appointment


def shown_name(request: Request, appointment: Appointment) -> str:
    """Return the patient's name, or what is done while the person hides names in the calendar."""
    if hides_names(request):
        return str(appointment.get_kind_display())
    return appointment.patient.full_name


def hides_names(request: Request) -> bool:
    return bool(request.session.get(HIDES_NAMES))


def calendar_of(request: Request, appointment: Appointment) -> str:
    """Return the page of the calendar that the person came from, else the day of the appointment."""
    where = came_from(request)
    if where.startswith(reverse("calendar")):
        return where
    day = appointment.location.today(appointment.starts_at)
    return f"{reverse('calendar')}?day={day.isoformat()}"


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
        patient = get_object_or_404(patients, public_id=UUID(query.get("patient", "")))
        return patient.refuse_merged(), None, None
    except ValueError as error:
        raise Http404 from error


def choose_whom(request: Request) -> HttpResponse:
    """Ask for whom an hour of the calendar is booked; what was tapped goes along to the form."""
    text = words_of(request)
    found = Patient.objects.visible_to(request.user).search(text).select_related("location").by_name()
    return TemplateResponse(
        request,
        "treatments/appointments/whom.html",
        {
            "q": text,
            "patients": list(found[:MOST_FOUND]),
            "place": [(name, request.GET[name]) for name in PLACE if name in request.GET],
            "tapped": urlencode({name: request.GET[name] for name in PLACE if name in request.GET}),
            "today": timezone.localdate(),
        },
    )


def asked_place(request: Request, location: Location) -> dict[str, Any]:
    """Return the hour, person and room that an address asks for, as a form starts from them."""
    query = request.GET
    asked: dict[str, Any] = {}
    with suppress(ValueError):
        start = datetime.fromisoformat(query.get("starts", "")).replace(tzinfo=None)
        asked["starts_at"] = at_wall(start.date(), start.time(), location.tz).moment
    with suppress(ValueError):
        asked["practitioner"] = (
            User.objects.treating_at(location).filter(public_id=UUID(query.get("with", ""))).first()
        )
    if query.get("room", "").isdecimal():
        asked["room"] = location.rooms.filter(pk=query["room"][:LONGEST_KEY]).first()
    return {name: value for name, value in asked.items() if value is not None}


@may("treatments.book_appointment")
@searched(*PLACE)
def book(request: Request) -> HttpResponse:
    if request.method == "GET" and SUBJECTS.isdisjoint(request.GET):
        return choose_whom(request)
    patient, course, follow_up = booking_subject(request)
    if patient.refusal_to_treat and request.method == "GET":
        messages.warning(request, patient.refusal_to_treat)
        return redirect(patient)
    now = timezone.now()
    location = patient.location
    location.keep_time()
    proposed = actions.proposal(patient, course, follow_up, now)
    form = BookForm(
        request.POST or None,
        patient=patient,
        location=location,
        now=now,
        asks_late_signs=follow_up is not None,
        initial=proposed | asked_place(request, location),
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
        {
            "form": form,
            "patient": patient,
            "running": course if (course := proposed.get("course")) and course.is_running else None,
            "banner": banner(patient, today=location.today(now)),
        },
    )


def save_move(form: AppointmentForm, stored: Appointment) -> list[Appointment]:
    """Save a changed appointment, and the later ones of its series where the form says so; return what moved."""
    version, changed = form.cleaned_data["version"], form.save(commit=False)
    if form.reaches_later:
        reason = form.cleaned_data["exception_reason"]
        return move_series(changed, was=stored, version=version, reason=reason)
    return [actions.move(changed, version=version)]


def hours_of(form: AppointmentForm, stored: Appointment) -> list[Opening]:
    """Return the hours that a move is about to leave: of the appointment, and of later ones that go along."""
    later = Appointment.objects.later_in_series(stored) if form.reaches_later else Appointment.objects.none()
    return [opening_of(each) for each in [stored, *later.select_related("location", "practitioner", "room")]]


@may("treatments.book_appointment")
def appointment(request: Request, public_id: UUID) -> HttpResponse:
    """Show an appointment; while it is booked it can be moved here."""
    appointment = get_appointment(request.user, public_id)
    stored = copy(appointment)  # a move that is refused stays in the form: the page says how the appointment stands
    now = timezone.now()
    can_move = appointment.status == Appointment.Status.BOOKED
    form = AppointmentForm(request.POST or None, instance=appointment, now=now) if can_move else None
    if form and form.is_bound and form.is_valid():
        left = hours_of(form, stored)
        try:
            moved = save_move(form, stored)
        except ValidationError as error:
            form.add_error(None, error)
        except VersionConflictError:
            form.refuse(Appointment.objects.get(pk=appointment.pk))
        else:
            words = ngettext("The appointment is moved.", "%(count)s appointments are moved.", len(moved))
            messages.success(request, words % {"count": len(moved)})
            offer_to_put_back(request, moved, back_to=appointment.get_absolute_url())
            offer_freed(request, still_free(left, moved), now)
            return redirect(appointment)
    return TemplateResponse(
        request,
        "treatments/appointments/appointment.html",
        {
            "appointment": stored,
            "form": form,
            "would_come_earlier": can_move and stored.starts_at > now,
            "came": "calendar" if request.GET.get("from") == "calendar" else "appointment",
            "turns": sorted(actions.TURNS[Appointment.Status(appointment.status)], key=list(Appointment.Status).index),
            "banner": banner(appointment.patient, today=appointment.location.today(now)),
        },
    )


@may("treatments.book_appointment")
@require_POST
def move(request: Request, public_id: UUID) -> HttpResponse:
    """Put an appointment at another hour, length, person or room, as the calendar's drag and keys do, with undo."""
    appointment = get_appointment(request.user, public_id)
    left = opening_of(appointment)
    name: dict[str, Any] = {"name": shown_name(request, appointment)}
    try:
        form = moved_form(appointment, request.POST, timezone.now())
        actions.move(form.valid_appointment(), version=form.cleaned_data["version"])
    except ValidationError as error:
        said = name | {"why": " ".join(error.messages)}
        messages.error(request, _("%(name)s stays where it was. %(why)s") % said)
    except VersionConflictError:
        messages.error(request, _("%(name)s: somebody else was faster. This is how it stands now.") % name)
    else:
        start = date_format(appointment.location.local(appointment.starts_at), "l j F, H:i")
        said = name | {"start": start, "minutes": appointment.minutes}
        messages.success(request, _("%(name)s: %(start)s, %(minutes)s minutes.") % said)
        offer_to_put_back(request, [appointment], back_to=calendar_of(request, appointment))
        offer_freed(request, still_free([left], [appointment]), timezone.now(), hides_names=hides_names(request))
    return redirect(calendar_of(request, appointment))


@may("treatments.book_appointment")
@require_POST
def status(request: Request, public_id: UUID) -> HttpResponse:
    """Take an appointment a step further, or back, with one tap to undo it."""
    appointment = get_appointment(request.user, public_id)
    before = Appointment.Status(appointment.status)
    came = request.POST.get("from", "")
    name = {"name": shown_name(request, appointment) if came == "calendar" else appointment.patient.full_name}
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
            offer_undo(request, url, status=before, version=appointment.version, **({"from": came} if came else {}))
        if appointment.status == Appointment.Status.CANCELLED:
            offer_freed(request, [opening_of(appointment)], timezone.now(), hides_names=hides_names(request))
    if came == "calendar":
        return redirect(calendar_of(request, appointment))
    return redirect(appointment if came == "appointment" else "today")
