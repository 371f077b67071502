"""A reaction is logged with four taps from each of its doors, at a tablet and at a phone."""

from datetime import timedelta

import pytest
from django.utils import timezone

from clinic.roles import Role
from tests.browser.daytime import zone_at_noon
from tests.browser.test_main_job import Taps
from tests.factories import (
    AppointmentFactory,
    CourseFactory,
    FollowUpFactory,
    InjectionFactory,
    LocationFactory,
    LotFactory,
    SessionFactory,
    TreatmentAreaFactory,
    UserFactory,
)
from treatments.models import ClearedLot, SideEffect
from treatments.suspects import suspects_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

TABLET, PHONE = {"width": 820, "height": 1180}, {"width": 390, "height": 844}


@pytest.fixture
def here():
    return LocationFactory(name="Harbour Street", time_zone=zone_at_noon())


@pytest.fixture
def nurse(here):
    return UserFactory(first_name="Sam", last_name="Adeyemi", locations=[here])


@pytest.fixture
def session(here):
    """Two areas were treated with two lots, an hour ago."""
    areas = [TreatmentAreaFactory(), TreatmentAreaFactory(code="thigh-back-right")]
    doctor = UserFactory(role=Role.CLINICIAN, locations=[here])
    at = timezone.now() - timedelta(hours=1)
    course = CourseFactory(patient__location=here, clinician=doctor, areas=areas, started_on=here.today(at))
    appointment = AppointmentFactory(course=course, status="done", starts_at=at, practitioner=doctor)
    session = SessionFactory(
        course=course, performed_at=at, signed_at=at, signed_by=doctor, appointment=appointment, areas=areas
    )
    for lot in LotFactory.create_batch(2, location=here):
        for area in areas:
            InjectionFactory(session=session, area=area, lot=lot)
    return session


def door_of(name, session):
    patient = session.course.patient
    if name == "call list":
        today = session.course.location.today(timezone.now())
        FollowUpFactory(course=session.course, opens_on=today, closes_on=today + timedelta(days=60))
    return {
        "today": "/",
        "session": session.get_absolute_url(),
        "record": patient.get_absolute_url(),
        "call list": "/follow-ups/",
    }[name]


def key(page, group, text):
    return page.locator(f"label:has(input[name='{group}'])", has_text=text).first


@pytest.mark.parametrize("view", [TABLET, PHONE], ids=["tablet", "phone"])
@pytest.mark.parametrize("door", ["today", "session", "record", "call list"])
def test_ordinary_reaction_takes_at_most_four_taps(visit, nurse, session, door, view):
    desk = visit(nurse, has_touch=True, is_mobile=True, viewport=view)
    desk.go(door_of(door, session))
    finger = Taps(desk.page)

    finger.tap(desk.page.get_by_role("link", name="ide effect").and_(desk.page.locator("main a")).first)
    finger.tap(key(desk.page, "kind", "Swelling"))
    desk.page.get_by_text("Swelling is usually gone within 5 days.").first.wait_for()
    finger.tap(key(desk.page, "severity", "Mild"))
    finger.tap(desk.page.get_by_role("button", name="Log side effect"))
    desk.page.get_by_text("Swelling is logged.").wait_for()

    assert finger.count <= 4
    effect = SideEffect.objects.get()
    assert (effect.session, effect.area, effect.severity, effect.resolved_at) == (session, None, "mild", None)
    assert effect.onset_at == session.performed_at
    assert len(suspects_of(effect).suspected) == 2
    assert not ClearedLot.objects.exists()
    assert desk.complaints == []


def test_another_session_brings_its_own_areas_and_lots(visit, nurse, session):
    abdomen = TreatmentAreaFactory(code="abdomen")
    before = SessionFactory(
        course=session.course, signed=True, performed_at=session.performed_at - timedelta(days=7), areas=[abdomen]
    )
    lot = LotFactory(location=session.course.location)
    InjectionFactory(session=before, area=abdomen, lot=lot)
    desk = visit(nurse, has_touch=True, is_mobile=True, viewport=TABLET)
    desk.go(f"{session.course.patient.get_absolute_url()}side-effects/new/")

    key(desk.page, "kind", "Swelling").click()
    key(desk.page, "severity", "Mild").click()
    desk.page.locator("#id_note").fill("Since the weekend")
    desk.page.locator(f"label:has(input[value='{before.public_id}'])").click()
    key(desk.page, "areas", "Abdomen").wait_for()
    assert key(desk.page, "lots", lot.number).locator("input").is_checked()
    key(desk.page, "lots", lot.number).click()
    assert desk.page.locator("#id_note").input_value() == "Since the weekend"
    desk.page.get_by_role("button", name="Log side effect").click()
    desk.page.wait_for_url("**/side-effects/*/")

    effect = SideEffect.objects.get()
    assert (effect.session, effect.area, effect.kind.code) == (before, abdomen, "swelling")
    assert [row.lot for row in suspects_of(effect).cleared] == [lot]
    assert desk.complaints == []
