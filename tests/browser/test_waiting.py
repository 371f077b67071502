"""The waiting list in a browser, on a tablet: an hour is given up, offered, booked and taken back, by touch."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from clinic.roles import Role
from tests.browser.test_csp_and_axe import grave_faults
from tests.factories import (
    AppointmentFactory,
    CourseFactory,
    LocationFactory,
    PatientFactory,
    UserFactory,
    WaitingFactory,
)
from treatments.models import Appointment, WaitingOffer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

# The name stands for ears alone, and browsers part it from the word before in their own way.
BOOK, NO_ANSWER = re.compile("^Book ?, Ana Petrova$"), re.compile("^No answer ?, Ana Petrova$")
TABLET = {"viewport": {"width": 820, "height": 1180}, "has_touch": True}


@pytest.fixture
def here():
    return LocationFactory()


@pytest.fixture
def doctor(here):
    return UserFactory(title="Dr", role=Role.CLINICIAN, last_name="Moreau", locations=[here])


@pytest.fixture
def nurse(here):
    return UserFactory(title="Nurse", first_name="Sam", last_name="Adeyemi", locations=[here])


@pytest.fixture
def booked(here, doctor):
    """Return an appointment in four days and one in three weeks, of somebody who would come earlier."""
    day = here.today(timezone.now()) + timedelta(days=4)
    appointments = []
    for family, days in (("Leaving", 0), ("Petrova", 17)):
        course = CourseFactory(
            patient=PatientFactory(location=here, given_name="Ana", family_name=family), clinician=doctor
        )
        start = here.span(day + timedelta(days=days))[0] + timedelta(hours=10)
        appointments.append(AppointmentFactory(course=course, practitioner=doctor, starts_at=start, minutes=40))
    leaving, later = appointments
    WaitingFactory(course=later.course, appointment=later, from_on=day - timedelta(days=4), joined_at=timezone.now())
    return leaving, later


def starts_of(appointment):
    return Appointment.objects.get(pk=appointment.pk).starts_at


def test_hour_given_up_is_offered_booked_and_taken_back_with_four_taps(visit, nurse, booked):
    leaving, later = booked
    desk = visit(nurse, **TABLET)
    page, taps = desk.page, []

    def tap(role, name):
        page.get_by_role(role, name=name).first.tap()
        taps.append(name)

    desk.go(leaving.get_absolute_url())
    page.get_by_label("Reason").fill("Ill.")
    tap("button", "Cancel the appointment")
    page.get_by_text("1 person could come earlier.").wait_for()
    tap("link", "Offer the hour")
    page.get_by_role("button", name=BOOK).wait_for()
    assert grave_faults(page) == []
    tap("button", BOOK)
    page.get_by_role("button", name="Undo").wait_for()
    assert starts_of(later) == leaving.starts_at
    tap("button", "Undo")
    page.get_by_text("The appointment is as it was.").wait_for()

    assert starts_of(later) == later.starts_at
    assert len(taps) == 4
    assert desk.complaints == []


def test_list_and_its_forms_are_whole_without_a_script_and_on_a_phone(visit, nurse, booked):
    leaving, later = booked
    desk = visit(nurse, java_script_enabled=False, viewport={"width": 320, "height": 700})
    page = desk.page
    Appointment.objects.filter(pk=leaving.pk).update(status="cancelled", status_reason="Ill.")

    desk.go("/calendar/waiting/")
    page.get_by_role("link", name="Offer the hour").click()
    page.get_by_role("button", name=NO_ANSWER).click()
    page.get_by_role("button", name=BOOK).click()

    assert starts_of(later) == leaving.starts_at
    assert list(WaitingOffer.objects.values_list("outcome", flat=True)) == ["booked", "no-answer"]


@pytest.mark.parametrize("width", [320, 390, 820, 1440])
def test_pages_never_scroll_sideways_and_have_no_grave_fault(visit, nurse, booked, width):
    leaving, later = booked
    Appointment.objects.filter(pk=leaving.pk).update(status="cancelled", status_reason="Ill.")
    waiting = later.waitings.get()
    desk = visit(nurse, viewport={"width": width, "height": 900})
    faults = []
    for address in [
        "/calendar/waiting/",
        "/calendar/waiting/?tab=over",
        waiting.get_absolute_url(),
        f"/waiting/new/?patient={leaving.patient.public_id}",
    ]:
        desk.go(address)
        if desk.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            faults.append(address)
        faults += grave_faults(desk.page)

    assert faults == []
    assert desk.complaints == []
