"""A sign-in that ends over an open page: a warning, the door over the page, and the work goes on."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session as SignIn
from django.utils import timezone

from clinic import sign_in_time
from clinic.roles import Role
from patients.models import Patient
from tests.browser.test_second_factor import DEVICE, make_passkey
from tests.browser.test_second_factor import sign_in as sign_in_as_doctor
from tests.factories import PASSWORD, LocationFactory, UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

NAME = "#id_family_name"


@pytest.fixture
def nurse():
    places = [LocationFactory(name="Canal Street"), LocationFactory(name="Harbour Street")]
    return UserFactory(email="sam@clinic.example", role=Role.STAFF, locations=places, first_name="Sam")


@pytest.fixture
def desk(visit, nurse):
    desk = visit(nurse)
    desk.go("/patients/new/")
    desk.page.locator(NAME).fill("Okafor")
    return desk


def look(desk):
    """Let the page ask the server now, as it does when somebody comes back to it."""
    desk.page.evaluate("document.dispatchEvent(new Event('signed-out'))")


def age(**ago):
    """Let every sign-in be as if nobody had used it for so long."""
    for row in SignIn.objects.all():
        session = row.get_session_store_class()(row.session_key)
        session[sign_in_time.USED_AT] = (timezone.now() - timedelta(**ago)).timestamp()
        session.save()


def dialog(desk):
    return desk.page.locator("#sign-in")


def sign_in(desk, password=PASSWORD):
    dialog(desk).get_by_label("Password").fill(password)
    dialog(desk).get_by_role("button", name="Sign in", exact=True).click()


def test_page_says_a_minute_before_and_a_button_keeps_the_sign_in(desk):
    age(minutes=14, seconds=15)
    look(desk)
    dialog(desk).get_by_text("Are you still there").wait_for()
    dialog(desk).get_by_role("button", name="Stay signed in").click()
    dialog(desk).wait_for(state="hidden")

    assert desk.page.locator(NAME).input_value() == "Okafor"
    assert desk.complaints == []


def test_sign_in_comes_over_the_page_and_what_was_typed_is_sent_afterwards(desk):
    age(minutes=16)
    look(desk)
    dialog(desk).get_by_text("You were signed out").wait_for()
    assert not desk.page.locator(NAME).is_visible()

    desk.page.keyboard.press("Escape")
    desk.page.keyboard.press("Escape")
    dialog(desk).wait_for()

    sign_in(desk, "wrong-wrong-wrong")
    dialog(desk).get_by_text("do not belong together").wait_for()
    sign_in(desk)
    dialog(desk).wait_for(state="hidden")

    assert desk.page.locator(NAME).input_value() == "Okafor"
    desk.page.locator("#id_given_name").fill("Amara")
    desk.page.locator("#id_birth_date").fill("1990-03-02")
    desk.page.get_by_text("Female").click()
    desk.page.locator("#id_phone").fill("+1 415 555 0117")
    desk.page.get_by_role("button", name="Register").click()
    desk.page.wait_for_url("**/patients/*-*/")
    assert Patient.objects.get().family_name == "Okafor"
    assert desk.complaints == []


def test_a_form_sent_too_late_waits_for_the_sign_in(desk):
    age(minutes=16)
    desk.page.locator("#id_birth_date").fill("1990-03-02")
    desk.page.get_by_text("Female").click()
    desk.page.evaluate("Date.now = (now => () => now() + 16 * 60_000)(Date.now)")
    desk.page.get_by_role("button", name="Register").click()
    dialog(desk).get_by_text("You were signed out").wait_for()

    assert desk.path == "/patients/new/"
    assert desk.page.locator(NAME).input_value() == "Okafor"


def test_place_of_work_is_the_same_after_signing_in_again(visit, nurse):
    desk = visit(nurse)
    desk.go("/")
    desk.page.locator("details.account summary").click()
    desk.page.get_by_role("button", name="Harbour Street").click()
    desk.go("/patients/new/")
    age(minutes=16)
    look(desk)
    with desk.page.expect_response("**/settings/location/"):
        sign_in(desk)
    dialog(desk).wait_for(state="hidden")

    desk.go("/patients/")
    assert "Harbour Street" in desk.page.locator(".account-who").inner_text()


def test_another_person_leaves_the_page_with_a_word(desk):
    other = UserFactory(email="ines@clinic.example", locations=[LocationFactory()])
    age(minutes=16)
    look(desk)
    dialog(desk).get_by_text("You were signed out").wait_for()
    dialog(desk).get_by_label("Password").wait_for()

    door = desk.page.context.new_page()
    door.goto(f"{desk.base}/accounts/login/")
    door.locator("[name=login]").fill(other.email)
    door.locator("[name=password]").fill(PASSWORD)
    door.get_by_role("button", name="Sign in", exact=True).click()
    door.wait_for_url(f"{desk.base}/")

    desk.page.get_by_text("The page that was open belonged to somebody else and was left.").wait_for(timeout=15_000)
    assert desk.path == "/"


@pytest.fixture
def doctor_with_passkey(visit, settings):
    """Return the browser of somebody whose only second step is a passkey, with something typed on a page."""
    settings.MFA_REQUIRED_ROLES = {"clinician"}
    settings.ALLOWED_HOSTS = ["*"]
    UserFactory(email="ines@clinic.example", role=Role.CLINICIAN, locations=[LocationFactory()])
    visitor = visit()
    session = visitor.page.context.new_cdp_session(visitor.page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    sign_in_as_doctor(visitor)
    make_passkey(visitor)
    visitor.go("/patients/new/")
    visitor.page.locator(NAME).fill("Okafor")
    age(minutes=16)
    look(visitor)
    return visitor


def test_passkey_after_the_password_opens_the_door_that_came_over_the_page(doctor_with_passkey):
    desk = doctor_with_passkey
    sign_in(desk)
    dialog(desk).get_by_role("button", name="Use a passkey").click()
    dialog(desk).wait_for(state="hidden")

    assert desk.path == "/patients/new/"
    assert desk.page.locator(NAME).input_value() == "Okafor"
    assert desk.complaints == []


def test_passkey_alone_opens_the_door_that_came_over_the_page(doctor_with_passkey):
    desk = doctor_with_passkey
    dialog(desk).get_by_role("button", name="Sign in with a passkey").click()
    dialog(desk).wait_for(state="hidden")

    assert desk.path == "/patients/new/"
    assert desk.page.locator(NAME).input_value() == "Okafor"
    assert desk.complaints == []


def test_passkey_that_is_refused_says_so_in_the_door_and_loses_nothing(doctor_with_passkey):
    desk = doctor_with_passkey
    desk.page.evaluate("() => { navigator.credentials.get = () => Promise.reject(new Error('no')); }")
    dialog(desk).get_by_role("button", name="Sign in with a passkey").click()
    dialog(desk).get_by_text("The passkey was not used.").wait_for()
    sign_in(desk, "wrong-wrong-wrong")
    dialog(desk).get_by_text("do not belong together").wait_for()

    dialog(desk).get_by_role("button", name="Sign in with a passkey").wait_for()
    assert desk.page.locator(NAME).input_value() == "Okafor"


def test_without_a_script_the_next_page_leads_to_the_sign_in_and_says_why(visit, nurse):
    desk = visit(nurse, java_script_enabled=False)
    desk.go("/patients/new/")
    age(minutes=16)
    desk.go("/patients/")

    assert desk.shows("Nothing was done for 15 minutes, so you were signed out.")
