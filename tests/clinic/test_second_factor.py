"""The second step: set up, used once, lost, taken away."""

import json
import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from allauth.core.context import request_context
from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, connections, transaction
from django.test import Client

from clinic.field_keys import unseal
from clinic.models import AuditEvent, SecondFactorReset
from clinic.roles import Role
from clinic.second_factor.codes import use_app_code
from tests.factories import (
    PASSWORD,
    LocationFactory,
    PasskeyFactory,
    PhoneAppFactory,
    RecoveryCodesFactory,
    UserFactory,
    app_code,
)
from tests.posting import sent

pytestmark = pytest.mark.django_db

LOGIN, STEP = "/accounts/login/", "/accounts/2fa/authenticate/"
MORNING = datetime(2026, 3, 2, 9, 0, 10, tzinfo=UTC)
HALF_MINUTE = timedelta(seconds=30)
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


def begin(user):
    client = Client()
    client.post(LOGIN, {"login": user.email, "password": PASSWORD})
    return client


def signed_in(client):
    return "_auth_user_id" in client.session


def enter(user, code):
    client = begin(user)
    client.post(STEP, {"code": code})
    return signed_in(client)


def codes_of(user):
    return Authenticator.objects.get(user=user, type="recovery_codes").wrap().get_unused_codes()


def at_ones_desk(user):
    """Return the browser of somebody who signed in a moment ago."""
    client = begin(user)
    if not signed_in(client):
        client.post(STEP, {"code": codes_of(user)[0]})
    assert signed_in(client)
    return client


def test_the_code_of_the_app_opens_the_door(sam, app):
    assert enter(sam, app_code(MORNING))


@pytest.mark.parametrize(("minutes", "opens"), [(-1, False), (-0.5, True), (0.5, True), (1, False)])
def test_a_phone_may_be_half_a_minute_off(sam, app, minutes, opens):
    assert enter(sam, app_code(MORNING + timedelta(minutes=minutes))) is opens


@pytest.mark.parametrize("later", [0, 5, 25, 49])
def test_a_code_of_the_app_works_once(sam, app, clock, later):
    ahead = app_code(MORNING + HALF_MINUTE)
    assert enter(sam, ahead)

    clock.shift(later)

    assert not enter(sam, ahead)


def test_an_earlier_code_than_the_one_used_does_not_work_any_more(sam, app):
    assert enter(sam, app_code(MORNING))
    assert not enter(sam, app_code(MORNING - HALF_MINUTE))
    assert enter(sam, app_code(MORNING + HALF_MINUTE))


def test_the_code_that_set_the_app_up_does_not_sign_in(sam):
    PhoneAppFactory(user=sam, created_at=MORNING)

    assert not enter(sam, app_code(MORNING))
    assert enter(sam, app_code(MORNING + HALF_MINUTE))


def test_of_wrong_codes_only_five_are_tried_and_then_the_right_one_is_refused(sam, app, clock):
    for number in range(10):
        assert not enter(sam, f"{number:06}")

    assert not enter(sam, app_code(MORNING))
    clock.shift(301)
    assert enter(sam, app_code(MORNING + timedelta(seconds=301)))


def test_a_right_code_does_not_forgive_the_wrong_ones_before_it(sam, app, clock):
    for number in range(4):
        enter(sam, f"{number:06}")
        clock.shift(1)
    assert enter(sam, app_code(MORNING))

    assert not enter(sam, "999999")
    assert not enter(sam, app_code(MORNING + HALF_MINUTE))


def test_a_recovery_code_works_once(sam, app):
    RecoveryCodesFactory(user=sam)
    code = codes_of(sam)[3]

    assert enter(sam, f"{code[:4]} {code[4:]}")
    assert not enter(sam, code)
    assert len(codes_of(sam)) == 9


@pytest.mark.parametrize("typed", ["", " ", "12345", "١٢٣٤٥٦", "\x00", "x" * 41, "1e309", "-1", "123456" * 7])
def test_what_is_no_code_opens_nothing(sam, app, typed):
    client = begin(sam)

    assert client.post(STEP, {"code": typed}).status_code == 200
    assert not signed_in(client)


@pytest.mark.parametrize(
    "credential",
    [
        "",
        "x",
        "[]",
        "null",
        "1e999",
        "[" * 10_000,
        json.dumps({"id": "x", "rawId": "x", "type": "public-key", "response": {}}),
        json.dumps({"id": "!", "response": {"clientDataJSON": "AA", "authenticatorData": "AA", "signature": "AA"}}),
        json.dumps({"id": "AA", "rawId": "AA", "type": "public-key", "response": {"userHandle": "z" * 400}}),
        json.dumps(
            {
                "id": "AA",
                "rawId": "AA",
                "type": "public-key",
                "response": {
                    "clientDataJSON": "e30",
                    "authenticatorData": "A" * 80,
                    "signature": "AA",
                    "userHandle": "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5",
                },
            }
        ),
        "x" * 40_000,
    ],
)
def test_what_is_no_passkey_opens_nothing_and_breaks_nothing(sam, app, credential):
    half, stranger, inside = begin(sam), Client(), at_ones_desk(UserFactory(email="lea@clinic.example"))

    assert half.post(STEP, {"credential": credential}).status_code == 200
    assert stranger.get("/accounts/2fa/webauthn/login/", headers={"accept": "application/json"}).status_code == 200
    assert stranger.post("/accounts/2fa/webauthn/login/", {"credential": credential}).status_code == 302
    assert inside.get("/accounts/2fa/webauthn/add/").status_code == 200
    assert inside.post("/accounts/2fa/webauthn/add/", {"credential": credential, "name": "x"}).status_code == 200
    assert not signed_in(half)
    assert not signed_in(stranger)
    assert not Authenticator.objects.filter(type="webauthn").exists()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_of_two_people_with_one_code_in_the_same_moment_one_gets_in():
    app = PhoneAppFactory(user=UserFactory())
    taken = []

    def somebody(code):
        taken.append(use_app_code(app, code))
        connections.close_all()

    with time_machine.travel(MORNING, tick=False):
        tries = [threading.Thread(target=somebody, args=[app_code(MORNING)]) for _each in range(4)]
        [each.start() for each in tries]
        [each.join() for each in tries]

    assert sorted(taken) == [False, False, False, True]


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


def test_password_of_a_moment_ago_does_not_stand_for_the_second_step(sam):
    client = at_ones_desk(sam)
    PhoneAppFactory(user=sam)
    RecoveryCodesFactory(user=sam)

    assert client.get("/accounts/2fa/recovery-codes/").url.startswith("/accounts/2fa/reauthenticate/?next=")


def test_somebody_with_passkeys_alone_confirms_with_one(sam, monkeypatch):
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


@pytest.fixture
def boss(sam):
    return UserFactory(email="boss@clinic.example", first_name="Robin", last_name="Park", role=Role.ADMIN)


def reset_page(person):
    return f"/staff/{person.public_id}/second-factor/"


def test_an_admin_takes_the_factors_of_a_colleague_away_with_a_reason_that_the_colleague_reads(sam, app, boss):
    RecoveryCodesFactory(user=sam)
    theirs = Client()
    theirs.force_login(sam)

    at_ones_desk(boss).post(reset_page(sam), {"reason": "Phone <lost> & found & lost"})

    reset = SecondFactorReset.objects.get()
    assert (reset.user, reset.by, reset.removed) == (sam, boss, "Phone app, Recovery codes")
    assert not Authenticator.objects.filter(user=sam).exists()
    assert theirs.get("/").status_code == 302
    [mail] = sent()
    assert (mail.to, mail.subject) == ([sam.email], "Your second step was removed")
    assert "Robin Park" in mail.body
    assert "Phone <lost> & found & lost" in mail.body


def test_taking_away_is_in_the_trail_and_its_row_is_only_ever_added_to(sam, app, boss):
    at_ones_desk(boss).post(reset_page(sam), {"reason": "Phone lost"})

    event = AuditEvent.objects.get(detail__what="second-factor-reset")
    assert (event.act, event.by, event.record_key) == (AuditEvent.Act.CREDENTIALS, boss, str(sam.public_id))
    assert "Phone lost" not in str(event.detail)
    with pytest.raises(DatabaseError, match="only ever added to"), transaction.atomic():
        SecondFactorReset.objects.update(reason="Nothing happened here.")


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501, "\x00"])
def test_without_a_reason_nothing_is_taken_away(sam, app, boss, reason):
    response = at_ones_desk(boss).post(reset_page(sam), {"reason": reason})

    assert response.status_code == 200
    assert Authenticator.objects.filter(user=sam).exists()


def test_taking_away_twice_is_one_reset(sam, app, boss):
    client = at_ones_desk(boss)
    for _tap in range(2):
        client.post(reset_page(sam), {"reason": "Phone lost"})

    assert SecondFactorReset.objects.count() == 1


def test_an_admin_takes_away_no_factors_of_their_own(boss):
    PhoneAppFactory(user=boss)
    client = Client()
    client.force_login(boss)

    assert client.get(reset_page(boss)).status_code == 403
    assert client.post(reset_page(boss), {"reason": "Phone lost"}).status_code == 403
    assert Authenticator.objects.filter(user=boss).exists()


def test_the_database_keeps_nobody_from_being_their_own_admin_but_itself(boss, sam):
    own = SecondFactorReset(user=boss, by=boss, reason="x", reset_at=MORNING)
    with pytest.raises(ValidationError, match="Another admin does"):
        own.validate_constraints()
    with pytest.raises(IntegrityError), transaction.atomic():
        own.save()


def test_the_admin_site_shows_no_secret_and_changes_none(sam, app, boss):
    client = at_ones_desk(boss)
    where = f"/admin/mfa/authenticator/{app.pk}/change/"

    assert app.data["secret"][:20] not in client.get(where).content.decode()
    assert client.post(where, {"type": "webauthn"}).status_code == 403
    assert client.get("/admin/mfa/authenticator/add/").status_code == 403
