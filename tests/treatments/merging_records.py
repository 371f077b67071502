"""Two records of one person, and merging them as a browser does."""

import uuid
from datetime import UTC, date, datetime, timedelta

from django.urls import reverse

from patients.models import MergeOfRecords, MessageChoice, Patient
from tests.factories import (
    AftercareLinkFactory,
    AllergyFactory,
    AppointmentFactory,
    AssessmentFactory,
    ConsentFactory,
    CourseFactory,
    FollowUpFactory,
    PatientFactory,
    PhotoFactory,
    ReminderFactory,
    SessionFactory,
    SideEffectFactory,
)
from treatments.merging import Pair
from treatments.models import Course

NOW = datetime(2026, 3, 10, 18, 30, tzinfo=UTC)


def one_record(here):
    """Return a record of Ida, at this place."""
    return PatientFactory(
        given_name="Ida",
        family_name="Twofold",
        birth_date=date(1990, 5, 4),
        phone="+14155550177",
        location=here,
    )


def other_record(here):
    """Return another record of her, with another last name and an address."""
    return PatientFactory(
        given_name="Ida",
        family_name="Twofold-Sample",
        birth_date=date(1990, 5, 4),
        phone="+14155550177",
        email="ida@patient.example",
        location=here,
    )


def merge_url(patient, other=None):
    url = reverse("patient-merge", args=[patient.public_id])
    return f"{url}?with={other.public_id}" if other else url


def form_of(patient, other, **changes):
    """Return the form as the preview offers it now, with the proposals taken."""
    pair = Pair(Patient.objects.get(pk=patient.pk), Patient.objects.get(pk=other.pk))
    return {
        "with": str(other.public_id),
        "mark": pair.mark,
        "form_token": str(uuid.uuid4()),
        "reason": "Asked at the desk.",
        **{value.name: value.proposed for value in pair.differing},
        **changes,
    }


def merge(client, patient, other, **changes):
    response = client.post(merge_url(patient), form_of(patient, other, **changes))
    assert response.status_code == 302, response.context["form"].errors
    return MergeOfRecords.objects.latest("pk")


def full(patient):
    """Give a patient one of everything."""
    course = CourseFactory(patient=patient)
    session = SessionFactory(course=course, signed=True, given=True)
    follow_up = FollowUpFactory(course=course)
    return {
        "course": course,
        "session": session,
        "screening": session.screening,
        "effect": SideEffectFactory(session=session),
        "photo": PhotoFactory(course=course, session=session),
        "assessment": AssessmentFactory(course=course),
        "follow_up": follow_up,
        "appointment": AppointmentFactory(course=course),
        "consent": ConsentFactory(patient=patient),
        "allergy": AllergyFactory(patient=patient),
        "reminder": ReminderFactory(follow_up=follow_up, patient=patient),
        "choice": MessageChoice.objects.create(patient=patient, wants_messages=True, made_at=NOW),
        "link": AftercareLinkFactory(session=session),
    }


def owner(row):
    """Return whose a row is now: by its own patient, else by its course or its session."""
    row = type(row).objects.get(pk=row.pk)
    if isinstance(getattr(row, "patient", None), Patient):
        return row.patient
    return owner(getattr(row, "course", None) or row.session)


def undo_form(client, made, **changes):
    page = client.get(made.get_absolute_url())
    return {"reason": "Two people after all.", "mark": page.context["undoing"].mark, **changes}


def undo(client, made, **changes):
    response = client.post(made.get_absolute_url(), undo_form(client, made, **changes))
    assert response.status_code == 302, response.context["form"].errors
    made.refresh_from_db()
    return made


def filled(patient, number):
    """Give a patient one more of what there may be many of."""
    course = CourseFactory(patient=patient, status=Course.Status.COMPLETED)
    SessionFactory(course=course, signed=True, given=True)
    follow_up = FollowUpFactory(course=course)
    AppointmentFactory(course=course, patient=patient, starts_at=NOW + timedelta(days=number))
    ConsentFactory(patient=patient)
    AllergyFactory(patient=patient)
    ReminderFactory(follow_up=follow_up, patient=patient)
    MessageChoice.objects.create(patient=patient, wants_messages=True, made_at=NOW)
