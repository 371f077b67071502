"""The second step at the door: a code works once, and what is none opens nothing."""

import json
import threading
from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.db import connections
from django.test import Client

from clinic.second_factor.codes import use_app_code
from tests.clinic.second_steps import MORNING, STEP, at_ones_desk, begin, codes_of, enter, signed_in
from tests.factories import LocationFactory, PhoneAppFactory, RecoveryCodesFactory, UserFactory, app_code

pytestmark = pytest.mark.django_db
HALF_MINUTE = timedelta(seconds=30)


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
