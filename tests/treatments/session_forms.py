"""The forms of a session as a browser sends them, and what the pages answer."""

import uuid
from datetime import UTC, datetime

from django.urls import reverse

from patients.models import Screening, ScreeningQuestion
from tests.factories import LotFactory, UserFactory, make_ready
from treatments.models import Lot

FIRST = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)  # 07:00 in Los Angeles
NOW = datetime(2026, 3, 10, 18, 30, tzinfo=UTC)  # 11:30 there, eight days later


def signed_in(client, course, role):
    user = UserFactory(role=role, locations=[course.location])
    client.force_login(user)
    return user


def new_url(course):
    return reverse("session-new", args=[course.public_id])


def edit_url(session):
    return reverse("session-edit", args=[session.public_id])


def form_of(course, **changes):
    """Return a form with all that signing asks for, sent by the course's clinician; the patient may be treated."""
    if not course.patient.consents.filter(form__purpose="treatment").exists():
        make_ready(course)
    lot = Lot.objects.filter(location=course.location).first() or LotFactory(location=course.location)
    codes = ScreeningQuestion.objects.asked_in(Screening.Kind.SHORT).values_list("code", flat=True)
    return {
        "source-0": f"lot:{lot.public_id}",
        "drawn-0": "2.0",
        "asked_back": "none",
        **{f"screening-{code}": "no" for code in codes},
        "form_token": str(uuid.uuid4()),
        "performed_at": "2026-03-10T11:00",
        "performed_by": course.clinician.pk,
        "areas": [area.pk for area in course.areas.all()],
        "technique": "nappage",
        "weight_kg": "69.2",
        "pain": "3",
        "reactions": ["none"],
        "note": "",
        **changes,
    }


def errors(response):
    return {field: [spaced(text) for text in texts] for field, texts in response.context["form"].errors.items()}


def spaced(text):
    """Return words with a plain space where a figure and its unit stay on one line."""
    return text.replace("\N{NO-BREAK SPACE}", " ")


def told(response):
    return [str(message) for message in response.context["messages"]]
