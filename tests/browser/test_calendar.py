"""The calendar in a browser: moved by pointer and by keys, taken back, and complete without a script."""

from datetime import timedelta

import pytest
from django.utils import timezone

from clinic.roles import Role
from tests.browser.test_csp_and_axe import grave_faults
from tests.factories import AppointmentFactory, CourseFactory, LocationFactory, PatientFactory, UserFactory
from treatments.models import Appointment

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

PHONE = {"width": 390, "height": 844}


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
def day(here):
    return here.today(timezone.now()) + timedelta(days=7)


def at(here, day, hour, minute=0):
    return here.span(day)[0] + timedelta(hours=hour, minutes=minute)


@pytest.fixture
def booked(here, doctor, nurse, day):
    course = CourseFactory(patient=PatientFactory(location=here, family_name="Okonkwo"), clinician=doctor)
    return AppointmentFactory(course=course, practitioner=doctor, starts_at=at(here, day, 10))


@pytest.fixture
def desk(visit, nurse, booked, day):
    desk = visit(nurse)
    desk.go(f"/calendar/?day={day}")
    return desk


def block(page, booked):
    return page.locator(f"#appointment-{booked.public_id}")


def stored(booked):
    booked.refresh_from_db()
    local = booked.location.local(booked.starts_at)
    return f"{local:%H:%M}", booked.minutes, booked.practitioner


def drag(page, start, end):
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=8)
    page.mouse.up()


def test_block_is_dragged_to_another_hour_and_person_and_taken_back(desk, booked, doctor, nurse):
    page = desk.page
    box = block(page, booked).bounding_box()
    column = page.locator(f"[data-column='{nurse.public_id}']").bounding_box()
    row = box["height"] / 6  # half an hour is six rows

    drag(page, (box["x"] + 30, box["y"] + 10), (column["x"] + 30, box["y"] + 10 + 12 * row))
    page.get_by_role("button", name="Undo").wait_for()
    assert stored(booked) == ("11:00", 30, nurse)
    assert block(page, booked).evaluate("node => document.activeElement === node")
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("The appointment is as it was.").wait_for()

    assert stored(booked) == ("10:00", 30, doctor)
    assert desk.complaints == []


def test_lower_edge_makes_it_longer(desk, booked, doctor):
    page = desk.page
    box = block(page, booked).bounding_box()
    edge = box["y"] + box["height"] - 3

    drag(page, (box["x"] + 30, edge), (box["x"] + 30, edge + box["height"] / 2))
    page.get_by_text("10:00, 45 minutes").wait_for()

    assert stored(booked) == ("10:00", 45, doctor)
    assert desk.complaints == []


def test_keys_move_and_lengthen_and_say_so_and_escape_puts_back(desk, booked, nurse):
    page = desk.page
    block(page, booked).focus()
    for key in ("ArrowDown", "ArrowDown", "Shift+ArrowDown", "ArrowLeft"):
        page.keyboard.press(key)
    said = page.locator("#cal-live").inner_text()
    page.keyboard.press("Escape")
    assert stored(booked)[:2] == ("10:00", 30)
    for key in ("ArrowDown", "ArrowDown", "Shift+ArrowDown", "ArrowLeft", "Enter"):
        page.keyboard.press(key)
    page.get_by_text("10:10, 35 minutes").wait_for()

    assert said == "10:10 to 10:45, Nurse Sam Adeyemi. Enter keeps it."
    assert stored(booked) == ("10:10", 35, nurse)
    assert desk.complaints == []


def test_drop_on_a_taken_hour_is_refused_with_who_and_when_and_the_block_stays(desk, booked, doctor, here, day):
    page = desk.page
    AppointmentFactory(
        patient=PatientFactory(location=here),
        course=None,
        kind="review",
        practitioner=doctor,
        starts_at=at(here, day, 11),
    )
    block(page, booked).focus()
    for _press in range(10):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_text("stays where it was. Dr Ines Moreau is taken from 11:00 to 11:30.").wait_for()

    assert block(page, booked).get_attribute("data-start") == "600"
    assert stored(booked)[0] == "10:00"


def test_tap_shows_what_can_be_done_and_comes_back_to_the_day(desk, booked, day):
    page = desk.page
    block(page, booked).click()
    page.locator("#cal-panel #id_reason").fill("Ill.")
    page.get_by_role("button", name="Cancel the appointment").click()
    page.get_by_role("button", name="Undo").wait_for()

    booked.refresh_from_db()
    assert (booked.status, booked.status_reason, desk.path) == ("cancelled", "Ill.", f"/calendar/?day={day}")
    page.get_by_role("button", name="Undo").click()
    page.wait_for_url(f"**/calendar/?day={day}")
    booked.refresh_from_db()
    assert booked.status == "booked"
    assert desk.complaints == []


def test_free_half_hour_leads_to_the_form_with_its_hour(desk, booked, nurse):
    page = desk.page
    page.locator(f"[data-column='{nurse.public_id}'] .cal-slot", has_text="14:30").click()
    page.locator("input[name='q'][autofocus]").fill("okonkwo")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name="Amara Okonkwo").click()

    assert page.locator("#id_starts_at").input_value().endswith("T14:30")
    assert page.locator("#id_practitioner").input_value() == str(nurse.pk)
    assert desk.complaints == []


def test_days_are_turned_by_keys(desk, here, day):
    desk.page.keyboard.press("n")
    desk.page.wait_for_url(f"**day={day + timedelta(days=1)}*")
    desk.page.keyboard.press("t")
    desk.page.wait_for_url(f"**day={here.today(timezone.now())}*")


def test_course_is_booked_at_once_and_one_moved_with_all_later(visit, nurse, booked, here, day):
    desk = visit(nurse)
    page = desk.page
    Appointment.objects.all().update(status="cancelled", status_reason="Ill.")
    desk.go(f"{booked.course.get_absolute_url()}appointments/new/")
    page.locator("#id_first_on").fill(str(day))
    page.locator("#id_count").fill("3")
    page.get_by_role("button", name="Show the days").click()
    page.get_by_role("button", name="Book 3 appointments").click()
    page.wait_for_url("**/courses/*/")
    first, *_later = series = list(Appointment.objects.exclude(series=None).order_by("starts_at"))
    desk.go(first.get_absolute_url())
    page.locator("#id_starts_at").fill(f"{here.local(first.starts_at) + timedelta(days=1):%Y-%m-%dT15:00}")
    page.locator("label", has_text="This and later").click()
    page.get_by_role("button", name="Save the appointment").click()
    page.get_by_text("3 appointments are moved.").wait_for()

    moved = [here.local(each.starts_at) for each in Appointment.objects.exclude(series=None).order_by("starts_at")]
    assert [each.date() for each in moved] == [here.local(e.starts_at).date() + timedelta(days=1) for e in series]
    assert {f"{each:%H:%M}" for each in moved} == {"15:00"}
    assert desk.complaints == []


@pytest.mark.parametrize("view", ["", "&by=room", "&view=week"])
@pytest.mark.parametrize("size", [None, PHONE], ids=["desk", "phone"])
def test_calendar_is_usable_by_everyone_and_never_wider_than_the_screen(visit, nurse, booked, day, view, size):
    desk = visit(nurse, **({"viewport": size} if size else {}))
    desk.go(f"/calendar/?day={day}{view}")

    assert desk.shows("Okonkwo") or size
    assert desk.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert grave_faults(desk.page) == []
    assert desk.complaints == []


def test_everything_is_there_without_a_script(visit, nurse, booked, day):
    desk = visit(nurse, java_script_enabled=False)
    desk.go(f"/calendar/?day={day}")
    block(desk.page, booked).click()
    desk.page.locator("#id_starts_at").fill(f"{day}T12:00")
    desk.page.get_by_role("button", name="Save the appointment").click()

    assert stored(booked)[0] == "12:00"
