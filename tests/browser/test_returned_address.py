"""An e-mail that came back, in a browser: seen on the call list and the record, and the address confirmed there."""

from datetime import timedelta

import pytest
from django.utils import timezone

from clinic.roles import Role
from patients.actions import note_returned
from tests.browser.test_csp_and_axe import grave_faults
from tests.factories import (
    CourseFactory,
    FollowUpFactory,
    LocationFactory,
    PatientFactory,
    ReminderFactory,
    UserFactory,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


@pytest.fixture
def here():
    return LocationFactory()


@pytest.fixture
def patient(here):
    facts = {"email": "ana.with.a.long.name.petrova@mailserver.example", "preferred_channel": "email"}
    patient = PatientFactory(location=here, family_name="Petrova", contact_permission=True, **facts)
    now = timezone.now()
    today = now.date()
    follow_up = FollowUpFactory(
        course=CourseFactory(patient=patient), opens_on=today - timedelta(3), closes_on=today + timedelta(60)
    )
    ReminderFactory(follow_up=follow_up, state="bounced", started_at=now - timedelta(hours=3))
    note_returned(patient, channel="email", address=patient.email, reason="5.1.1 no such user", now=now)
    return patient


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_address_that_bounces_is_called_about_and_confirmed(visit, here, patient, script):
    sam = UserFactory(role=Role.STAFF, locations=[here])
    desk = visit(sam, viewport={"width": 390, "height": 844}, java_script_enabled=script)
    desk.go("/follow-ups/")
    assert desk.shows("E-mail address bounces: call")
    desk.go(patient.get_absolute_url())
    assert desk.shows("E-mails come back.")
    assert desk.page.locator("body").bounding_box()["width"] <= 390
    if script:
        assert grave_faults(desk.page) == []

    desk.page.get_by_role("button", name="The address is right").click()

    assert desk.shows(f"Messages go to {patient.email} again.")
    assert not desk.page.get_by_text("E-mails come back.").count()
    assert desk.complaints == []
