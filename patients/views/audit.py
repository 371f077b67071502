"""Who saw and changed what: for the admin all of it, and for one patient a report to hand out."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import tzinfo
from itertools import islice
from uuid import UUID

from django.http import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from clinic.access import may
from clinic.http import Request
from clinic.models import AuditCheck, AuditEvent, User
from clinic.paging import page
from clinic.spreadsheets import csv_file
from patients.banner import banner
from patients.forms.audit import AuditFilter
from patients.models import Patient
from patients.views.patients import get_patient

NEWEST = ("-happened_at", "-pk")
ON_PAPER = 200  # events on one page of a patient's report
READ = 500  # rows of a file at once


@require_safe
@may("clinic.see_audit")
def audit_list(request: Request) -> HttpResponseBase:
    """Show the trail, newest first, narrowed as the address says, and how it stood when it was last checked."""
    now = timezone.now()
    narrow = AuditFilter(request.GET)
    zone = timezone.get_current_timezone()
    events = narrow.narrow(AuditEvent.objects.for_list(), zone)
    if request.GET.get("format") == "csv" and narrow.is_valid():
        name = f"audit-{timezone.localdate(now)}.csv"
        return csv_file(
            [*HEAD, _("Patient"), _("Colleague")], rows(events.newest_first().iterator(chunk_size=READ), zone), name
        )
    shown = page(request, events, *NEWEST)
    numbers, people = patients_of(shown), colleagues_of(shown)
    for event in shown:
        event.patient = numbers.get(event.patient_public_id)
        event.colleague = people.get(event.record_key)
    return TemplateResponse(
        request,
        "patients/audit/list.html",
        {
            "filter": narrow,
            "is_narrowed": any(value for name, value in request.GET.items() if name in narrow.fields),
            "page": shown,
            "check": AuditCheck.objects.order_by("-checked_at").first(),
            "now": now,
        },
    )


@require_safe
@may("clinic.see_audit")
def patient_access(request: Request, public_id: UUID) -> HttpResponseBase:
    """Show who saw and changed the record of one patient, as it is handed to the patient who asks."""
    patient = get_patient(request, public_id)
    records = [patient, *patient.merged_records()]
    events = AuditEvent.objects.of_patient(*(each.public_id for each in records)).for_list()
    if request.GET.get("format") == "csv":
        zone = timezone.get_current_timezone()  # the file is sent when the request is over
        found = (line(event, zone) for event in events.newest_first().iterator(chunk_size=READ))
        return csv_file(HEAD, found, f"access-{patient.record_number}.csv")
    context = {
        "patient": patient,
        "banner": banner(patient, today=timezone.localdate()),
        "page": page(request, events, *NEWEST, size=ON_PAPER),
        "now": timezone.now(),
    }
    return TemplateResponse(request, "patients/audit/access.html", context)


HEAD = [_("When"), _("Who"), _("Role"), _("What"), _("Detail"), _("Location"), _("Network address"), _("Page")]


def line(event: AuditEvent, zone: tzinfo) -> list[object]:
    when = timezone.localtime(event.happened_at, zone).isoformat(sep=" ", timespec="seconds")
    facts = [event.sentence, event.said, event.location or "", event.address or "", event.view_name]
    return [when, event.who, event.role_name, *facts]


def rows(events: Iterable[AuditEvent], zone: tzinfo) -> Iterator[list[object]]:
    left = iter(events)
    while some := list(islice(left, READ)):
        numbers, people = patients_of(some), colleagues_of(some)
        for event in some:
            patient, colleague = numbers.get(event.patient_public_id), people.get(event.record_key)
            number = patient.record_number if patient else ""
            yield [*line(event, zone), number, colleague.get_full_name() if colleague else ""]


def patients_of(events: Iterable[AuditEvent]) -> dict[UUID | None, Patient]:
    """Return the patients of some events by their public ids; those who were erased are none."""
    wanted = {event.patient_public_id for event in events if event.patient_public_id}
    return {patient.public_id: patient for patient in Patient.objects.filter(public_id__in=wanted)} if wanted else {}


def colleagues_of(events: Iterable[AuditEvent]) -> dict[str, User]:
    """Return whose accounts some events are about, by the key that the events name them with."""
    wanted = set()
    for event in events:
        if event.record_type == User._meta.label_lower:
            with suppress(ValueError):  # a kind that once had other keys
                wanted.add(UUID(event.record_key))
    return {str(user.public_id): user for user in User.objects.filter(public_id__in=wanted)} if wanted else {}
