"""A shared tablet, as it goes from hand to hand."""

import pytest
from django.utils import timezone

from clinic.actions.sign_ins import set_pin
from clinic.roles import Role
from tests.factories import PASSWORD, CourseFactory, LocationFactory, PatientFactory, UserFactory
from treatments.models import WorkingCopy

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

TABLET = {"viewport": {"width": 820, "height": 1180}, "has_touch": True}


@pytest.fixture
def here():
    return LocationFactory(name="Harbour Street")


@pytest.fixture
def sam(here):
    return UserFactory(email="sam@clinic.example", first_name="Sam", last_name="Adeyemi", locations=[here])


@pytest.fixture
def ines(here):
    return UserFactory(email="ines@clinic.example", title="Dr", role=Role.CLINICIAN, locations=[here])


def give_pin(user, digits):
    set_pin(user, digits=digits, now=timezone.now())


def sign_in(tablet, user):
    tablet.go("/accounts/login/")
    tablet.page.get_by_label("E-mail").fill(user.email)
    tablet.page.get_by_label("Password").fill(PASSWORD)
    tablet.page.get_by_role("button", name="Sign in").click()
    tablet.page.wait_for_url(f"{tablet.base}/")


def choose(tablet, words):
    tablet.page.locator("details.account summary").click()
    tablet.page.get_by_role("button", name=words).click()


def come_back(tablet, name, digits):
    tablet.page.get_by_role("link", name=name).click()
    tablet.page.get_by_label("PIN").fill(digits)
    tablet.page.get_by_role("button", name="Go on").click()


def test_tablet_goes_from_hand_to_hand_and_each_finds_the_page(visit, sam, ines, here):
    give_pin(sam, "483920")
    give_pin(ines, "905673")
    course = CourseFactory(patient=PatientFactory(location=here), clinician=ines)
    tablet = visit(**TABLET)

    sign_in(tablet, ines)
    choose(tablet, "Sign out")
    sign_in(tablet, sam)
    tablet.go("/account/sign-ins/")
    tablet.page.get_by_label("Name").fill("Tablet, room 2")
    tablet.page.get_by_role("button", name="This is a shared tablet").click()
    tablet.page.get_by_text("is shared:").wait_for()
    choose(tablet, "Switch person")
    tablet.page.get_by_role("link", name="Sign in with a password").click()
    tablet.page.get_by_label("E-mail").fill(ines.email)
    tablet.page.get_by_label("Password").fill(PASSWORD)
    tablet.page.get_by_role("button", name="Sign in").click()
    tablet.page.wait_for_url("**/account/sign-ins/")

    page = course.get_absolute_url() + "sessions/new/"
    tablet.go(page)
    note = tablet.page.locator("#id_note")
    with tablet.page.expect_response(lambda response: "/keep/" in response.url):
        note.press_sequentially("Typed by the doctor.")
    tablet.page.locator("#session-status", has_text="Draft kept").wait_for()
    choose(tablet, "Switch person")
    come_back(tablet, "Sam Adeyemi", "483921")
    tablet.page.get_by_text("This is not the PIN.").wait_for()
    tablet.page.get_by_label("PIN").fill("483920")
    tablet.page.get_by_role("button", name="Go on").click()
    tablet.page.wait_for_url(f"**{page}")

    assert tablet.page.locator(".account summary").get_attribute("aria-label") == "Account of Sam Adeyemi"
    assert WorkingCopy.objects.get().typed_by == ines
    assert tablet.complaints == []


def test_switching_works_without_a_script(visit, sam):
    give_pin(sam, "483920")
    tablet = visit(**TABLET, java_script_enabled=False)
    sign_in(tablet, sam)
    tablet.go("/account/sign-ins/")
    tablet.page.get_by_label("Name").fill("Tablet, room 2")
    tablet.page.get_by_role("button", name="This is a shared tablet").click()
    choose(tablet, "Switch person")
    come_back(tablet, "Sam Adeyemi", "483920")
    tablet.page.wait_for_url("**/account/sign-ins/")

    assert tablet.shows("“Tablet, room 2” is shared")
