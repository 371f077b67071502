"""The history of a record in words, on a page of its own."""

from uuid import UUID

from django.db.models import Model
from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from clinic.access import may
from clinic.history import savings
from clinic.http import Request
from patients.banner import banner
from patients.models import Patient
from patients.views.patients import get_patient
from treatments.views.appointments import get_appointment
from treatments.views.courses import get_course
from treatments.views.sessions import get_session


def page(request: Request, record: Model, patient: Patient, name: str) -> HttpResponse:
    context = {
        "record": record,
        "name": name,
        "patient": patient,
        "banner": banner(patient, today=timezone.localdate()),
        "savings": savings(record),
    }
    return TemplateResponse(request, "treatments/history.html", context)


@require_safe
def patient_history(request: Request, public_id: UUID) -> HttpResponse:
    patient = get_patient(request, public_id)
    return page(request, patient, patient, patient.full_name)


@require_safe
def course_history(request: Request, public_id: UUID) -> HttpResponse:
    course = get_course(request.user, public_id)
    name = _("%(protocol)s, since %(day)s") % {
        "protocol": course.protocol,
        "day": date_format(course.started_on, "j F Y"),
    }
    return page(request, course, course.patient, name)


@require_safe
def session_history(request: Request, public_id: UUID) -> HttpResponse:
    session = get_session(request, public_id)
    name = _("Session of %(moment)s") % {"moment": date_format(timezone.localtime(session.performed_at), "j F Y, H:i")}
    return page(request, session, session.course.patient, name)


@require_safe
@may("treatments.book_appointment")
def appointment_history(request: Request, public_id: UUID) -> HttpResponse:
    appointment = get_appointment(request.user, public_id)
    starts_at = timezone.localtime(appointment.starts_at)
    name = _("Appointment on %(moment)s") % {"moment": date_format(starts_at, "j F Y, H:i")}
    return page(request, appointment, appointment.patient, name)
