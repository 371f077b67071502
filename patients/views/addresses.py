"""What is known of a patient's addresses."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clinic.access import get_object_or_404, may
from clinic.http import Request, way_back
from patients.actions import confirm_address
from patients.models import Patient


@may("patients.edit_patient")
@require_POST
def confirm(request: Request, public_id: UUID) -> HttpResponse:
    """Note that an address from which messages came back is right after all: the patient was asked."""
    patient = get_object_or_404(Patient.objects.visible_to(request.user), public_id=public_id)
    channel, address = request.POST.get("channel", ""), request.POST.get("address", "")
    try:
        confirm_address(patient, channel=channel, address=address, by=request.user, now=timezone.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("Messages go to %(address)s again.") % {"address": address})
    return redirect(way_back(request, patient.get_absolute_url()))
