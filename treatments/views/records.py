"""The patient's record: who, which course, what is open, what happened."""

from datetime import datetime
from uuid import UUID

from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from clinic.http import Request
from patients.banner import banner
from patients.consents import consent_states
from patients.models import MergeOfRecords
from patients.screening import standing
from patients.views.patients import get_patient
from treatments.models import Appointment, Course, FollowUp, SideEffect, Waiting
from treatments.record import course_cards
from treatments.returned import returned
from treatments.timeline import LABELS, Kind, timeline
from treatments.waiting_rows import WaitingRow


def patient_record(request: Request, public_id: UUID) -> HttpResponse:
    """Show the record; `kind` and `before` choose the part of its timeline, which htmx fetches alone."""
    patient = get_patient(request, public_id)
    now = timezone.now()
    today = patient.location.today(now)
    kind = Kind(request.GET["kind"]) if request.GET.get("kind") in list(Kind) else None
    history = {
        "patient": patient,
        "is_lent": patient.is_lent_to(request.user),
        "timeline": timeline(patient, now, kind=kind, before=moment(request.GET.get("before"))),
        "kind": kind,
        "kinds": LABELS,
        "today": today,
    }
    if request.htmx:
        return TemplateResponse(request, "treatments/records/_timeline.html", history)
    waitings = Waiting.objects.of_patient(patient).with_facts().waiting(now, today).for_list().by_turn()
    running, ended = course_cards(Course.objects.of_patient(patient).for_page(), today)
    return TemplateResponse(
        request,
        "treatments/records/record.html",
        history
        | {
            "banner": banner(patient, today=today),
            "running": running,
            "ended": ended,
            "reactions": list(SideEffect.objects.of_patient(patient).standing().open().for_list().with_photos()),
            "next_appointment": Appointment.objects.of_patient(patient).ahead(now).for_board().first(),
            "waiting": [WaitingRow(each, now) for each in waitings],
            "follow_up": FollowUp.objects.of_patient(patient).with_facts(now).most_pressing(today),
            "consents": consent_states(patient, now),
            "standing": standing(patient),
            "returned": returned(patient),
            "merges": list(MergeOfRecords.objects.into(patient)),
            "now": now,
        },
    )


def moment(text: str | None) -> datetime | None:
    """Return the moment an address names, None for none and for anything else."""
    try:
        value = parse_datetime((text or "").replace(" ", "+"))
    except ValueError:
        return None
    return value if value and timezone.is_aware(value) else None
