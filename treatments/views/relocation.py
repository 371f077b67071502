"""Moving a patient to another place of the clinic."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.access import may
from clinic.http import Request
from clinic.models import VersionConflictError
from patients.banner import banner
from patients.models import Patient
from patients.views.patients import get_own_patient
from treatments.actions.relocation import relocate
from treatments.forms.relocation import RelocationForm
from treatments.models import Appointment


@may("patients.edit_patient")
def location(request: Request, public_id: UUID) -> HttpResponse:
    """Say what goes along, and ask where to."""
    patient = get_own_patient(request, public_id)
    now = timezone.now()
    context = {
        "patient": patient,
        "place": patient.location,
        "banner": banner(patient, today=timezone.localdate()),
        "bookings": Appointment.objects.of_patient(patient).booked_ahead(now).for_board(),
    }
    form = RelocationForm(request.POST or None, instance=patient, user=request.user)
    if form.is_bound and form.is_valid():
        place = form.cleaned_data["location"]
        try:
            relocate(patient, place, now=now, version=form.cleaned_data["version"])
        except VersionConflictError:
            form.refuse(Patient.objects.get(pk=patient.pk))
        else:
            words = _("%(name)s is treated at %(place)s now.")
            messages.success(request, words % {"name": patient.full_name, "place": place.name})
            return redirect(patient)
    return TemplateResponse(request, "treatments/patients/location.html", context | {"form": form})
