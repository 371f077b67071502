"""The pages before a sign-in and around it, each as it is when something went wrong too: they keep nobody out."""

import re
import uuid

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from clinic.roles import Role
from tests.browser.test_csp_and_axe import crawl, grave_faults
from tests.browser.test_sign_in_again import age, dialog, look
from tests.browser.test_switching import choose, give_pin, sign_in
from tests.factories import PASSWORD, LocationFactory, PhoneAppFactory, UserFactory, app_code

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture
def nurse():
    return UserFactory(
        email="sam@clinic.example", first_name="Sam", locations=[LocationFactory(name="Harbour Street")]
    )


def faults_here(visitor):
    """Return what keeps somebody out of the page as it stands: at a desk in the light, on a phone in the dark."""
    page, wrong = visitor.page, []
    for size, light in ((DESK, "light"), (PHONE, "dark")):
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=light)
        wrong += grave_faults(page)
    return wrong


def refused(visitor):
    """Return the complaints, but for those about an answer that was meant to be a refusal."""
    return [words for words in visitor.complaints if not re.search(r"status of (404|429|400)", words)]


def try_to_sign_in(visitor, password):
    visitor.page.locator("#id_login").fill("sam@clinic.example")
    visitor.page.locator("#id_password").fill(password)
    visitor.page.get_by_role("button", name="Sign in", exact=True).click()
    visitor.page.wait_for_load_state()


def link_in_mail(start):
    return re.search(rf"{start}\S+", mail.outbox[-1].body)[0]


def invitation_to(email, place):
    desk = Client()
    desk.force_login(UserFactory(role=Role.ADMIN))
    person = {"title": "", "first_name": "Noor", "last_name": "Haddad", "email": email, "role": "Clinician"}
    desk.post("/staff/invite/", {**person, "locations": [place.pk], "form_token": str(uuid.uuid4())})
    return link_in_mail("/join/")


def test_wrong_password_and_the_page_of_too_many_tries(visit, nurse):
    stranger = visit(reduced_motion="reduce")
    stranger.go("/accounts/login/")
    try_to_sign_in(stranger, "wrong")
    stranger.page.locator("[role=alert], .error-summary, .field-error").first.wait_for()
    assert faults_here(stranger) == []

    for _each in range(5):
        try_to_sign_in(stranger, "wrong")
    assert stranger.shows("Too many")
    assert faults_here(stranger) == []
    assert refused(stranger) == []


def test_pages_of_a_forgotten_password(visit, nurse):
    stranger = visit(reduced_motion="reduce")
    stranger.go("/accounts/password/reset/")
    stranger.page.locator("#id_email").fill(nurse.email)
    stranger.page.locator("form .btn-primary").click()
    stranger.page.wait_for_url("**/accounts/password/reset/done/")
    assert faults_here(stranger) == []

    link = link_in_mail("/accounts/password/reset/key/")
    stranger.go(link)
    stranger.page.locator("#id_password1").fill("short")
    stranger.page.locator("#id_password2").fill("other")
    stranger.page.locator("form .btn-primary").click()
    stranger.page.wait_for_load_state()
    assert faults_here(stranger) == []
    pages = [link, "/accounts/password/reset/key/1-made-up/", "/accounts/password/reset/key/done/"]
    assert crawl(stranger, [*pages, "/accounts/inactive/"]) == []
    assert refused(stranger) == []


def test_pages_of_an_invitation(visit, nurse):
    link = invitation_to("noor@clinic.example", nurse.locations.get())
    stranger = visit(reduced_motion="reduce")
    stranger.go(link)
    assert faults_here(stranger) == []
    stranger.page.locator("form .btn-primary").click()
    stranger.page.wait_for_load_state()
    assert faults_here(stranger) == []
    assert crawl(stranger, [link, "/join/made-up/"]) == []
    assert refused(stranger) == []


def test_pages_of_a_pin_and_of_a_shared_tablet(visit, nurse):
    tablet = visit(reduced_motion="reduce")
    sign_in(tablet, nurse)
    assert crawl(tablet, ["/account/pin/", "/accounts/reauthenticate/", "/accounts/password/change/"]) == []
    give_pin(nurse, "483920")
    tablet.go("/account/sign-ins/")
    tablet.page.set_viewport_size(DESK)
    tablet.page.get_by_label("Name").fill("Tablet, room 2")
    tablet.page.get_by_role("button", name="This is a shared tablet").click()
    tablet.page.get_by_text("is shared:").wait_for()
    assert faults_here(tablet) == []
    tablet.page.set_viewport_size(DESK)
    choose(tablet, "Switch person")
    assert faults_here(tablet) == []

    tablet.page.locator("main a", has_text="Sam").click()
    tablet.page.get_by_label("PIN").fill("000000")
    tablet.page.get_by_role("button", name="Go on").click()
    tablet.page.get_by_text("This is not the PIN.").wait_for()
    assert faults_here(tablet) == []
    for _each in range(4):
        tablet.page.get_by_label("PIN").fill("000000")
        tablet.page.get_by_role("button", name="Go on").click()
        tablet.page.wait_for_load_state()
    assert tablet.shows("Too many wrong tries.")
    assert faults_here(tablet) == []
    assert refused(tablet) == []


def test_second_step_after_a_wrong_code(visit, nurse):
    PhoneAppFactory(user=nurse)
    half = visit(reduced_motion="reduce")
    half.go("/accounts/login/")
    try_to_sign_in(half, PASSWORD)
    right = app_code(timezone.now())
    half.page.locator("#id_code").fill(f"{(int(right) + 500000) % 1000000:06d}")
    half.page.get_by_role("button", name="Sign in", exact=True).click()
    half.page.wait_for_load_state()
    assert half.path.startswith("/accounts/2fa/authenticate/")
    assert faults_here(half) == []


def test_sign_in_over_an_open_page(visit, nurse):
    desk = visit(nurse, reduced_motion="reduce")
    desk.go("/patients/new/")
    age(minutes=14, seconds=15)
    look(desk)
    dialog(desk).get_by_text("Are you still there").wait_for()
    assert faults_here(desk) == []
    age(minutes=16)
    look(desk)
    dialog(desk).get_by_text("You were signed out").wait_for()
    assert faults_here(desk) == []
