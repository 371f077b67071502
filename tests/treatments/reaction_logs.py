"""Logging a reaction of a patient or after a session, as the desk does."""

import uuid
from datetime import UTC, datetime, timedelta

from django.urls import reverse

from tests.factories import InjectionFactory, SideEffectKindFactory
from treatments.forms.quick_log import SideEffectLogForm

PERFORMED = datetime(2026, 3, 2, 15, 0, 42, tzinfo=UTC)  # 07:00:42 in Los Angeles
NOW = datetime(2026, 3, 10, 18, 30, tzinfo=UTC)
DAY = timedelta(days=1)


def for_patient(patient):
    return reverse("patient-side-effect-new", args=[patient.public_id])


def after(session):
    return reverse("side-effect-new", args=[session.public_id])


def a_log(**changes):
    data = {
        "form_token": str(uuid.uuid4()),
        "kind": SideEffectKindFactory().pk,
        "severity": "mild",
        "began": "at-session",
        "state": "still-there",
        "reported_by": "patient",
    }
    return data | changes


def lots_of(session, *lots, area=None):
    """Inject of each lot a little into an area of the session, or into each of them."""
    for lot in lots:
        for place in [area] if area else session.areas.all():
            InjectionFactory(session=session, area=place, lot=lot)
    return list(lots)


def form_of(response):
    assert response.status_code == 200, response
    form = response.context["form"]
    assert isinstance(form, SideEffectLogForm)
    return form
