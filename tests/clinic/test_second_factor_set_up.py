"""A second step is set up, confirmed with, and removed again."""

import json

import pytest
import time_machine
from allauth.core.context import request_context
from allauth.mfa.models import Authenticator
from django.test import Client

from clinic.field_keys import unseal
from tests.clinic.second_steps import MORNING, at_ones_desk, codes_of, enter
from tests.factories import (
    LocationFactory,
    PasskeyFactory,
    PhoneAppFactory,
    RecoveryCodesFactory,
    UserFactory,
    app_code,
)
from tests.posting import sent

pytestmark = pytest.mark.django_db
SECURITY = "/account/security/"


@pytest.fixture
def clock():
    with time_machine.travel(MORNING, tick=False) as clock:
        yield clock


@pytest.fixture
def sam(clock):
    return UserFactory(email="sam@clinic.example", locations=[LocationFactory()])


@pytest.fixture
def app(sam):
    return PhoneAppFactory(user=sam)


@pytest.fixture
def committed(django_capture_on_commit_callbacks):
    """Return a function that sends something and then does, as in the request, what waited for the commit."""

    def commit(send):
        with django_capture_on_commit_callbacks() as waiting:
            response = send()
        with request_context(response.wsgi_request):
            [act() for act in waiting]
        return response

    return commit


def set_up(client, at=MORNING):
    secret = client.get("/accounts/2fa/totp/activate/").context["form"].secret
    return client.post("/accounts/2fa/totp/activate/", {"code": app_code(at, secret)})


def test_setting_the_app_up_gives_recovery_codes_and_is_told_by_mail(sam, committed):
    client = at_ones_desk(sam)

    response = committed(lambda: set_up(client))

    assert response.url == "/accounts/2fa/recovery-codes/"
    page = client.get(response.url).content.decode()
    assert all(f"{code[:4]} {code[4:]}" in page for code in codes_of(sam))
    assert [(mail.to, mail.subject) for mail in sent()] == [([sam.email], "A phone app was connected")]


def test_a_mail_server_that_is_down_keeps_nobody_from_setting_up(sam, settings, committed):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9

    response = committed(lambda: set_up(at_ones_desk(sam)))

    assert response.status_code == 302
    assert Authenticator.objects.filter(user=sam, type="totp").exists()


def test_a_page_of_the_set_up_that_is_opened_twice_shows_one_key(sam):
    client = at_ones_desk(sam)

    first, second = (client.get("/accounts/2fa/totp/activate/").context["form"].secret for _each in range(2))

    assert first == second


def test_setting_up_twice_makes_one(sam):
    client = at_ones_desk(sam)
    set_up(client)

    assert client.post("/accounts/2fa/totp/activate/", {"code": "123456"}).url == SECURITY
    assert Authenticator.objects.filter(user=sam, type="totp").count() == 1


def test_no_secret_stands_in_the_database_or_the_session_as_it_is(sam):
    client = at_ones_desk(sam)
    secret = client.get("/accounts/2fa/totp/activate/").context["form"].secret
    assert secret not in json.dumps(dict(client.session))

    client.post("/accounts/2fa/totp/activate/", {"code": app_code(MORNING, secret)})

    stored = Authenticator.objects.get(user=sam, type="totp").data["secret"]
    assert secret not in stored
    assert unseal(stored) == secret


def test_a_wrong_code_sets_nothing_up(sam):
    client = at_ones_desk(sam)
    client.get("/accounts/2fa/totp/activate/")

    assert client.post("/accounts/2fa/totp/activate/", {"code": "000000"}).status_code == 200
    assert not Authenticator.objects.exists()


def test_a_change_of_factors_asks_again_after_five_minutes(sam, clock):
    client = at_ones_desk(sam)
    assert client.get("/accounts/2fa/totp/activate/").status_code == 200

    clock.shift(301)

    assert client.get("/accounts/2fa/totp/activate/").url.startswith("/accounts/reauthenticate/?next=")


@pytest.mark.parametrize(
    "where", ["totp/deactivate/", "recovery-codes/", "recovery-codes/download/", "recovery-codes/generate/"]
)
def test_whoever_has_a_second_step_confirms_with_it(sam, app, where):
    RecoveryCodesFactory(user=sam)
    client = Client()
    client.force_login(sam)

    assert client.get(f"/accounts/2fa/{where}").url.startswith("/accounts/2fa/reauthenticate/?next=")

    client.post(f"/accounts/2fa/reauthenticate/?next=/accounts/2fa/{where}", {"code": app_code(MORNING)})
    assert client.get(f"/accounts/2fa/{where}").status_code == 200


def test_whoever_has_no_second_step_makes_no_codes_that_stand_for_it(sam):
    client = at_ones_desk(sam)
    page = "/accounts/2fa/recovery-codes/generate/"

    assert (client.get(page).url, client.post(page).url) == ("/account/security/", "/account/security/")
    assert not Authenticator.objects.exists()


def test_password_of_a_moment_ago_does_not_stand_for_the_second_step(sam):
    client = at_ones_desk(sam)
    PhoneAppFactory(user=sam)
    RecoveryCodesFactory(user=sam)

    assert client.get("/accounts/2fa/recovery-codes/").url.startswith("/accounts/2fa/reauthenticate/?next=")


def test_somebody_with_passkeys_alone_confirms_with_one(sam):
    PasskeyFactory(user=sam)
    RecoveryCodesFactory(user=sam)
    client = Client()
    client.force_login(sam)

    assert client.get("/accounts/2fa/recovery-codes/").url.startswith("/accounts/2fa/webauthn/reauthenticate/")


def test_the_codes_are_downloaded_as_text_and_kept_by_no_cache(sam, app):
    RecoveryCodesFactory(user=sam)
    client = at_ones_desk(sam)

    response = client.get("/accounts/2fa/recovery-codes/download/")

    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert "no-store" in response["Cache-Control"]
    lines = response.content.decode().splitlines()
    assert lines[0] == "Recovery codes of Ines Moreau for Mesotrack"
    assert [line.replace(" ", "") for line in lines if line[:4].isdigit()] == codes_of(sam)


def test_the_last_factor_is_not_removed_while_the_role_asks_for_one(sam, app, settings):
    settings.MFA_REQUIRED_ROLES = {"staff"}
    RecoveryCodesFactory(user=sam)
    client = at_ones_desk(sam)

    page = client.post("/accounts/2fa/totp/deactivate/")

    assert "Your role needs a second step. Set another one up, then remove this one." in page.content.decode()
    assert Authenticator.objects.filter(user=sam, type="totp").exists()


def test_the_last_passkey_is_not_removed_while_the_role_asks_for_one(sam, settings):
    settings.MFA_REQUIRED_ROLES = {"staff"}
    passkey = PasskeyFactory(user=sam)
    client = Client()
    client.force_login(sam)

    response = client.post(f"/accounts/2fa/webauthn/keys/{passkey.pk}/remove/")

    assert response.url == SECURITY
    assert Authenticator.objects.filter(pk=passkey.pk).exists()


def test_one_of_two_factors_is_removed_and_the_codes_stay(sam, app, settings):
    settings.MFA_REQUIRED_ROLES = {"staff"}
    RecoveryCodesFactory(user=sam)
    other = PasskeyFactory(user=sam)
    client = at_ones_desk(sam)

    client.post(f"/accounts/2fa/webauthn/keys/{other.pk}/remove/")

    assert set(Authenticator.objects.filter(user=sam).values_list("type", flat=True)) == {"totp", "recovery_codes"}


def test_without_any_factor_the_recovery_codes_go_too(sam, app):
    RecoveryCodesFactory(user=sam)

    at_ones_desk(sam).post("/accounts/2fa/totp/deactivate/")

    assert not Authenticator.objects.exists()
    assert enter(sam, "x")  # by password alone again


@pytest.mark.parametrize("act", ["remove", "edit"])
def test_the_passkey_of_somebody_else_is_not_there(sam, act):
    other = PasskeyFactory(user=UserFactory())
    client = at_ones_desk(sam)

    assert client.get(f"/accounts/2fa/webauthn/keys/{other.pk}/{act}/").status_code == 404
    assert client.post(f"/accounts/2fa/webauthn/keys/{other.pk}/{act}/", {"name": "mine"}).status_code == 404
    assert client.get(f"/accounts/2fa/webauthn/keys/{10**25}/{act}/").status_code == 404


@pytest.mark.parametrize("passkeys", [1, 3])
def test_the_page_of_security_lists_the_passkeys(sam, app, passkeys, django_assert_num_queries):
    for _each in range(passkeys):
        PasskeyFactory(user=sam)
    RecoveryCodesFactory(user=sam)
    client = Client()
    client.force_login(sam)
    client.get(SECURITY)

    with django_assert_num_queries(8):
        page = client.get(SECURITY).content.decode()

    assert page.count("/edit/") == passkeys
    assert "10 of 10 left" in page
