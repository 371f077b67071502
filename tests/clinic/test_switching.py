"""A shared tablet: who may come back by a PIN, where, and for how long."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http import HTTPStatus

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from clinic import sign_in_time
from clinic.actions.sign_ins import set_pin
from clinic.actions.switching import opens
from clinic.models import AuditEvent, DevicePerson, Pin, SharedDevice, User
from clinic.roles import Role
from tests.factories import PASSWORD, LocationFactory, PhoneAppFactory, RecoveryCodesFactory, UserFactory

pytestmark = pytest.mark.django_db

DIGITS = "483920"
WRONG = "483921"
SWITCH = "/switch/"
STATE = "/account/here/"


def sign_in(client, user):
    return client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})


def type_password_again(client):
    client.post("/accounts/reauthenticate/?next=/account/pin/", {"password": PASSWORD})


def person_in(client):
    return client.get(STATE).json()["person"]


def enter(client, user, digits=DIGITS, back="/patients/"):
    person = DevicePerson.objects.filter(user=user).first()
    form = {"person": str(person.public_id) if person else "", "digits": digits, "next": back}
    return client.post(SWITCH, form)


def with_pin(**fields):
    user = UserFactory(locations=[LocationFactory()], **fields)
    set_pin(user, digits=DIGITS, now=timezone.now())
    return user


@pytest.fixture
def sam():
    return with_pin(email="sam@clinic.example", first_name="Sam", last_name="Adeyemi")


@pytest.fixture
def ines():
    return with_pin(email="ines@clinic.example", role=Role.CLINICIAN)


@pytest.fixture
def tablet(client, sam, ines):
    """A tablet on which Sam made it shared, Ines signed in after, and nobody is signed in now."""
    sign_in(client, sam)
    client.post("/account/device/", {"name": "Tablet, room 2"})
    client.post("/switch/leave/")
    sign_in(client, ines)
    client.post("/switch/leave/")
    return client


def test_switching_shows_who_signed_in_here_lately(tablet, sam, ines):
    UserFactory(first_name="Never", last_name="Here")

    page = tablet.get(SWITCH).content.decode()

    assert "Sam Adeyemi" in page
    assert "Ines Moreau" in page
    assert "Never Here" not in page
    assert person_in(tablet) is None


def test_leaving_leads_back_to_the_page_one_was_on(client, sam):
    sign_in(client, sam)
    client.post("/account/device/", {"name": "Tablet"})

    response = client.post("/switch/leave/", headers={"referer": "http://testserver/patients/?q=a"})

    assert response.url == "/switch/?next=%2Fpatients%2F%3Fq%3Da"
    assert person_in(client) is None


def test_pin_brings_somebody_back_to_the_page(tablet, sam):
    response = enter(tablet, sam)

    assert response.url == "/patients/"
    assert person_in(tablet) == str(sam.public_id)


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x"])
def test_pin_leads_to_no_other_site(tablet, sam, target):
    assert enter(tablet, sam, back=target).url == "/"


def test_day_counts_from_the_password_and_not_from_the_pin(tablet, sam):
    hours = timedelta(hours=11, minutes=50)
    DevicePerson.objects.filter(user=sam).update(signed_in_at=timezone.now() - hours)
    enter(tablet, sam)

    left = sign_in_time.left(tablet.session, timezone.now())

    assert timedelta(minutes=9) < left.at_most <= timedelta(minutes=10)


def test_wrong_pin_opens_nothing_and_says_so(tablet, sam):
    response = enter(tablet, sam, WRONG)

    assert "This is not the PIN." in response.content.decode()
    assert person_in(tablet) is None


def test_after_five_wrong_tries_the_right_pin_is_refused_until_the_password(tablet, sam):
    for _try in range(4):
        enter(tablet, sam, WRONG)
    last = enter(tablet, sam, WRONG)
    right = enter(tablet, sam)

    assert last.url == "/accounts/login/?next=%2Fpatients%2F"
    assert (right.status_code, person_in(tablet)) == (HTTPStatus.OK, None)
    assert Pin.objects.get(user=sam).is_used_up
    assert "Sam Adeyemi" not in tablet.get(SWITCH).content.decode()


def test_password_gives_the_pin_its_tries_back(tablet, sam):
    Pin.objects.filter(user=sam).update(failed_count=5)
    sign_in(tablet, sam)
    tablet.post("/switch/leave/")

    assert enter(tablet, sam).url == "/patients/"


def test_wrong_pins_count_against_the_limit_of_the_password(tablet, sam):
    for _try in range(5):
        enter(tablet, sam, WRONG)

    response = sign_in(tablet, sam)

    assert "Too many tries. Wait five minutes, then try again." in response.content.decode()
    assert person_in(tablet) is None


def test_wrong_passwords_count_against_the_pin(tablet, sam):
    for _try in range(5):
        tablet.post("/accounts/login/", {"login": sam.email, "password": "wrong-wrong-wrong"})

    assert "Too many tries" in enter(tablet, sam).content.decode()
    assert person_in(tablet) is None


def test_pin_is_no_door_on_an_unknown_device(tablet, sam):
    elsewhere = Client()

    assert elsewhere.get(SWITCH).url == "/accounts/login/?next=%2F"
    assert enter(elsewhere, sam).url == "/accounts/login/?next=%2Fpatients%2F"
    assert person_in(elsewhere) is None


@pytest.mark.parametrize("cookie", ["", "x", "made:up:value"])
def test_made_up_cookie_is_no_device(sam, cookie):
    elsewhere = Client()
    elsewhere.cookies["device"] = cookie

    assert elsewhere.get(SWITCH).status_code == HTTPStatus.FOUND


def test_pin_is_no_door_on_a_shared_device_where_its_owner_never_signed_in(tablet):
    noor = with_pin(email="noor@clinic.example")

    assert enter(tablet, noor).status_code == HTTPStatus.OK
    assert person_in(tablet) is None


def test_person_of_another_device_does_not_come_back_on_this_one(tablet):
    other, noor = Client(), with_pin(email="noor@clinic.example")
    sign_in(other, noor)
    other.post("/account/device/", {"name": "Tablet, room 9"})

    enter(tablet, noor)

    assert person_in(tablet) is None


def test_pin_works_for_twelve_hours_after_the_password(tablet, sam):
    DevicePerson.objects.filter(user=sam).update(signed_in_at=timezone.now() - timedelta(hours=12, seconds=1))

    enter(tablet, sam)

    assert person_in(tablet) is None


@pytest.mark.parametrize("change", ["deactivated", "other password", "no pin", "device withdrawn"])
def test_pin_ends_with_what_it_stands_on(tablet, sam, change):
    person = DevicePerson.objects.get(user=sam)
    if change == "deactivated":
        User.objects.filter(pk=sam.pk).update(is_active=False)
    elif change == "other password":
        sam.set_password("another-wave-lantern")
        sam.save()
    elif change == "no pin":
        Pin.objects.filter(user=sam).delete()
    else:
        SharedDevice.objects.update(withdrawn_at=timezone.now())

    tablet.post(SWITCH, {"person": str(person.public_id), "digits": DIGITS})

    assert person_in(tablet) is None


def test_who_signs_out_is_not_shown_any_more(tablet, sam):
    enter(tablet, sam)
    tablet.post("/accounts/logout/")

    assert "Sam Adeyemi" not in tablet.get(SWITCH).content.decode()


def test_pin_is_not_enough_for_what_asks_for_the_password(tablet, sam):
    enter(tablet, sam)

    assert tablet.get("/account/pin/").url.startswith("/accounts/reauthenticate/")


@pytest.mark.parametrize("where", ["recovery-codes/", "recovery-codes/download/", "totp/deactivate/"])
def test_password_and_pin_together_are_no_second_step(tablet, sam, where):
    PhoneAppFactory(user=sam)
    RecoveryCodesFactory(user=sam)
    sign_in(tablet, sam)
    assert person_in(tablet) is None  # the second step is still to come

    enter(tablet, sam)

    assert person_in(tablet) == str(sam.public_id)
    assert tablet.get(f"/accounts/2fa/{where}").url.startswith("/accounts/2fa/reauthenticate/")


def test_pin_takes_nothing_over_from_who_was_here_before(tablet, sam):
    session = tablet.session
    session["typed"] = "x"
    session.save()

    enter(tablet, sam)

    assert "typed" not in tablet.session


def test_old_session_is_dead_after_switching(client, sam, ines):
    sign_in(client, sam)
    client.post("/account/device/", {"name": "Tablet"})
    old = client.cookies["sessionid"].value
    client.post("/switch/leave/")

    thief = Client()
    thief.cookies["sessionid"] = old

    assert person_in(thief) is None


def test_cookie_of_the_device_is_signed_and_hidden_from_scripts(tablet):
    cookie = tablet.cookies["device"]

    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert SharedDevice.objects.get().secret_digest not in cookie.value


def test_pin_is_kept_as_argon2_hashes_it(settings, sam):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    pin = set_pin(sam, digits=DIGITS, now=timezone.now())

    assert pin.digits.startswith("argon2")
    assert pin.opens_with(DIGITS)
    assert not pin.opens_with(WRONG)


def test_stopping_to_share_forgets_everybody(tablet, sam):
    enter(tablet, sam)
    tablet.post("/account/device/", {"act": "stop"})
    tablet.post("/accounts/logout/")

    assert tablet.get(SWITCH).url == "/accounts/login/?next=%2F"
    assert DevicePerson.objects.count() == 0


def test_sharing_twice_makes_one_device(client, sam):
    sign_in(client, sam)
    client.post("/account/device/", {"name": "Tablet"})
    client.post("/account/device/", {"name": "Tablet"})

    assert SharedDevice.objects.count() == 1


def test_pin_is_set_after_the_password_alone(client, sam):
    client.force_login(sam)
    form = {"digits": "905673", "again": "905673"}
    refused = client.post("/account/pin/", form)
    assert refused.url == "/account/pin/"
    assert "905673" not in str(dict(client.session))
    type_password_again(client)

    response = client.post("/account/pin/", form, follow=True)

    assert "The PIN is set." in response.content.decode()
    assert Pin.objects.get(user=sam).opens_with("905673")


def test_pin_is_removed(client, sam):
    sign_in(client, sam)
    type_password_again(client)
    client.post("/account/pin/", {"act": "remove"})

    assert not Pin.objects.filter(user=sam).exists()


def test_pin_that_is_set_or_removed_is_in_the_trail(client, sam):
    sign_in(client, sam)
    type_password_again(client)
    client.post("/account/pin/", {"digits": "905673", "again": "905673"})
    client.post("/account/pin/", {"act": "remove"})
    client.post("/account/pin/", {"act": "remove"})

    events = AuditEvent.objects.filter(detail__what__startswith="pin-", view_name="own-pin").order_by("pk")
    assert [(event.act, event.by, event.detail["what"]) for event in events] == [
        (AuditEvent.Act.CREDENTIALS, sam, "pin-set"),
        (AuditEvent.Act.CREDENTIALS, sam, "pin-removed"),
    ]


@pytest.mark.parametrize("count", [1, 3])
def test_list_of_people_asks_as_often_for_three_as_for_one(client, sam, count, django_assert_num_queries):
    sign_in(client, sam)
    client.post("/account/device/", {"name": "Tablet"})
    device = SharedDevice.objects.get()
    for number in range(count - 1):
        other = with_pin(email=f"other{number}@clinic.example")
        mark = other.get_session_auth_hash()
        DevicePerson.objects.create(device=device, user=other, signed_in_at=timezone.now(), password_mark=mark)
    client.post("/switch/leave/")

    with django_assert_num_queries(3):  # the device, its people, their roles
        page = client.get(SWITCH).content.decode()

    assert page.count('class="switch-person"') == count


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_many_guesses_at_once_are_no_more_than_five():
    sam = with_pin(email="sam@clinic.example")
    device = SharedDevice.objects.create(name="Tablet", secret_digest="x", made_by=sam, made_at=timezone.now())
    person = DevicePerson.objects.create(device=device, user=sam, signed_in_at=timezone.now(), password_mark="")

    def guess(number):
        try:
            return opens(person, f"90567{number}")
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert not any(pool.map(guess, range(10)))

    assert Pin.objects.get().failed_count == 5
