"""Registering a patient, keeping the record's first page right, archiving and restoring."""

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, QueryDict
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
from patients.forms.allergies import AllergyFormSet, AllergyRows
from patients.forms.patients import EditForm, RegisterForm
from patients.models import Patient


@may("patients.register_patient")
def register(request: Request) -> HttpResponse:
    if "add_allergy" in request.POST:
        return show_registration(request, *forms_as_typed(request))
    form = RegisterForm(request.POST or None, user=request.user, location=request.location)
    rows = allergy_rows(request.POST if may_name_allergies(request) and request.POST else None)
    form.allergy_rows = rows if rows.is_bound else None
    if request.POST and (made := form.made_before()):
        return redirect(made)
    if request.POST and all_valid(form, rows):
        if not form.awaits_confirmation:
            return registered(request, save_once(form, lambda: save_registration(form, rows)))
        if made := form.made_before():  # who may be the same is who another tap of this moment made
            return redirect(made)
    return show_registration(request, form, rows)


def registered(request: Request, patient: Patient) -> HttpResponse:
    said = {"name": patient.full_name, "number": patient.record_number}
    messages.success(request, _("%(name)s is registered as %(number)s.") % said)
    return redirect(patient)


def allergy_rows(data: QueryDict | None, **kwargs: Any) -> AllergyRows:
    return cast(AllergyRows, AllergyFormSet(data, prefix="allergies", **kwargs))


def may_name_allergies(request: Request) -> bool:
    return request.user.has_perm("patients.record_allergy")


def all_valid(form: RegisterForm, rows: AllergyRows) -> bool:
    form_is_valid = form.is_valid()
    if rows.is_bound and rows.is_valid():
        form.check_allergies(len(rows.named()))
    return form_is_valid and not form.errors and (not rows.is_bound or rows.is_valid())


def save_registration(form: RegisterForm, rows: AllergyRows) -> Patient:
    allergies = rows.named() if rows.is_bound else []
    was_asked = rows.is_bound and (allergies or form.cleaned_data["allergies_asked"])
    patient = form.save(commit=False)
    asked_on = patient.location.today(timezone.now()) if was_asked else None
    return actions.register(patient, allergies=allergies, asked_on=asked_on)


def forms_as_typed(request: Request) -> tuple[RegisterForm, AllergyRows]:
    """Return the forms as they were sent, unjudged, with one more row for an allergy: the button without a script."""
    typed = request.POST.dict()
    form = RegisterForm(initial=typed, user=request.user, location=request.location)
    sent = allergy_rows(request.POST)
    rows = [{name: row[name].value() for name in row.fields} for row in sent.forms]
    more = allergy_rows(None, initial=rows)
    more.extra = len(rows) + 1
    return form, more


def show_registration(request: Request, form: RegisterForm, rows: AllergyRows) -> HttpResponse:
    context = {"form": form, "rows": rows, "names_allergies": may_name_allergies(request)}
    return TemplateResponse(request, "patients/register.html", context)


def get_patient(request: Request, public_id: UUID) -> Patient:
    """Return the patient, or 404; a merged one leads on. Times are those of the patient's place."""
    visible = Patient.objects.visible_to(request.user).select_related("location")
    patient = get_object_or_404(visible, public_id=public_id).refuse_merged()
    patient.location.keep_time()
    return patient


def get_own_patient(request: Request, public_id: UUID) -> Patient:
    """Return the patient as `get_patient` does, for what decides about the record itself: where it is, whose, whether.

    Raises `PermissionDenied` for one seen in an emergency only, which is for an hour.
    """
    patient = get_patient(request, public_id)
    if patient.is_lent_to(request.user):
        raise PermissionDenied
    return patient


@may("patients.edit_patient")
def edit(request: Request, public_id: UUID) -> HttpResponse:
    patient = get_own_patient(request, public_id)
    if patient.is_erased:
        return stay_erased(request, patient)
    head = banner(patient, today=timezone.localdate())
    form = EditForm(request.POST or None, instance=patient, user=request.user, location=request.location)
    if request.POST and form.is_valid():
        try:
            form.save()
        except VersionConflictError:
            form.refuse(Patient.objects.get(pk=patient.pk))
        else:
            messages.success(request, _("The record of %(name)s is changed.") % {"name": patient.full_name})
            return redirect(patient)
    return TemplateResponse(request, "patients/edit.html", {"form": form, "patient": patient, "banner": head})


@may("patients.edit_patient")
def archive(request: Request, public_id: UUID) -> HttpResponse:
    """Ask, then archive; for an archived patient: ask, then restore. `to` says which was meant, so twice is once."""
    patient = get_own_patient(request, public_id)
    if patient.is_erased:
        return stay_erased(request, patient)
    if request.method != "POST":
        context: dict[str, Any] = {"patient": patient, "banner": banner(patient, today=timezone.localdate())}
        return TemplateResponse(request, "patients/archive.html", context)
    name = {"name": patient.full_name}
    if request.POST.get("to") == "archive":
        patient.archive(timezone.now())
        messages.success(request, _("%(name)s is archived. “Restore” on the record brings it back.") % name)
    else:
        patient.restore()
        messages.success(request, _("%(name)s is a patient again.") % name)
    return redirect(patient)


def stay_erased(request: Request, patient: Patient) -> HttpResponse:
    messages.warning(request, patient.refusal_to_treat)
    return redirect(patient)
