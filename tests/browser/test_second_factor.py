"""The second step in a browser: a phone app and a passkey, set up and used, and every page of it looked at."""

from datetime import UTC, datetime

import pytest
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone
from fido2.utils import websafe_encode

from clinic.roles import Role
from tests.browser.test_csp_and_axe import crawl, heard
from tests.factories import (
    PASSWORD,
    LocationFactory,
    PhoneAppFactory,
    RecoveryCodesFactory,
    UserFactory,
    app_code,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

LONG_AGO = datetime(2026, 1, 2, tzinfo=UTC)
# The answer goes to the door that a passkey opens alone, with the person's name in it, which nothing signs.
SENT_ELSEWHERE = """name => {
  const form = document.querySelector("[data-passkey]");
  form.action = "/accounts/2fa/webauthn/login/";
  form.addEventListener("submit", () => {
    const { credential } = form.elements;
    if (credential.value) {
      const answer = JSON.parse(credential.value);
      answer.response.userHandle = name;
      credential.value = JSON.stringify(answer);
    }
  });
}"""
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def doctor(settings):
    settings.MFA_REQUIRED_ROLES = {"clinician"}
    settings.ALLOWED_HOSTS = ["*"]
    return UserFactory(email="ines@clinic.example", title="Dr", role=Role.CLINICIAN, locations=[LocationFactory()])


def sign_in(visitor, address="/patients/"):
    visitor.go(address)
    page = visitor.page
    page.locator("#id_login").fill("ines@clinic.example")
    page.locator("#id_password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def sign_out(visitor):
    visitor.go("/accounts/logout/")
    visitor.page.get_by_role("button", name="Sign out").click()


@pytest.mark.parametrize("script", [True, False], ids=["with scripts", "without"])
def test_phone_app_is_set_up_at_the_first_sign_in_and_opens_the_door_at_the_next(visit, doctor, script):
    visitor = visit(java_script_enabled=script)
    page = visitor.page
    sign_in(visitor)
    page.get_by_role("link", name="A phone app").click()
    page.get_by_text("Nothing to scan with?").click()
    secret = page.locator(".secret-key").inner_text().replace(" ", "").strip()
    page.locator("#id_code").fill(app_code(timezone.now(), secret))
    page.get_by_role("button", name="Connect the app").click()

    assert page.locator(".codes li").count() == 10
    page.get_by_role("link", name="I have them, go on").click()
    assert visitor.path == "/patients/"

    sign_out(visitor)
    Authenticator.objects.filter(type="totp").update(created_at=LONG_AGO)  # the next code is half a minute away
    sign_in(visitor)
    page.locator("#id_code").fill(app_code(timezone.now(), secret))
    page.get_by_role("button", name="Sign in", exact=True).click()

    assert visitor.path == "/patients/"
    assert heard(visitor) == []


@pytest.fixture
def with_device(visit):
    """Return a browser on a device that asks who holds it."""
    visitor = visit()
    session = visitor.page.context.new_cdp_session(visitor.page)
    session.send("WebAuthn.enable")
    visitor.device = session.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})["authenticatorId"]
    visitor.devices = session
    return visitor


def make_passkey(visitor):
    page = visitor.page
    page.get_by_role("link", name="A passkey").click()
    page.locator("#id_name").fill("Phone")
    page.get_by_role("button", name="Make the passkey").click()
    page.get_by_role("link", name="I have them, go on").click()


def forget_the_password(page):
    """Let the time of the second step run out; the challenge stays in the session."""
    session = SessionStore(next(each["value"] for each in page.context.cookies() if each["name"] == "sessionid"))
    del session["account_login"]
    session.save()


def put_on_a_device_that_asks_nobody(visitor):
    """Move the passkey to a device that has neither finger, face nor PIN: a thief's, or a key that was found."""
    found = visitor.devices.send("WebAuthn.getCredentials", {"authenticatorId": visitor.device})["credentials"][0]
    visitor.devices.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": visitor.device})
    options = DEVICE | {"hasUserVerification": False, "isUserVerified": False}
    device = visitor.devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]
    visitor.devices.send("WebAuthn.addCredential", {"authenticatorId": device, "credential": found})


def test_passkey_is_set_up_and_opens_the_door_alone_and_after_the_password(with_device, doctor):
    visitor, page = with_device, with_device.page
    sign_in(visitor)
    make_passkey(visitor)
    assert visitor.path == "/patients/"

    sign_out(visitor)
    visitor.go("/accounts/login/?next=/lots/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(f"{visitor.base}/lots/")

    sign_out(visitor)
    sign_in(visitor)
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(f"{visitor.base}/patients/")

    visitor.go("/account/security/")
    assert visitor.shows("Phone")
    assert heard(visitor) == []


def test_passkey_alone_opens_nothing_where_the_device_does_not_ask_who_holds_it(with_device, doctor):
    visitor, page = with_device, with_device.page
    sign_in(visitor)
    make_passkey(visitor)
    sign_out(visitor)
    put_on_a_device_that_asks_nobody(visitor)

    visitor.go("/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.locator("[data-passkey-fault]").wait_for()

    assert visitor.path == "/accounts/login/"


def test_answer_to_a_page_that_did_not_ask_who_holds_the_device_signs_nobody_in_alone(with_device, doctor):
    """The challenge of the second step does not insist on it; its answer is sent to the other door, in time."""
    visitor, page = with_device, with_device.page
    sign_in(visitor)
    make_passkey(visitor)
    sign_out(visitor)
    put_on_a_device_that_asks_nobody(visitor)
    sign_in(visitor)
    forget_the_password(page)
    page.evaluate(SENT_ELSEWHERE, websafe_encode(user_pk_to_url_str(doctor).encode()))
    with page.expect_navigation():
        page.get_by_role("button", name="Use a passkey").click()

    assert visitor.shows("The passkey was not taken.")
    visitor.go("/patients/")
    assert visitor.path.startswith("/accounts/login/")


def test_pages_of_the_second_step(visit, doctor):
    """Each in light and dark, at every width: it keeps the policy and keeps nobody out."""
    stranger = visit(reduced_motion="reduce")
    sign_in(stranger)
    pages = ["/account/security/set-up/", "/accounts/2fa/totp/activate/", "/accounts/2fa/webauthn/add/"]
    assert crawl(stranger, pages) == []
    assert heard(stranger) == []

    PhoneAppFactory(user=doctor)
    RecoveryCodesFactory(user=doctor)
    half = visit(reduced_motion="reduce")
    sign_in(half)
    assert crawl(half, ["/accounts/2fa/authenticate/"]) == []
    half.page.locator("#id_code").fill(app_code(timezone.now()))
    half.page.get_by_role("button", name="Sign in", exact=True).click()
    inside = [
        "/account/security/",
        "/accounts/2fa/recovery-codes/",
        "/accounts/2fa/recovery-codes/generate/",
        "/accounts/2fa/totp/deactivate/",
        "/accounts/2fa/reauthenticate/",
    ]
    assert crawl(half, inside, dark=True) == []
    assert heard(half) == []


def test_page_of_a_colleagues_second_step(visit, doctor):
    boss = UserFactory(email="boss@clinic.example", role=Role.ADMIN)
    PhoneAppFactory(user=doctor)
    desk = visit(reduced_motion="reduce")
    desk.go(f"/accounts/login/?next=/staff/{doctor.public_id}/second-factor/")
    desk.page.locator("#id_login").fill(boss.email)
    desk.page.locator("#id_password").fill(PASSWORD)
    desk.page.get_by_role("button", name="Sign in", exact=True).click()

    assert crawl(desk, [f"/staff/{doctor.public_id}/second-factor/"]) == []
    assert heard(desk) == []
