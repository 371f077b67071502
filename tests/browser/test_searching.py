"""A name that is searched for in a browser: found, turned, reloaded and gone back to, and in no address of it."""

import pytest

from clinic.roles import Role
from tests.factories import LocationFactory, PatientFactory, UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

CANARY = "Zanzibarova"
STORED = "JSON.stringify([{...localStorage}, {...sessionStorage}])"


@pytest.fixture
def here():
    here = LocationFactory()
    for name in ["Beate", *["Ana"] * 26]:
        PatientFactory(location=here, given_name=name, family_name=CANARY)
    return here


@pytest.fixture(params=[True, False], ids=["with scripts", "without"])
def desk(visit, here, request):
    desk = visit(UserFactory(role=Role.STAFF, locations=[here]), java_script_enabled=request.param)
    desk.has_script = request.param
    desk.asked = []
    desk.page.on("request", lambda sent: desk.asked.append(sent.url))
    desk.page.on("framenavigated", lambda frame: desk.asked.append(frame.url))
    return desk


def names(desk):
    return desk.page.locator("main td.cell-main a").all_inner_texts()


def addresses_with_the_name(desk):
    return [address for address in desk.asked if "anzibar" in address.lower()]


def test_page_of_what_was_found_is_turned_reloaded_and_gone_back_to(desk):
    page = desk.page
    desk.go("/patients/new/")
    page.locator(".search input[type=search]").fill(CANARY)
    page.locator(".search input[type=search]").press("Enter")
    page.wait_for_url("**/search/?words=*")
    first = names(desk)
    page.get_by_role("link", name="Next").click()
    page.wait_for_url("**after=*")
    second = names(desk)
    page.reload()
    assert names(desk) == second
    page.go_back()
    page.wait_for_url(lambda url: "after=" not in url)
    assert names(desk) == first
    page.get_by_role("link", name=f"Ana {CANARY}").first.click()
    page.wait_for_url("**/patients/*-*/")
    page.go_back()
    page.wait_for_url("**/search/?words=*")

    assert names(desk) == first
    assert (len(first), len(second)) == (25, 2)
    assert addresses_with_the_name(desk) == []
    assert desk.complaints == []


def test_list_of_patients_is_narrowed_by_a_name(desk):
    page = desk.page
    desk.go("/patients/")
    page.locator("main [name=q]").fill(f"{CANARY} bea")
    if desk.has_script:
        page.wait_for_url("**/patients/?words=*")
    else:
        page.get_by_role("button", name="Show", exact=True).click()
    page.locator("#patients tbody tr").nth(1).wait_for(state="detached")
    assert names(desk) == [f"Beate {CANARY}"]

    page.reload()
    assert names(desk) == [f"Beate {CANARY}"]
    assert page.locator("main [name=q]").input_value() == f"{CANARY} bea"
    page.get_by_role("link", name="Beate").click()
    page.wait_for_url("**/patients/*-*/")
    page.go_back()
    page.wait_for_url("**/patients/?words=*")
    assert names(desk) == [f"Beate {CANARY}"]
    page.go_back()
    page.wait_for_url("**/patients/")
    page.locator("#patients tbody tr").nth(24).wait_for()

    assert addresses_with_the_name(desk) == []
    assert desk.complaints == []
    if desk.has_script:
        assert "anzibar" not in page.evaluate(STORED).lower()


@pytest.mark.parametrize("desk", [True], indirect=True, ids=["with scripts"])
def test_box_of_every_page_finds_while_one_types_and_leads_to_the_rest(desk):
    page = desk.page
    desk.go("/patients/new/")
    page.locator("h1").click()
    page.keyboard.press("/")
    page.keyboard.type(CANARY[:6].lower())
    page.locator(".search-hit").nth(8).wait_for()
    page.get_by_role("link", name="Show all that were found").click()
    page.wait_for_url("**/search/?words=*")

    assert len(names(desk)) == 25
    assert addresses_with_the_name(desk) == []
    assert desk.complaints == []


@pytest.mark.parametrize("desk", [True], indirect=True, ids=["with scripts"])
def test_box_of_a_page_from_before_a_new_sign_in_finds_all_the_same(desk):
    page = desk.page
    desk.go("/patients/new/")
    # What a sign-in in another tab leaves: the browser's token is a new one, and that of this page is worth nothing.
    page.context.add_cookies([{"name": "csrftoken", "value": "a" * 32, "url": desk.base}])
    page.locator(".search input[type=search]").press_sequentially(CANARY[:6])
    page.locator(".search-hit").nth(7).wait_for()

    assert desk.complaints == []
