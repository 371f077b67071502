"""How long a sign-in lasts, and what keeps it."""

import re
from datetime import timedelta
from http import HTTPStatus

import pytest
from django.conf import settings as clinic_settings
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from clinic import middleware, sign_in_time
from clinic.roles import Role
from tests.factories import PASSWORD, LocationFactory, UserFactory

pytestmark = pytest.mark.django_db

STATE = "/account/here/"
IN_THE_BACKGROUND = [
    {"X-Background": "1"},
    {"Sec-Fetch-Mode": "no-cors"},  # a beacon, a picture
    {"Sec-Fetch-Mode": "cors"},  # a script of the page
]


@pytest.fixture
def nurse():
    return UserFactory(email="sam@clinic.example", role=Role.STAFF, locations=[LocationFactory()])


@pytest.fixture
def desk(client, nurse):
    client.force_login(nurse)
    return client


def age(client, *, unused=timedelta(), signed_in=timedelta()):
    """Let a sign-in be as if it had been used and made so long ago."""
    session = client.session
    now = timezone.now()
    session[sign_in_time.USED_AT] = (now - unused).timestamp()
    session[sign_in_time.SIGNED_IN_AT] = (now - max(signed_in, unused)).timestamp()
    session.save()


def is_in(client):
    return client.get(STATE, headers={"X-Background": "1"}).json()["person"] is not None


def test_sign_in_ends_after_fifteen_minutes_without_use(desk):
    age(desk, unused=timedelta(minutes=14, seconds=50))
    assert desk.get("/patients/").status_code == HTTPStatus.OK

    age(desk, unused=timedelta(minutes=15))
    response = desk.get("/patients/")

    assert response.url == "/accounts/login/?next=/patients/"
    assert "Nothing was done for 15 minutes, so you were signed out." in desk.get(response.url).content.decode()


def test_sign_in_ends_after_twelve_hours_however_much_it_is_used(desk):
    age(desk, signed_in=timedelta(hours=11, minutes=59))
    assert desk.get("/patients/").status_code == HTTPStatus.OK

    age(desk, signed_in=timedelta(hours=12))
    response = desk.get("/patients/")

    assert response.url == "/accounts/login/?next=/patients/"
    assert "a sign-in lasts a day" in desk.get(response.url).content.decode()


def test_an_act_puts_the_end_off(desk):
    age(desk, unused=timedelta(minutes=14))
    desk.get("/patients/")

    left = sign_in_time.left(desk.session, timezone.now())

    assert left.unused > timedelta(minutes=14, seconds=50)


@pytest.mark.parametrize("headers", IN_THE_BACKGROUND)
@pytest.mark.parametrize("address", ["/patients/", STATE])
def test_background_polling_and_beacons_do_not_keep_a_sign_in(desk, headers, address):
    age(desk, unused=timedelta(minutes=14))
    before = desk.session[sign_in_time.USED_AT]

    assert desk.get(address, headers=headers).status_code == HTTPStatus.OK

    assert desk.session[sign_in_time.USED_AT] == before


def test_what_htmx_sends_for_a_person_keeps_a_sign_in(desk):
    age(desk, unused=timedelta(minutes=14))
    before = desk.session[sign_in_time.USED_AT]

    desk.post("/search/", {"q": "a"}, headers={"Sec-Fetch-Mode": "cors", "HX-Request": "true"})

    assert desk.session[sign_in_time.USED_AT] > before


def test_what_htmx_asks_by_the_clock_says_that_nobody_did_it(desk):
    by_the_clock = re.compile(r"<[^>]*hx-trigger=\"[^\"]*\b(?:every|load delay)[^>]*>")
    pages = [path.read_text() for path in (clinic_settings.BASE_DIR / "templates").rglob("*.html")]
    asking = [tag for page in pages for tag in by_the_clock.findall(re.sub(r"{%.*?%}", "", page))]

    assert asking
    assert [tag for tag in asking if '"X-Background": "1"' not in tag] == []


def test_button_stay_signed_in_puts_the_end_off_and_asking_does_not(desk):
    age(desk, unused=timedelta(minutes=14, seconds=30))

    asked = desk.get(STATE, headers={"X-Background": "1"}).json()["seconds"]
    stayed = desk.post(STATE, headers={"X-Background": "1"}).json()["seconds"]

    assert asked <= 30
    assert stayed >= 895


def test_staying_does_not_reach_beyond_the_day(desk):
    age(desk, signed_in=timedelta(hours=11, minutes=59, seconds=30))

    state = desk.post(STATE).json()

    assert (state["seconds"] <= 30, state["longer"]) == (True, False)


def test_cookie_of_an_ended_sign_in_opens_nothing_when_replayed(desk):
    cookie = desk.cookies["sessionid"].value
    age(desk, unused=timedelta(minutes=16))
    desk.get("/")

    thief = Client()
    thief.cookies["sessionid"] = cookie

    assert thief.get("/patients/").status_code == HTTPStatus.FOUND
    assert not is_in(thief)


def test_cookie_of_somebody_who_signed_out_opens_nothing_when_replayed(desk):
    cookie = desk.cookies["sessionid"].value
    desk.post("/accounts/logout/")

    thief = Client()
    thief.cookies["sessionid"] = cookie

    assert thief.get("/patients/").status_code == HTTPStatus.FOUND


def test_cookie_set_before_signing_in_is_worth_nothing_afterwards(client, nurse):
    client.get("/accounts/login/")
    client.cookies["sessionid"] = "a" * 32
    client.post("/accounts/login/", {"login": nurse.email, "password": PASSWORD})

    thief = Client()
    thief.cookies["sessionid"] = "a" * 32

    assert client.cookies["sessionid"].value != "a" * 32
    assert (is_in(client), is_in(thief)) == (True, False)


def test_session_that_does_not_say_when_it_began_has_ended(desk):
    session = desk.session
    del session[sign_in_time.SIGNED_IN_AT]
    session.save()

    assert desk.get("/patients/").status_code == HTTPStatus.FOUND


def test_stranger_is_told_that_nobody_is_signed_in(client):
    assert client.get(STATE).json() == {"person": None}
    assert client.post(STATE).json() == {"person": None}


@pytest.mark.parametrize("headers", [{"HX-Request": "true"}, {"X-Background": "1"}])
def test_script_is_told_that_the_sign_in_ended_and_gets_no_page_to_show(client, headers):
    response = client.get("/patients/", headers=headers)

    assert (response.status_code, response.content) == (HTTPStatus.UNAUTHORIZED, b"")
    assert response["HX-Trigger"] == "signed-out"


def test_page_knows_how_long_its_person_stays(desk, nurse):
    page = desk.get("/patients/").content.decode()

    assert f'data-person="{nurse.public_id}"' in page
    assert int(re.search(r'data-seconds="(\d+)"', page)[1]) >= 895


def test_another_person_is_led_on_with_a_word(desk):
    response = desk.get("/account/other/", follow=True)

    assert "The page that was open belonged to somebody else and was left." in response.content.decode()


def test_posting_works_with_the_token_that_the_state_gives(nurse):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(nurse)
    token = browser.get(STATE).json()["token"]

    assert browser.post(STATE, headers={"X-CSRFToken": "x" * 64}).status_code == HTTPStatus.FORBIDDEN
    assert browser.post(STATE, headers={"X-CSRFToken": token}).status_code == HTTPStatus.OK


def test_two_acts_in_a_row_are_noted_once(desk, django_assert_num_queries):
    desk.get("/patients/")
    with django_assert_num_queries(8):
        desk.get("/patients/new/")
    age(desk, unused=timedelta(minutes=1))
    with django_assert_num_queries(14):  # and the moment, in the session and on the list, each in a savepoint
        desk.get("/patients/new/")


def test_page_is_read_while_nothing_can_be_written(desk, monkeypatch):
    def full(*args, **kwargs):
        raise OperationalError("database or disk is full")

    age(desk, unused=timedelta(minutes=2))
    before = desk.session[sign_in_time.USED_AT]
    monkeypatch.setattr(middleware, "note_use", full)

    assert desk.get("/patients/").status_code == HTTPStatus.OK
    assert desk.session[sign_in_time.USED_AT] == before


def test_minutes_are_a_setting(settings, desk):
    settings.SESSION_IDLE_MINUTES = 1
    age(desk, unused=timedelta(seconds=61))

    assert "for 1 minute, so" in desk.get(desk.get("/patients/").url).content.decode()
