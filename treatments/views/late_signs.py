"""Where a "yes" to the question about a late infection leads."""

from datetime import datetime

from django.contrib import messages
from django.urls import reverse
from django.utils.translation import gettext as _

from clinic.http import Request
from patients.models import Patient
from treatments.models import Session


def sign_to_log(request: Request, patient: Patient, now: datetime) -> str | None:
    """Return the page that logs it, at the patient's last session; None for somebody who may not log, who is told."""
    session = Session.objects.standing().of_patient(patient).before(now).first()
    if session is None:
        return None
    if not request.user.has_perm("treatments.log_side_effect"):
        messages.warning(
            request,
            _("%(name)s may have a late infection. Tell a nurse or a clinician now: it is to be logged and reviewed.")
            % {"name": patient.full_name},
        )
        return None
    messages.warning(request, _("Log what %(name)s tells: a clinician reviews it.") % {"name": patient.full_name})
    return reverse("side-effect-new", args=[session.public_id])
