"""The bar at the top in a browser: what an admin manages opens by key, by a tap, and without a script."""

import pytest

from clinic.roles import Role
from tests.factories import LocationFactory, UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


@pytest.fixture
def manager():
    return UserFactory(role=Role.ADMIN, locations=[LocationFactory()])


def entry(desk):
    return desk.page.locator(".topnav summary", has_text="Clinic")


def test_entry_of_the_clinic_is_opened_and_left_by_key(visit, manager):
    desk = visit(manager)
    page = desk.page
    desk.go("/lots/")
    page.get_by_role("link", name="Reports").first.focus()
    page.keyboard.press("Tab")
    assert entry(desk).evaluate("entry => entry === document.activeElement")
    page.keyboard.press("Enter")
    page.locator(".topnav").get_by_role("link", name="Catalogue").wait_for()
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    page.locator(".topnav").get_by_role("link", name="Catalogue").wait_for(state="hidden")
    assert entry(desk).evaluate("entry => entry === document.activeElement")

    page.keyboard.press("Enter")
    for _step in range(4):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/audit/")

    assert entry(desk).get_attribute("aria-current") == "true"
    assert desk.complaints == []


def test_entry_of_the_clinic_opens_without_a_script(visit, manager):
    desk = visit(manager, java_script_enabled=False)
    desk.go("/")
    entry(desk).click()
    desk.page.locator(".topnav").get_by_role("link", name="Privacy").click()

    assert desk.path == "/privacy/"


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("width", [1440, 1280, 1180, 1000])
def test_entries_of_the_bar_leave_room_for_the_search(visit, role, width):
    desk = visit(UserFactory(role=role, locations=[LocationFactory()]), viewport={"width": width, "height": 900})
    desk.go("/")
    ends = desk.page.locator(".topnav > *").last.bounding_box()
    search = desk.page.locator(".search" if width >= 1180 else ".search-button").bounding_box()

    assert ends["x"] + ends["width"] < search["x"]


def test_on_a_narrow_page_the_pages_of_the_clinic_stand_under_the_account(visit, manager):
    desk = visit(manager, viewport={"width": 820, "height": 900})
    desk.go("/")
    assert not entry(desk).is_visible()
    desk.page.locator(".account > summary").click()
    desk.page.locator(".account").get_by_role("link", name="Backups").click()
    desk.page.wait_for_url("**/backups/")

    assert desk.complaints == []


def test_the_whole_menu_of_the_account_can_be_reached_on_a_small_screen(visit, manager):
    desk = visit(manager, viewport={"width": 390, "height": 640})
    desk.go("/")
    desk.page.locator(".account > summary").click()
    desk.page.get_by_role("button", name="Sign out").click()
    desk.page.wait_for_url("**/accounts/login/**")

    assert desk.complaints == []
