"""One's own sign-ins: where, since when, and how they end."""

from datetime import timedelta
from http import HTTPStatus

import pytest
from django.test import Client
from django.utils import timezone

from clinic.browsers import named
from clinic.models import SignIn
from tests.factories import PASSWORD, LocationFactory, UserFactory

pytestmark = pytest.mark.django_db

TABLET = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36"
LIST = "/account/sign-ins/"


@pytest.fixture
def nurse():
    return UserFactory(email="sam@clinic.example", locations=[LocationFactory()])


def browser_of(user, agent=TABLET):
    browser = Client(headers={"user-agent": agent})
    browser.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    return browser


def is_in(browser):
    return browser.get("/patients/").status_code == HTTPStatus.OK


def test_list_says_where_from_where_and_since_when(nurse):
    desk = browser_of(nurse)
    browser_of(nurse, "Mozilla/5.0 (Windows NT 10.0; rv:130.0) Gecko/20100101 Firefox/130.0")
    page = desk.get(LIST).content.decode()

    assert "Chrome, Android" in page
    assert "Firefox, Windows" in page
    assert page.count("127.0.0.1") == 2
    assert page.count("This one") == 1


def test_one_is_ended_and_the_others_go_on(nurse):
    desk, lost, kept = browser_of(nurse), browser_of(nurse), browser_of(nurse)
    which = SignIn.objects.get(session_key=lost.cookies["sessionid"].value).public_id
    desk.post("/account/sign-ins/end/", {"which": str(which)})

    assert (is_in(desk), is_in(lost), is_in(kept)) == (True, False, True)


def test_all_others_are_ended_at_once(nurse):
    desk, one, two = browser_of(nurse), browser_of(nurse), browser_of(nurse)
    response = desk.post("/account/sign-ins/end/", {"which": "others"}, follow=True)

    assert "2 other sign-ins ended." in response.content.decode()
    assert (is_in(desk), is_in(one), is_in(two)) == (True, False, False)


def test_nobody_ends_the_sign_in_of_somebody_else(nurse):
    other = UserFactory(email="ines@clinic.example", locations=[LocationFactory()])
    desk, theirs = browser_of(nurse), browser_of(other)
    which = str(SignIn.objects.get(user=other).public_id)

    assert desk.post("/account/sign-ins/end/", {"which": which}).status_code == HTTPStatus.NOT_FOUND
    assert is_in(theirs)


@pytest.mark.parametrize("which", ["", "x", "9" * 40])
def test_nonsense_ends_nothing(nurse, which):
    desk = browser_of(nurse)

    assert desk.post("/account/sign-ins/end/", {"which": which}).status_code == HTTPStatus.NOT_FOUND
    assert is_in(desk)


def test_another_password_ends_the_others_and_keeps_this_one(nurse):
    desk, other = browser_of(nurse), browser_of(nurse)
    new = "lantern-wave-harbour"
    desk.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})

    assert (is_in(desk), is_in(other)) == (True, False)
    assert list(nurse.sign_ins.values_list("session_key", flat=True)) == [desk.cookies["sessionid"].value]


def test_signing_out_takes_it_off_the_list(nurse):
    browser_of(nurse).post("/accounts/logout/")

    assert not nurse.sign_ins.exists()


def test_unused_and_old_ones_are_not_shown(nurse):
    desk = browser_of(nurse)
    for _number in range(2):
        browser_of(nurse)
    unused, old = nurse.sign_ins.order_by("-pk")[:2]
    SignIn.objects.filter(pk=unused.pk).update(seen_at=timezone.now() - timedelta(minutes=15))
    SignIn.objects.filter(pk=old.pk).update(started_at=timezone.now() - timedelta(hours=12))

    assert desk.get(LIST).content.decode().count("last used") == 1


def test_use_is_noted_on_the_list(nurse):
    desk = browser_of(nurse)
    long_ago = timezone.now() - timedelta(minutes=10)
    SignIn.objects.update(seen_at=long_ago)
    session = desk.session
    session["used_at"] = long_ago.timestamp()
    session.save()
    desk.get("/patients/")

    assert nurse.sign_ins.get().seen_at > long_ago + timedelta(minutes=9)


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (TABLET, "Chrome, Android"),
        ("Mozilla/5.0 (iPad; CPU OS 17_0 like Mac OS X) Version/17.0 Safari/605.1", "Safari, iPad"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/131.0 Safari/537.36 Edg/131.0", "Edge, Windows"),
        ("", "an unknown browser"),
        ("<script>alert(1)</script>", "an unknown browser"),
    ],
)
def test_browsers_are_called_as_people_know_them(agent, words):
    assert named(agent) == words


@pytest.mark.parametrize("count", [1, 3])
def test_list_asks_as_often_for_three_as_for_one(nurse, count, django_assert_num_queries):
    desk = browser_of(nurse)
    for _number in range(count - 1):
        browser_of(nurse)
    desk.get(LIST)

    with django_assert_num_queries(9):
        page = desk.get(LIST).content.decode()

    assert page.count("last used") == count
