"""The main job from end to end, as a nurse and a clinician do it: register, treat, sign, complete, and call back."""

from datetime import date, timedelta

import pytest
from dateutil.relativedelta import relativedelta
from django.utils import timezone

from clinic.roles import Role
from patients.models import Patient
from tests.factories import (
    CourseFactory,
    LocationFactory,
    LotFactory,
    SessionFactory,
    TreatmentAreaFactory,
    UserFactory,
    make_ready,
)
from treatments.gate import unanswered
from treatments.models import Course, Lot, Session, SideEffect

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


@pytest.fixture
def here():
    return LocationFactory(name="Harbour Street")


@pytest.fixture
def nurse(here):
    return UserFactory(first_name="Sam", last_name="Adeyemi", locations=[here])


@pytest.fixture
def doctor(here):
    return UserFactory(title="Dr", first_name="Ines", last_name="Moreau", role=Role.CLINICIAN, locations=[here])


def choose(page, group, text):
    """Tap a chip or key by its words, inside the field of this name."""
    page.locator(f"label:has(input[name='{group}'])", has_text=text).first.click()


def register(nurse):
    page = nurse.page
    nurse.go("/")
    page.get_by_role("link", name="Register").first.click()
    page.locator("#id_given_name").fill("Zoë")
    page.locator("#id_family_name").fill("Ōkonkwo-李")
    page.locator("#id_birth_date").fill("1988-02-02")
    choose(page, "sex", "Female")
    page.locator("#id_phone").fill("415 555 0182")
    page.get_by_role("button", name="Register").click()
    return Patient.objects.get()


def start_course(nurse, doctor, day):
    page = nurse.page
    page.get_by_role("link", name="Start a course").first.click()
    choose(page, "protocol", "Cellulite")
    page.locator("#id_areas").wait_for()
    choose(page, "areas", "Back thigh, left")
    choose(page, "areas", "Back thigh, right")
    page.locator("#id_clinician").select_option(label=str(doctor))
    page.locator("#id_started_on").fill(day.isoformat())
    page.get_by_role("button", name="Start the course").click()
    page.get_by_role("heading", name="Cellulite").wait_for()
    return Course.objects.get()


def log_session(nurse, number, day, weight, lot):
    """Log a session: the first with a lot and an area, the others with the same as the one before."""
    page = nurse.page
    page.get_by_role("link", name=f"Log session {number}").first.click()
    if number == 1:
        page.locator("#id_source-0").select_option(f"lot:{lot.public_id}")
        page.locator("#id_drawn-0").fill("4")
        page.locator("#id_area-thigh-back-left").check()
    else:
        page.get_by_role("button", name=f"Same as session {number - 1}").click()
        choose(page, "asked_back", "None")
    page.get_by_role("button", name="No to all").click()
    page.locator("#id_performed_at").fill(f"{day.isoformat()}T10:00")
    page.locator("#id_weight_kg").fill(weight)
    choose(page, "pain", "3")
    if number == 3:
        choose(page, "reactions", "Burning")
        page.locator("#id_lasted-burning").fill("18")
        choose(page, "reactions", "Swelling")
    else:
        choose(page, "reactions", "None")
    page.get_by_role("button", name="Save for signing").click()
    page.get_by_text("The session is saved as a draft.").wait_for()


def test_nurse_and_clinician_take_a_patient_from_the_desk_to_the_follow_up(visit, here, nurse, doctor):
    today = here.today(timezone.now())
    days = [today - timedelta(days=ago) for ago in (20, 13, 6)]
    desk = visit(nurse)

    patient = register(desk)
    assert desk.shows(f"Zoë Ōkonkwo-李 is registered as {patient.record_number}.")

    course = start_course(desk, doctor, days[0])
    assert [str(area) for area in course.areas.all()] == ["Back thigh, left", "Back thigh, right"]

    make_ready(course, by=timezone.now() - timedelta(days=20))
    lot = LotFactory(location=here, expires_on=today + timedelta(days=300))
    for number, day in enumerate(days, 1):
        desk.go(course.get_absolute_url())
        log_session(desk, number, day, f"{69 + number}.5", lot)
    assert Lot.objects.with_stock().get().remaining_ml == 100 - 3 * 4
    burning, swelling = SideEffect.objects.order_by("kind__order")
    assert (burning.kind.code, burning.resolved_at - burning.onset_at) == ("burning", timedelta(minutes=18))
    assert (swelling.kind.code, swelling.resolved_at) == ("swelling", None)

    desk.go("/side-effects/?tab=prolonged")
    row = desk.page.get_by_role("row", name="Zoë Ōkonkwo-李")
    assert "Swelling" in row.inner_text()
    assert "Burning" not in desk.page.locator("table.rows").inner_text()

    practice = visit(doctor)
    for _session in days:
        practice.go("/sessions/unsigned/")
        practice.page.get_by_role("link", name="Read and sign").first.click()
        practice.page.get_by_role("button", name="Sign").click()
        practice.page.get_by_text("The session is signed.").wait_for()
    assert Session.objects.signed().count() == 3

    practice.go(course.get_absolute_url())
    practice.page.get_by_label("More", exact=True).first.click()
    practice.page.get_by_role("link", name="Complete").click()
    practice.page.get_by_role("button", name="Complete the course").click()
    practice.page.get_by_text("The course is completed.").wait_for()

    follow_up = course.follow_ups.get()
    last = days[2]
    assert (follow_up.opens_on, follow_up.closes_on) == (
        last + relativedelta(months=6),
        last + relativedelta(months=8),
    )
    desk.go("/follow-ups/?state=upcoming")
    assert "Zoë Ōkonkwo-李" in desk.page.locator("table.rows").inner_text()

    assert desk.complaints + practice.complaints == []


class Taps:
    """Counts what a finger does."""

    def __init__(self, page):
        self.page, self.count = page, 0

    def tap(self, locator):
        locator.click()
        self.count += 1


def test_uneventful_session_takes_at_most_seven_taps(visit, here, nurse, doctor):
    course = CourseFactory(patient__location=here, clinician=doctor, started_on=date(2020, 1, 1))
    SessionFactory(course=course, signed=True, given=True)
    Lot.objects.update(expires_on=here.today(timezone.now()) + timedelta(days=300))
    desk = visit(nurse, has_touch=True, is_mobile=True)
    desk.page.set_viewport_size({"width": 390, "height": 844})
    desk.go(course.get_absolute_url())
    finger = Taps(desk.page)

    finger.tap(desk.page.get_by_role("link", name="Log session 2"))
    finger.tap(desk.page.get_by_role("button", name="Same as session 1"))
    finger.tap(desk.page.locator("label:has(input[name='asked_back'][value='none'])"))
    finger.tap(desk.page.get_by_role("button", name="No to all"))
    desk.page.locator("#id_weight_kg").fill("69.5")
    finger.tap(desk.page.locator("label:has(input[name='reactions'][value='none'])"))
    finger.tap(desk.page.locator("label:has(input[name='pain'][value='2'])"))
    finger.tap(desk.page.get_by_role("button", name="Save for signing"))
    desk.page.get_by_text("The session is saved as a draft.").wait_for()

    assert finger.count <= 7
    assert Session.objects.count() == 2
    assert unanswered(Session.objects.drafts().get()) == {}
    assert desk.complaints == []


def test_side_effect_takes_at_most_four_taps(visit, here, nurse, doctor):
    course = CourseFactory(patient__location=here, clinician=doctor)
    SessionFactory(course=course, signed=True, areas=[TreatmentAreaFactory()])
    desk = visit(nurse, has_touch=True, is_mobile=True)
    desk.page.set_viewport_size({"width": 390, "height": 844})
    desk.go(course.get_absolute_url())
    finger = Taps(desk.page)

    finger.tap(desk.page.get_by_role("link", name="Log side effect"))
    finger.tap(desk.page.locator("label:has(input[name='kind'])", has_text="Swelling"))
    finger.tap(desk.page.locator("label:has(input[name='severity'][value='mild'])"))
    finger.tap(desk.page.get_by_role("button", name="Log side effect"))
    desk.page.wait_for_url("**/side-effects/*/")

    assert finger.count <= 4
    assert SideEffect.objects.get().kind.code == "swelling"
    assert desk.complaints == []


def test_keys_of_the_stepper_go_by_whole_sessions(visit, here, nurse, doctor):
    course = CourseFactory(patient__location=here, clinician=doctor)
    desk = visit(nurse)
    desk.go(f"{course.get_absolute_url()}edit/")

    desk.page.get_by_role("button", name="More", exact=True).click()

    assert desk.page.locator("#id_planned_sessions").input_value() == "16"


def test_page_that_was_typed_into_asks_before_it_is_left(visit, here, nurse, doctor):
    course = CourseFactory(patient__location=here, clinician=doctor)
    desk = visit(nurse)
    desk.go(f"{course.get_absolute_url()}sessions/new/")
    asked = []
    desk.page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))

    desk.page.locator("#id_note").press_sequentially("Half a note")
    desk.page.get_by_role("link", name="Today").first.click(no_wait_after=True)
    desk.page.wait_for_timeout(300)

    assert asked == ["beforeunload"]
    assert desk.page.locator("#id_note").input_value() == "Half a note"
