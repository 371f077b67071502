"""Asking the questions before a treatment, and reading what was answered."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.access import get_object_or_404, may
from clinic.forms import save_once
from clinic.http import Request
from clinic.models import VersionConflictError
from patients import actions
from patients.banner import banner
from patients.consents import consent_state
from patients.forms.screenings import ErrorForm, ScreeningForm
from patients.models import Patient, Screening, ScreeningAnswer
from patients.screening import absolute, relative
from patients.views.patients import get_patient


@may("patients.record_screening")
def new(request: Request, public_id: UUID) -> HttpResponse:
    """Ask the full screening. “No to all the rest” answers on the page and saves nothing."""
    patient = get_patient(request, public_id)
    if patient.refusal_to_treat and request.method == "GET":
        messages.warning(request, patient.refusal_to_treat)
        return redirect(patient)
    if "rest" in request.POST:
        return show_questions(request, patient, ScreeningForm.with_no_to_the_rest(request.POST, patient=patient))
    form = ScreeningForm(request.POST if request.method == "POST" else None, patient=patient)
    if request.method == "POST" and (made := form.made_before()):
        return redirect(made)
    if request.method == "POST" and form.is_valid() and (screening := save(request, form)):
        messages.success(request, _("The screening of %(name)s is recorded.") % {"name": patient.full_name})
        return redirect(screening)
    return show_questions(request, patient, form)


def save(request: Request, form: ScreeningForm) -> Screening | None:
    """Save the screening and its answers once, or say in the form what stands against them."""

    def record() -> Screening:
        screening: Screening = form.save(commit=False)
        return actions.record_screening(screening, answers=form.answers())

    form.instance.answered_at, form.instance.recorded_by = timezone.now(), request.user
    try:
        return save_once(form, record)
    except ValidationError as error:
        form.add_error(None, error)
        return None


def show_questions(request: Request, patient: Patient, form: ScreeningForm) -> HttpResponse:
    today = patient.location.today(timezone.now())
    return TemplateResponse(
        request,
        "patients/screenings/new.html",
        {
            "form": form,
            "patient": patient,
            "banner": banner(patient, today=today),
            "today": today,
            "groups": form.asked(),
        },
    )


def get_screening(request: Request, public_id: UUID) -> Screening:
    """Return the screening, or 404; times are those of the patient's place."""
    visible = Screening.objects.visible_to(request.user).for_page()
    screening = get_object_or_404(visible, public_id=public_id)
    screening.patient.location.keep_time()
    return screening


def screening(request: Request, public_id: UUID) -> HttpResponseBase:
    found = get_screening(request, public_id)
    if request.method == "POST":
        return mark_entered_in_error(request, found)
    return show(request, found, ErrorForm(instance=found))


@may("patients.record_screening")
def mark_entered_in_error(request: Request, screening: Screening) -> HttpResponse:
    """Take a screening out of force, with the reason; one that is out of force already stays as it is."""
    form = ErrorForm(request.POST, instance=screening)
    if screening.is_in_force and form.is_valid() and take_out_of_force(request, form):
        messages.success(request, _("The screening is out of force. It stays in the record."))
        return redirect(screening)
    if Screening.objects.get(pk=screening.pk).is_in_force:
        return show(request, screening, form)
    messages.info(request, _("The screening is marked as entered in error already."))
    return redirect(screening)


def take_out_of_force(request: Request, form: ErrorForm) -> bool:
    """Mark the screening, and say whether it was not somebody else who did so in the same moment."""
    try:
        form.instance.mark_entered_in_error(
            reason=form.cleaned_data["entered_in_error_reason"],
            by=request.user,
            now=timezone.now(),
            version=form.cleaned_data["version"],
        )
    except VersionConflictError:
        return False
    return True


def show(request: Request, screening: Screening, form: ErrorForm) -> HttpResponse:
    now = timezone.now()
    answers = list(ScreeningAnswer.objects.filter(screening=screening).for_page())
    return TemplateResponse(
        request,
        "patients/screenings/screening.html",
        {
            "screening": screening,
            "patient": screening.patient,
            "banner": banner(screening.patient, today=screening.patient.location.today(now)),
            "answers": answers,
            "absolute": absolute(answers),
            "relative": relative(answers),
            "consent": consent_state(screening.patient, now),
            "form": form,
        },
    )
