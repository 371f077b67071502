"""Booking a whole course at once."""

from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.access import get_object_or_404, may
from clinic.http import Request
from clinic.undo import offer_undo
from patients.banner import banner
from treatments.actions.series import book_series
from treatments.forms.series import DayFormSet, Row, SeriesForm, day_initials, rows_of
from treatments.models import Appointment, Course
from treatments.progress import progress


@may("treatments.book_appointment")
def course_book(request: Request, public_id: UUID) -> HttpResponse:
    """Ask for the rule, show the days that come of it with what stands against each, and book those that are left."""
    course = get_object_or_404(Course.objects.visible_to(request.user).for_page(), public_id=public_id)
    if refusal := course.patient.refusal_to_treat:
        messages.warning(request, refusal)
        return redirect(course)
    course.location.keep_time()
    now = timezone.now()
    rule = SeriesForm(request.POST or None, course=course, initial=proposal(course, now))
    step, rows, days = request.POST.get("step", ""), [], None
    if rule.is_bound and rule.is_valid():
        made = list(Appointment.objects.of_series(rule.cleaned_data["series"]))
        if standing := sum(each.is_standing for each in made):
            return booked(request, course, standing, rule)
        if made:
            rule.begin_anew()
        days = the_days(request, rule, step)
        rows = rows_of(rule, days, now)
        if (
            step == "book"
            and days.is_bound
            and rule.is_valid()
            and may_book(rule, rows)
            and (count := book(rule, rows))
        ):
            return booked(request, course, count, rule)
    return TemplateResponse(
        request,
        "treatments/appointments/series.html",
        {
            "course": course,
            "form": rule,
            "days": days,
            "rows": rows,
            "kept": sum(not row.is_left_out for row in rows),
            "asks_reason": any(row.doubtful and not row.is_left_out for row in rows),
            "banner": banner(course.patient, today=course.location.today(now)),
        },
    )


def the_days(request: Request, rule: SeriesForm, step: str) -> Any:
    """Return the days as they were sent, or those of the rule when it is asked for them anew."""
    if step in {"check", "book"} and "days-TOTAL_FORMS" in request.POST:
        days = DayFormSet(request.POST, prefix="days")
        if days.management_form.is_valid():
            return days
    return DayFormSet(prefix="days", initial=day_initials(rule.days(), rule.cleaned_data["hour"]))


def may_book(rule: SeriesForm, rows: list[Row]) -> bool:
    """Say whether the days can be booked; the form says what is left to do."""
    kept = [row for row in rows if not row.is_left_out]
    if not kept:
        rule.add_error(None, _("Every day is left out. Keep one at least."))
    elif any(row.refused for row in kept):
        rule.add_error(None, _("Some days cannot be booked. Change them below, or leave them out."))
    elif any(row.doubtful for row in kept) and not rule.cleaned_data["reason"]:
        rule.add_error("reason", _("Say why it is booked all the same, or change the days marked below."))
    return rule.is_valid()


def book(rule: SeriesForm, rows: list[Row]) -> int:
    """Book the days that are kept and return how many; 0 when the form now says what stands against it.

    Sent twice at once, the second sending finds what the first has booked.
    """
    series, kept = rule.cleaned_data["series"], []
    for row in rows:
        if row.appointment and not row.is_left_out:
            row.appointment.exception_reason = rule.cleaned_data["reason"] if row.doubtful else ""
            kept.append(row.appointment)
    try:
        return len(book_series(kept, series=series))
    except ValidationError as error:
        made = Appointment.objects.of_series(series).standing().count()
        if not made:
            rule.add_error(None, error)
        return made


def booked(request: Request, course: Course, count: int, rule: SeriesForm) -> HttpResponse:
    words = ngettext(
        "%(count)s appointment is booked for %(name)s.", "%(count)s appointments are booked for %(name)s.", count
    )
    messages.success(request, words % {"count": count, "name": course.patient.full_name})
    offer_undo(request, reverse("course-unbook", args=[course.public_id]), series=str(rule.cleaned_data["series"]))
    return redirect(course)


def proposal(course: Course, now: datetime) -> dict[str, Any]:
    """Return what a series starts from: the weekday and hour of last time, the shortest interval, what is left."""
    how_far = progress(course, course.location.today(now))
    booked = list(course.appointments.booked_ahead(now).filter(kind=Appointment.Kind.SESSION))
    last = booked[-1].starts_at if booked else course.last_session_at
    local = course.location.local(last) if last else course.location.local(now)
    tomorrow = course.location.today(now) + timedelta(days=1)
    first = max(local.date() + timedelta(days=course.protocol.interval_days_min), tomorrow) if last else tomorrow
    return {
        "first_on": first,
        "weekdays": [local.weekday()] if last else [],
        "hour": time(local.hour, local.minute // 5 * 5) if last else time(10),
        "interval": course.protocol.interval_days_min,
        "count": max(how_far.planned - how_far.done - len(booked), 1),
        "minutes": course.protocol.session_minutes,
        "practitioner": course.clinician,
    }
