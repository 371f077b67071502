"""Logging a reaction with few taps, from wherever a patient tells of one."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.access import get_object_or_404, may
from clinic.http import Request, way_back
from patients.banner import banner
from patients.models import Patient
from treatments.actions import side_effects as actions
from treatments.banner import course_banner
from treatments.forms.quick_log import SideEffectLogForm
from treatments.models import Course, Photo, Session, SideEffect
from treatments.photo_consent import refusal_of_photos

MOST = 40  # sessions to choose among: more than two courses, and half a year of late infections


@may("treatments.log_side_effect")
def log(request: Request, public_id: UUID) -> HttpResponse:
    """Log what followed a session."""
    sessions = Session.objects.visible_to(request.user).select_related("course__patient__location")
    session = get_object_or_404(sessions, public_id=public_id)
    patient = session.course.patient
    if patient.merged_into_id and not session.is_in_error:
        return log_for_survivor(request, patient)
    return quick_log(request, patient, session)


@may("treatments.log_side_effect")
def log_for_patient(request: Request, public_id: UUID) -> HttpResponse:
    """Log what a patient tells of, after the latest session unless another is named."""
    patients = Patient.objects.visible_to(request.user).select_related("location")
    patient = get_object_or_404(patients, public_id=public_id)
    return log_for_survivor(request, patient) if patient.merged_into_id else quick_log(request, patient, None)


def log_for_survivor(request: Request, patient: Patient) -> HttpResponse:
    """Lead from a record that was merged to the one that goes on; what was typed is shown there, to be looked at."""
    survivor = patient.surviving
    if not Patient.objects.visible_to(request.user).filter(pk=survivor.pk).exists():
        raise Http404
    words = _("Record %(old)s was merged into this one, %(name)s, %(number)s.") % {
        "old": patient.record_number,
        "name": survivor.full_name,
        "number": survivor.record_number,
    }
    if request.method != "POST":
        messages.warning(request, words)
        return redirect("patient-side-effect-new", survivor.public_id)
    return quick_log(request, survivor, None, look_first=words)


def quick_log(request: Request, patient: Patient, asked: Session | None, *, look_first: str = "") -> HttpResponse:
    """Show the form, or log what it says; `look_first` is why what was sent is only shown, and not logged yet."""
    now = timezone.now()
    sessions = sessions_to_choose(patient, asked)
    if not sessions:
        return no_session(request, patient)
    taken = next((session for session in sessions if asked and session.pk == asked.pk), sessions[0])
    form = SideEffectLogForm(
        request.POST or None,
        request.FILES or None,
        sessions=sessions,
        session=taken,
        by=request.user,
        now=now,
        initial={"after": request.GET.get("after"), "areas": request.GET.getlist("areas")},
    )
    form.session.course.location.keep_time()
    if asked and asked.is_in_error:
        messages.warning(request, _("That session was entered in error. Say after which one it began."))
    if form.is_bound:
        form.is_valid()  # first: what is to be kept of the photos is read from the form
        form.take_in(by=request.user)
    if form.is_bound and look_first:
        form.add_error(None, _("%(why)s Look again, then log it here.") % {"why": look_first})
    if form.is_valid():
        try:
            logged, is_new = actions.log(
                form.save(commit=False),
                areas=form.cleaned_data["areas"],
                by=request.user,
                token=form.cleaned_data["form_token"],
                cleared=form.cleared_lots(),
                photos=form.kept,
            )
        except actions.OtherFactsError as error:
            form.ask_again(error.made.title)
        else:
            messages.success(request, logged_message(logged, is_new=is_new))
            page = logged[0] if len(logged) == 1 else form.session
            return redirect(way_back(request, page.get_absolute_url()))
    return TemplateResponse(
        request,
        "treatments/side_effects/log.html",
        {
            "form": form,
            "session": form.session,
            "patient": patient,
            "address": address_of(patient, asked),
            "way_back": way_back(request, ""),
            "refusal": refusal_of_photos(patient, Photo.Scope.RECORD, now),
            "banner": course_banner(Course.objects.for_page().get(pk=form.session.course_id), now),
        },
    )


def address_of(patient: Patient, asked: Session | None) -> str:
    if asked:
        return reverse("side-effect-new", args=[asked.public_id])
    return reverse("patient-side-effect-new", args=[patient.public_id])


def sessions_to_choose(patient: Patient, asked: Session | None) -> list[Session]:
    """Return the latest sessions of a patient, and the one that the address names wherever it stands."""
    found = list(Session.objects.for_log(patient)[:MOST])
    if asked is None or asked.is_in_error or any(session.pk == asked.pk for session in found):
        return found
    return [*found, Session.objects.for_log(patient).get(pk=asked.pk)]


def no_session(request: Request, patient: Patient) -> HttpResponse:
    """Say that there is no session yet that a reaction could have followed, and what to do."""
    patient.location.keep_time()
    now = timezone.now()
    courses = [course for course in Course.objects.of_patient(patient).for_page() if course.is_running]
    return TemplateResponse(
        request,
        "treatments/side_effects/no_session.html",
        {
            "patient": patient,
            "course": courses[0] if courses else None,
            "banner": banner(patient, today=patient.location.today(now)),
        },
    )


def logged_message(logged: list[SideEffect], *, is_new: bool) -> str:
    """Return what was logged, and whether it goes to a clinician."""
    first, now = logged[0], timezone.now()
    if not is_new:
        return _("%(what)s was logged already. Nothing was added.") % {"what": first.title}
    what = ngettext("%(what)s is logged.", "%(kind)s is logged in %(count)s areas.", len(logged)) % {
        "what": first.title,
        "kind": first.kind.name,
        "count": len(logged),
    }
    if not first.review_reasons(now):
        return what
    return _("%(what)s It goes to %(name)s for review.") % {
        "what": what,
        "name": first.session.course.clinician.get_full_name(),
    }
