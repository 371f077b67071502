"""The list of patients."""

from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from clinic.http import Request
from clinic.paging import page
from clinic.search_words import filter_of, searched
from patients.models import Patient
from treatments.filters.patients import PatientFilter
from treatments.patient_rows import patient_rows


@searched("location", "course", "standing", "sort")
def patient_list(request: Request) -> HttpResponse:
    patients = Patient.objects.visible_to(request.user).select_related("location")
    chosen = PatientFilter(filter_of(request), queryset=patients, user=request.user)
    shown = page(request, chosen.qs, *chosen.order)
    context = {
        "filter": chosen,
        "page": shown,
        "rows": patient_rows(shown.rows, timezone.localdate()),
        "today": timezone.localdate(),
    }
    return TemplateResponse(request, "treatments/patients/list.html", context)
