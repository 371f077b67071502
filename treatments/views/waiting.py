"""The waiting list: who could come earlier, who could come to an hour that is free, and giving it to one of them."""

from datetime import datetime
from functools import partial
from typing import Any
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
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from clinic.access import get_object_or_404, may
from clinic.forms import save_once
from clinic.http import Request
from clinic.models import Location, User, VersionConflictError
from clinic.navigation import MOST
from clinic.paging import bounded_count, page
from clinic.search_words import filter_of, searched
from clinic.undo import offer_undo
from patients.banner import banner
from patients.models import Patient
from treatments.actions import waiting as actions
from treatments.filters.waiting import Tab, WaitingFilter
from treatments.forms.waiting import ChangeForm, HourForm, JoinForm, OfferForm, PutBackOnListForm, RemoveForm, TakeForm
from treatments.freed import offer_freed, slot_url, still_free
from treatments.models import Appointment, Course, FollowUp, Waiting, WaitingOffer
from treatments.openings import MOST_OPENINGS, Opening, WaitingRoom, given_up, opening_of
from treatments.views.appointments import booking_subject, hides_names, shown_name
from treatments.views.taken_back import offer_to_put_back
from treatments.waiting_rows import WaitingRow

ACT = "treatments.book_appointment"
MOST_NAMED = 3
SAID = {
    WaitingOffer.Outcome.ASKED: gettext_lazy("%(name)s: you are asking. Others see it for 15 minutes."),
    WaitingOffer.Outcome.NO_ANSWER: gettext_lazy("%(name)s: no answer."),
    WaitingOffer.Outcome.DECLINED: gettext_lazy("%(name)s said no to this hour."),
}


@may(ACT)
@searched("tab", "kind", "who", "day")
def waiting_list(request: Request) -> HttpResponse:
    """Show who waits at this place, and above them the hours that were given up and are free still."""
    location = request.location
    if location is None:
        return redirect("today")
    now = timezone.now()
    today = location.today(now)
    every = Waiting.objects.visible_to(request.user).at(location).with_facts()
    narrow = WaitingFilter(filter_of(request), every, request=request)
    tab = Tab(request.GET["tab"]) if request.GET.get("tab") in Tab.values else Tab.WAITING
    waits = every.waiting(now, today)
    if tab == Tab.WAITING:
        found = page(request, narrow.qs.waiting(now, today).for_list(), "need", "joined_at", "pk")
    else:
        found = page(request, narrow.qs.exclude(pk__in=waits.values("pk")).for_list(), "-joined_at", "-pk")
    return TemplateResponse(
        request,
        "treatments/waiting/list.html",
        {
            "tabs": Tab.choices,
            "tab": tab,
            "count": bounded_count(waits, most=MOST),
            "filter": narrow,
            "is_narrowed": any(narrow.form.cleaned_data.values()) if narrow.form.is_valid() else True,
            "page": found,
            "rows": [WaitingRow(each, now) for each in found],
            "free": free_hours(location, request.user, now) if tab == Tab.WAITING else [],
            "today": today,
        },
    )


def free_hours(location: Location, user: User, now: datetime) -> list[dict[str, Any]]:
    """Return the hours given up that are free still and that somebody could come to, each with who."""
    openings = given_up(location, now)
    room = WaitingRoom(location, openings, user, now)
    found = [(opening, [each for each in room.fitting(opening) if not each.said_no]) for opening in openings]
    return [
        {
            "opening": opening,
            "url": slot_url(opening),
            "count": len(fitting),
            "names": ", ".join(each.waiting.patient.full_name for each in fitting[:MOST_NAMED]),
        }
        for opening, fitting in found
        if fitting
    ][:MOST_OPENINGS]


def asked_hour(request: Request, form: HourForm) -> Opening:
    """Return the hour that an address or a button names. Raises 404 for none that can be."""
    if not form.is_valid():
        raise Http404
    opening: Opening = form.cleaned_data["opening"]
    opening.location.keep_time()
    return opening


@may(ACT)
def slot(request: Request) -> HttpResponse:
    """Show who could come to an hour, whom to ask first at the top."""
    opening = asked_hour(request, HourForm(request.GET, places=request.user.places))
    now = timezone.now()
    room = WaitingRoom(opening.location, [opening], request.user, now)
    fitting = room.fitting(opening)
    return TemplateResponse(
        request,
        "treatments/waiting/slot.html",
        {
            "opening": opening,
            "is_past": opening.starts_at <= now,
            "is_taken": not room.is_free(opening),
            "candidates": [(each, WaitingRow(each.waiting, now)) for each in fitting if not each.said_no],
            "said_no": [each.waiting.patient for each in fitting if each.said_no],
            "today": opening.location.today(now),
        },
    )


def get_waiting(user: User, public_id: UUID) -> Waiting:
    visible = Waiting.objects.visible_to(user).with_facts().for_list()
    waiting = get_object_or_404(visible, public_id=public_id)
    waiting.location.keep_time()
    return waiting


def waiting_subject(request: Request) -> tuple[Waiting, bool]:
    """Return who is to wait for what, unsaved, and whether the address says it all: an appointment, a follow-up."""
    if "appointment" in request.GET:
        try:
            key = UUID(request.GET["appointment"])
        except ValueError as error:
            raise Http404 from error
        visible = Appointment.objects.visible_to(request.user)
        rows = visible.select_related("patient__location", "course__protocol", "practitioner")
        one = get_object_or_404(rows, public_id=key)
        facts = {"patient": one.patient, "kind": one.kind, "course": one.course, "minutes": one.minutes}
        return Waiting(**facts, appointment=one, instead_of_at=one.starts_at), True
    patient, course, follow_up = booking_subject(request)
    return of_patient(patient, course, follow_up)


def of_patient(patient: Patient, course: Course | None, follow_up: FollowUp | None) -> tuple[Waiting, bool]:
    kind = Appointment.Kind
    course = course or patient.courses.running().select_related("protocol").first()
    if course is None:
        return Waiting(patient=patient, kind=kind.CONSULTATION), False
    minutes = course.protocol.session_minutes
    if follow_up:
        return Waiting(patient=patient, kind=kind.FOLLOW_UP, course=course, minutes=minutes), True
    wanted = kind.FOLLOW_UP if course.has_ended else kind.SESSION
    return Waiting(patient=patient, kind=wanted, course=course, minutes=minutes), False


@may(ACT)
def join(request: Request) -> HttpResponse:
    """Put somebody on the list: from an appointment, the record, a course or the call list."""
    waiting, is_settled = waiting_subject(request)
    patient = waiting.patient
    if patient.refusal_to_treat and request.method == "GET":
        messages.warning(request, patient.refusal_to_treat)
        return redirect(patient)
    now = timezone.now()
    patient.location.keep_time()
    today = patient.location.today(now)
    form = JoinForm(
        request.POST or None,
        patient=patient,
        today=today,
        is_settled=is_settled,
        instance=waiting,
        initial={"from_on": today},
    )
    if made := form.made_before():
        return redirect(made)
    if form.is_valid():
        try:
            made = save_once(form, partial(actions.join, form.save(commit=False), by=request.user, now=now))
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("%(name)s is on the waiting list.") % {"name": patient.full_name})
            return redirect("waiting-list" if request.location == patient.location else made)
    return TemplateResponse(
        request,
        "treatments/waiting/join.html",
        {
            "form": form,
            "row": WaitingRow(waiting, now),
            "ahead": waiting.appointment or (actions.appointment_ahead(waiting, now) if is_settled else None),
            "patient": patient,
            "banner": banner(patient, today=today),
        },
    )


@may(ACT)
def waiting(request: Request, public_id: UUID) -> HttpResponse:
    """Show how somebody waits and what was offered; while they do, it can be changed, and they can be taken off."""
    found = get_waiting(request.user, public_id)
    now = timezone.now()
    row = WaitingRow(found, now)
    form = ChangeForm(request.POST or None, today=row.today, instance=found) if row.is_waiting else None
    if form and form.is_bound and form.is_valid():
        try:
            form.save()
        except VersionConflictError:
            form.refuse(Waiting.objects.get(pk=found.pk))
        else:
            messages.success(request, _("The waiting list is changed."))
            return redirect(found)
    return TemplateResponse(
        request,
        "treatments/waiting/waiting.html",
        {
            "form": form,
            "row": row,
            "offers": list(found.offers.all()),
            "banner": banner(found.patient, today=row.today),
        },
    )


@may(ACT)
@require_POST
def remove(request: Request, public_id: UUID) -> HttpResponse:
    """Take somebody off the list, with a reason, and with one tap to put them back."""
    found = get_waiting(request.user, public_id)
    name = {"name": found.patient.full_name}
    form = RemoveForm(request.POST)
    try:
        refuse_form(form)
        said = form.cleaned_data
        actions.remove(found, reason=said["reason"], by=request.user, now=timezone.now(), version=said["version"])
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect(found)
    except VersionConflictError:
        messages.error(request, _("%(name)s: somebody else was faster. This is how it stands now.") % name)
        return redirect(found)
    messages.success(request, _("%(name)s is off the waiting list.") % name)
    offer_undo(request, reverse("waiting-back", args=[public_id]), version=found.version)
    return redirect("waiting-list")


@may(ACT)
@require_POST
def back(request: Request, public_id: UUID) -> HttpResponse:
    """Put somebody who was taken off the list back, in the old place."""
    found = get_waiting(request.user, public_id)
    name = {"name": found.patient.full_name}
    form = PutBackOnListForm(request.POST)
    try:
        refuse_form(form)
        actions.put_back(found, version=form.cleaned_data["version"], now=timezone.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    except VersionConflictError:
        messages.error(request, _("%(name)s: somebody else was faster. This is how it stands now.") % name)
    else:
        messages.success(request, _("%(name)s is on the waiting list.") % name)
    return redirect(found)


def refuse_form(form: Any) -> None:
    """Raise `ValidationError` with what a form that no page of ours sends says of itself."""
    if not form.is_valid():
        raise ValidationError([text for texts in form.errors.values() for text in texts])


@may(ACT)
@require_POST
def offer(request: Request, public_id: UUID) -> HttpResponse:
    """Keep that somebody is being asked about an hour, said no or did not answer."""
    found = get_waiting(request.user, public_id)
    form = OfferForm(request.POST, places=[found.location])
    if not form.is_valid():
        messages.error(request, _("This hour is not known. Choose it again."))
        return redirect("waiting-list")
    opening, said = asked_hour(request, form), form.cleaned_data
    try:
        actions.log_offer(
            found,
            opening,
            outcome=said["outcome"],
            by=request.user,
            now=timezone.now(),
            token=said["form_token"],
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, SAID[said["outcome"]] % {"name": found.patient.full_name})
    return redirect(slot_url(opening))


@may(ACT)
@require_POST
def take(request: Request, public_id: UUID) -> HttpResponse:
    """Give an hour to somebody who waits, with one tap to take it back; the hour they leave is offered in its turn."""
    found = get_waiting(request.user, public_id)
    form = TakeForm(request.POST, places=[found.location])
    if not form.is_valid():
        messages.error(request, _("This hour is not known. Choose it again."))
        return redirect("waiting-list")
    opening, said, now = asked_hour(request, form), form.cleaned_data, timezone.now()
    left = [opening_of(found.appointment)] if found.appointment else []
    name = {"name": found.patient.full_name}
    try:
        appointment, is_new = actions.take(
            found, opening, by=request.user, now=now, version=said["version"], token=said["form_token"]
        )
    except ValidationError as error:
        messages.error(request, _("%(name)s is not booked. %(why)s") % (name | {"why": " ".join(error.messages)}))
        return redirect(slot_url(opening))
    except VersionConflictError:
        messages.error(request, _("%(name)s: somebody else was faster. This is how it stands now.") % name)
        return redirect(slot_url(opening))
    if is_new:
        tell_of(request, appointment, opening, was_moved=bool(left))
        offer_freed(request, still_free(left, [appointment]), now, hides_names=hides_names(request))
    return redirect(f"{reverse('calendar')}?day={opening.location.local(opening.starts_at).date().isoformat()}")


def tell_of(request: Request, appointment: Appointment, opening: Opening, *, was_moved: bool) -> None:
    """Say who got the hour, unless the calendar that is shown next hides names, and offer to take it back."""
    start = date_format(opening.location.local(appointment.starts_at), "l j F, H:i")
    said = {"name": shown_name(request, appointment), "start": start, "minutes": appointment.minutes}
    messages.success(request, _("%(name)s: %(start)s, %(minutes)s minutes.") % said)
    if was_moved:
        offer_to_put_back(request, [appointment], back_to=slot_url(opening))
        return
    offer_undo(
        request,
        reverse("appointment-status", args=[appointment.public_id]),
        status=Appointment.Status.CANCELLED,
        reason=_("Taken back right after it was booked."),
        version=appointment.version,
    )
