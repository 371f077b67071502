"""A patient's allergies: those in force and those withdrawn."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.access import get_object_or_404, may
from clinic.http import Request
from clinic.models import VersionConflictError
from patients import actions
from patients.banner import banner
from patients.forms.allergies import AllergyForm, WithdrawForm
from patients.models import Allergy, Patient
from patients.views.patients import get_patient


def allergies(request: Request, public_id: UUID) -> HttpResponseBase:
    patient = get_patient(request, public_id)
    if request.method == "POST":
        return change(request, patient)
    return show(request, patient, AllergyForm(instance=Allergy(patient=patient)))


@may("patients.record_allergy")
def change(request: Request, patient: Patient) -> HttpResponse:
    """Add an allergy, or note that the patient was asked and knows of none."""
    if "none_known" in request.POST:
        return note_none_known(request, patient)
    form = AllergyForm(request.POST, instance=Allergy(patient=patient))
    if not form.is_valid():
        return show(request, patient, form)
    allergy = actions.record_allergy(patient, form.save(commit=False), today=timezone.localdate())
    messages.success(
        request,
        _("%(substance)s is in the record of %(name)s.") % {"substance": allergy.substance, "name": patient.full_name},
    )
    return redirect("patient-allergies", patient.public_id)


def note_none_known(request: Request, patient: Patient) -> HttpResponse:
    try:
        actions.ask_none_known(patient, today=timezone.localdate())
    except ValidationError as error:
        messages.error(request, error.messages[0])
    else:
        messages.success(request, _("Noted: %(name)s knows of no allergy.") % {"name": patient.full_name})
    return redirect("patient-allergies", patient.public_id)


def show(request: Request, patient: Patient, form: AllergyForm) -> HttpResponse:
    context = {
        "patient": patient,
        "banner": banner(patient, today=timezone.localdate()),
        "allergies": patient.allergies.for_page(),
        "form": form,
        "may_record": request.user.has_perm("patients.record_allergy"),
    }
    return TemplateResponse(request, "patients/allergies.html", context)


@may("patients.record_allergy")
def withdraw(request: Request, public_id: UUID) -> HttpResponse:
    """Take an allergy out of force, with the reason; what is withdrawn already stays as it is."""
    allergy = get_object_or_404(
        Allergy.objects.visible_to(request.user).select_related("patient"), public_id=public_id
    )
    if not allergy.is_in_force:
        messages.info(request, _("%(substance)s is withdrawn already.") % {"substance": allergy.substance})
        return redirect("patient-allergies", allergy.patient.public_id)
    form = WithdrawForm(request.POST or None, instance=allergy)
    if request.POST and form.is_valid() and save_withdrawal(request, form):
        messages.success(
            request, _("%(substance)s is out of force. It stays in the record.") % {"substance": allergy.substance}
        )
        return redirect("patient-allergies", allergy.patient.public_id)
    head = banner(allergy.patient, today=timezone.localdate())
    return TemplateResponse(
        request, "patients/allergy_withdraw.html", {"form": form, "allergy": allergy, "banner": head}
    )


def save_withdrawal(request: Request, form: WithdrawForm) -> bool:
    """Save, or show the version that somebody else saved meanwhile."""
    data = form.cleaned_data
    try:
        form.instance.withdraw(
            data["status"],
            reason=data["status_reason"],
            by=request.user,
            now=timezone.now(),
            version=data["version"],
        )
    except VersionConflictError:
        form.refuse(Allergy.objects.get(pk=form.instance.pk))
        return False
    return True
