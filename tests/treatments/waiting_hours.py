"""Who waits, the hour that somebody gives up, and asking and booking for it as a browser does."""

import uuid
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode

from django.urls import reverse

from tests.factories import AppointmentFactory, CourseFactory, PatientFactory, RoomFactory, WaitingFactory
from treatments.models import Appointment, Waiting
from treatments.openings import opening_of

NOW = datetime(2026, 3, 10, 18, 30, tzinfo=UTC)  # a Tuesday, 11:30 in Los Angeles
TODAY = date(2026, 3, 10)
SLOT = datetime(2026, 3, 16, 17, 0, tzinfo=UTC)  # Monday the 16th, 10:00 there
TEN = datetime(2026, 3, 23, 17, 0, tzinfo=UTC)  # Monday the 23rd
LATER = datetime(2026, 3, 30, 17, 0, tzinfo=UTC)


def given_up(here, doctor):
    """Return the appointment that somebody gives up, on Monday the 16th at ten."""
    course = CourseFactory(patient=PatientFactory(location=here, family_name="Leaving"), clinician=doctor)
    return AppointmentFactory(
        course=course, practitioner=doctor, starts_at=SLOT, minutes=40, room=RoomFactory(location=here)
    )


def let_wait(here, doctor, name, *, starts_at=LATER, **fields):
    """Let a person of a name wait, booked for the 30th unless told otherwise."""
    course = CourseFactory(
        patient=PatientFactory(location=here, given_name=name, family_name="Petrova"), clinician=doctor
    )
    appointment = None
    if starts_at:
        starts_at += timedelta(hours=Waiting.objects.count())
        appointment = AppointmentFactory(course=course, practitioner=doctor, starts_at=starts_at, minutes=40)
    return WaitingFactory(course=course, appointment=appointment, **fields)


def waits(here, now=NOW):
    """Return who waits at this place."""
    return list(Waiting.objects.at(here).with_facts().waiting(now, here.today(now)))


def hour(leaving, **changes):
    """Return how an address asks for the hour that this appointment leaves."""
    return opening_of(leaving).asked | changes


def open_hour(client, leaving, **changes):
    return client.get(f"{reverse('waiting-slot')}?{urlencode(hour(leaving, **changes))}")


def names(response):
    return [each.waiting.patient.given_name for each, _row in response.context["candidates"]]


def take(client, waiting, leaving, **changes):
    form = hour(leaving) | {"form_token": str(uuid.uuid4())}
    if waiting.appointment:
        form["version"] = waiting.appointment.version
    return client.post(reverse("waiting-take", args=[waiting.public_id]), form | changes)


def offer(client, waiting, leaving, outcome, **changes):
    form = hour(leaving) | {"form_token": str(uuid.uuid4()), "outcome": outcome}
    return client.post(reverse("waiting-offer", args=[waiting.public_id]), form | changes)


def fell(appointment):
    """Let an appointment have been cancelled, without anybody being told."""
    Appointment.objects.filter(pk=appointment.pk).update(status="cancelled", status_reason="Ill.")
    return appointment


def refused(client, response, words):
    """The page to which the answer leads says why."""
    page = client.get(response.url).content.decode()
    assert words in page
