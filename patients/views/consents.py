"""A patient's consents: how they stand, signing one, reading one, taking it back, and its paper."""

from datetime import datetime
from typing import cast
from uuid import UUID

from dateutil.relativedelta import relativedelta
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.access import get_object_or_404, may
from clinic.forms import save_once
from clinic.http import Request
from clinic.models import VersionConflictError
from patients import actions
from patients.banner import banner
from patients.consents import consent_states, form_to_sign
from patients.forms.consents import SignForm, WithdrawForm
from patients.models import Consent, ConsentForm, Patient
from patients.papers import consent_paper
from patients.signature import signature_svg
from patients.views.patients import get_patient


def consents(request: Request, public_id: UUID) -> HttpResponse:
    patient = get_patient(request, public_id)
    now = timezone.now()
    states = consent_states(patient, now)
    deciding = {state.consent.pk for state in states if state.consent}
    signed = Consent.objects.of_patient(patient).exclude(pk__in=deciding).for_list()
    return TemplateResponse(
        request,
        "patients/consents/list.html",
        {
            "patient": patient,
            "banner": banner(patient, today=patient.location.today(now)),
            "states": states,
            "earlier": signed,
        },
    )


@may("patients.record_consent")
def new(request: Request, public_id: UUID) -> HttpResponse:
    """Show the text of a purpose, and take the signature under it."""
    patient = get_patient(request, public_id)
    if patient.refusal_to_treat and request.method == "GET":
        messages.warning(request, patient.refusal_to_treat)
        return redirect("patient-consents", patient.public_id)
    now = timezone.now()
    purpose = chosen_purpose(request)
    text = form_to_sign(ConsentForm.objects.in_use(now).filter(purpose=purpose), patient.language)
    if text is None:
        messages.warning(request, _("No text is published for this purpose. An admin writes it."))
        return redirect("patient-consents", patient.public_id)
    form = SignForm(request.POST if request.method == "POST" else None, patient=patient, text=text)
    if request.method == "POST":
        if made := form.made_before():
            return redirect("patient-consents", made.patient.public_id)
        if form.is_valid() and (signed := sign(request, form, now)):
            messages.success(request, thanks(signed))
            return redirect("patient-consents", patient.public_id)
    context = {
        "form": form,
        "text": text,
        "patient": patient,
        "banner": banner(patient, today=patient.location.today(now)),
    }
    return TemplateResponse(request, "patients/consents/new.html", context)


def chosen_purpose(request: Request) -> ConsentForm.Purpose:
    """Return the purpose that the address names, treatment when it names none, or 404."""
    try:
        return ConsentForm.Purpose(request.GET.get("purpose") or ConsentForm.Purpose.TREATMENT)
    except ValueError as error:
        raise Http404 from error


def sign(request: Request, form: SignForm, now: datetime) -> Consent | None:
    """Save the consent once, or say in the form what stands against it."""
    consent, months = form.instance, form.text.valid_months
    consent.signed_at, consent.recorded_by = now, request.user
    if months is not None:
        consent.expires_on = consent.patient.location.today(now) + relativedelta(months=months)
    try:
        return cast(Consent, save_once(form, lambda: actions.write_for(consent.patient, form.save)))
    except ValidationError as error:
        form.add_error(None, error)
        return None


def thanks(consent: Consent) -> str:
    return _("“%(title)s” is signed by %(name)s.") % {"title": consent.form.title, "name": consent.signer_name}


def get_consent(request: Request, public_id: UUID) -> Consent:
    """Return the consent, or 404; times are those of the patient's place."""
    found = get_object_or_404(Consent.objects.visible_to(request.user).for_page(), public_id=public_id)
    found.patient.location.keep_time()
    return found


def consent(request: Request, public_id: UUID) -> HttpResponseBase:
    found = get_consent(request, public_id)
    if request.method == "POST":
        return withdraw(request, found)
    return show(request, found, WithdrawForm(instance=found))


@may("patients.record_consent")
def withdraw(request: Request, consent: Consent) -> HttpResponse:
    """Take a consent back, with the reason; one that was taken back already stays as it is."""
    form = WithdrawForm(request.POST, instance=consent)
    if consent.withdrawn_at is None and form.is_valid() and (withdrawn := take_back(request, form)):
        messages.success(request, farewell(withdrawn))
        return redirect(consent)
    if Consent.objects.get(pk=consent.pk).withdrawn_at is None:
        return show(request, consent, form)
    messages.info(request, _("This consent is withdrawn already."))
    return redirect(consent)


def take_back(request: Request, form: WithdrawForm) -> list[Consent]:
    """Return the consents that are withdrawn now; none when somebody else did it in the same moment."""
    try:
        return actions.withdraw_consent(
            form.instance,
            reason=form.cleaned_data["withdrawal_reason"],
            by=request.user,
            now=timezone.now(),
            version=form.cleaned_data["version"],
        )
    except VersionConflictError:
        return []


def farewell(withdrawn: list[Consent]) -> str:
    return ngettext(
        "The consent is withdrawn. It stays in the record.",
        "The consent is withdrawn, and with it every earlier one for the same purpose. They stay in the record.",
        len(withdrawn),
    )


def show(request: Request, consent: Consent, form: WithdrawForm) -> HttpResponse:
    now = timezone.now()
    patient: Patient = consent.patient
    return TemplateResponse(
        request,
        "patients/consents/consent.html",
        {
            "consent": consent,
            "patient": patient,
            "banner": banner(patient, today=patient.location.today(now)),
            "is_in_force": consent.is_in_force(now),
            "is_expired": consent.is_expired(now),
            "signature": signature_svg(consent.strokes, _("Signature of %(name)s") % {"name": consent.signer_name}),
            "form": form,
        },
    )


def consent_pdf(request: Request, public_id: UUID) -> HttpResponse:
    found = get_consent(request, public_id)
    response = HttpResponse(consent_paper(found, timezone.now()), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="consent-{found.patient.record_number}.pdf"'
    response["Cache-Control"] = "private, no-store"
    return response
