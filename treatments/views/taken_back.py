"""Cancelling all that is booked of a course, and taking back with one tap what was done to several appointments."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from clinic.access import get_object_or_404, may
from clinic.http import Request, way_back
from clinic.models import User
from clinic.undo import offer_undo
from treatments.actions.taken_back import cancel_all, put_back, unbook
from treatments.forms.taken_back import CancelAllForm, PutBackForm, SeriesUndoForm, stamps
from treatments.freed import offer_freed
from treatments.models import Appointment
from treatments.models.appointment import AppointmentQuerySet
from treatments.openings import opening_of
from treatments.views.courses import get_course


def loaded(user: User) -> AppointmentQuerySet:
    return Appointment.objects.visible_to(user).select_related(
        "patient", "location", "practitioner", "room", "course__protocol", "course__location"
    )


def offer_to_put_back(request: Request, appointments: list[Appointment], *, back_to: str) -> None:
    """Offer one tap that lets them stand as they did before what was just done to them."""
    offer_undo(request, reverse("appointments-back"), changed=stamps(appointments), next=back_to)


def refused(request: Request, error: ValidationError | forms.Form) -> None:
    if isinstance(error, ValidationError):
        texts = error.messages
    else:
        texts = [str(text) for of_field in error.errors.values() for text in of_field]
    messages.error(request, _("Nothing was changed. %(why)s") % {"why": " ".join(texts)})


@may("treatments.book_appointment")
@require_POST
def back(request: Request) -> HttpResponse:
    """Put appointments of one patient back to where they stood before their last change."""
    form = PutBackForm(request.POST)
    where = way_back(request, reverse("calendar"))
    if not form.is_valid():
        refused(request, form)
        return redirect(where)
    versions = form.cleaned_data["changed"]
    found = list(loaded(request.user).filter(public_id__in=versions))
    for key in versions.keys() - {each.public_id for each in found}:
        get_object_or_404(loaded(request.user), public_id=key)  # is not there, and the trail notes what was asked for
    if len({each.patient_id for each in found}) != 1:
        raise Http404
    found[0].location.keep_time()
    try:
        put_back(found, versions=versions)
    except ValidationError as error:
        refused(request, error)
    else:
        words = ngettext("The appointment is as it was.", "%(count)s appointments are as they were.", len(found))
        messages.success(request, words % {"count": len(found)})
    return redirect(where)


@may("treatments.book_appointment")
@require_POST
def unbook_series(request: Request, public_id: UUID) -> HttpResponse:
    """Cancel what was just booked together of a course, as long as nobody touched it since."""
    course = get_course(request.user, public_id)
    form = SeriesUndoForm(request.POST)
    if not form.is_valid():
        refused(request, form)
        return redirect(course)
    series = form.cleaned_data["series"]
    found = list(loaded(request.user).of_series(series).filter(course=course))
    try:
        unbook(series, found, reason=_("Taken back right after it was booked."), now=timezone.now())
    except ValidationError as error:
        refused(request, error)
    else:
        words = ngettext("%(count)s appointment is taken back.", "%(count)s appointments are taken back.", len(found))
        messages.success(request, words % {"count": len(found)})
    return redirect(course)


@may("treatments.book_appointment")
@require_POST
def cancel_booked(request: Request, public_id: UUID) -> HttpResponse:
    """Cancel all that is booked of a course that takes no sessions, as the page named it, with one reason."""
    course = get_course(request.user, public_id)
    now = timezone.now()
    form = CancelAllForm(request.POST)
    if not form.is_valid():
        refused(request, form)
        return redirect(course)
    versions = form.cleaned_data["seen"]
    found = list(loaded(request.user).expected_of(course, now).filter(public_id__in=versions))
    try:
        refuse_others(course.takes_sessions, len(found), len(versions))
        cancel_all(found, versions=versions, reason=form.cleaned_data["reason"], now=now)
    except ValidationError as error:
        refused(request, error)
    else:
        words = ngettext("%(count)s appointment is cancelled.", "%(count)s appointments are cancelled.", len(found))
        messages.success(request, words % {"count": len(found)})
        offer_to_put_back(request, found, back_to=course.get_absolute_url())
        offer_freed(request, [opening_of(each) for each in found], now)
    return redirect(course)


def refuse_others(takes_sessions: bool, found: int, named: int) -> None:  # noqa: FBT001 -- read at one place
    """Raise `ValidationError` when the course goes on by now, or what the page named is not all booked any more."""
    if takes_sessions:
        raise ValidationError(_("The course goes on by now."))
    if not named or found != named:
        raise ValidationError(_("Not all of these are booked any more. This is how they stand now."))
