"""The door: how often somebody may try, what a stranger learns, where a sign-in leads."""

import threading
from datetime import UTC, datetime

import pytest
import time_machine
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.management import call_command
from django.db import connection, connections
from django.test import Client
from django.urls import reverse

from clinic.roles import Role
from tests.factories import PASSWORD, LocationFactory, PhoneAppFactory, UserFactory
from tests.posting import sent

pytestmark = pytest.mark.django_db

LOGIN = "/accounts/login/"
WRONG = "wrong-wrong-wrong"
EVENING = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
ELSEWHERE = ["//evil", "https://evil.example/", "javascript:alert(1)", "/\\evil", "\t//evil", "///evil"]


class CountingHasher(MD5PasswordHasher):
    """Says how often a password was hashed, which is the work that takes time."""

    algorithm = "md5"
    count = 0

    def encode(self, password, salt):
        type(self).count += 1
        return super().encode(password, salt)


@pytest.fixture
def hashing(settings):
    settings.PASSWORD_HASHERS = ["tests.clinic.test_door.CountingHasher"]

    def count(act):
        before = CountingHasher.count
        act()
        return CountingHasher.count - before

    return count


@pytest.fixture
def sam():
    return UserFactory(email="sam@clinic.example", locations=[LocationFactory()])


def try_once(password, login="sam@clinic.example", client=None, **extra):
    client = client or Client()
    client.post(LOGIN, {"login": login, "password": password}, **extra)
    return "_auth_user_id" in client.session


def test_after_thirty_wrong_passwords_the_right_one_is_refused_until_the_window_ends(sam):
    with time_machine.travel(EVENING, tick=False) as clock:
        for _try in range(30):
            try_once(WRONG)

        assert not try_once(PASSWORD)
        clock.shift(299)
        assert not try_once(PASSWORD)
        clock.shift(2)
        assert try_once(PASSWORD)


def test_after_thirty_wrong_passwords_others_at_the_same_address_get_in(sam):
    UserFactory(email="lea@clinic.example")
    for _try in range(30):
        try_once(WRONG)

    assert try_once(PASSWORD, "lea@clinic.example")


def test_locked_says_so_alike_for_an_account_and_for_none(sam):
    said = []
    for login in ("sam@clinic.example", "nobody@clinic.example"):
        for _try in range(5):
            try_once(WRONG, login)
        said.append(Client().post(LOGIN, {"login": login, "password": WRONG}).context["form"].errors)

    assert said[0] == said[1] == {"__all__": ["Too many tries. Wait five minutes, then try again."]}


@pytest.mark.parametrize("proxies", [0, 1])
def test_rotating_forwarded_addresses_do_not_give_more_tries(sam, settings, proxies):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    for number in range(5):
        try_once(WRONG, headers={"x-forwarded-for": f"198.51.100.{number}, 203.0.113.{number}"})

    assert not try_once(PASSWORD, headers={"x-forwarded-for": "192.0.2.1"})


@pytest.mark.parametrize("host", ["testserver:{}", "testserver.:{}", "TESTSERVER:{}"])
def test_another_port_in_the_host_does_not_give_more_tries(sam, host):
    for number in range(5):
        try_once(WRONG, headers={"host": host.format(8000 + number)})

    assert not try_once(PASSWORD)


@pytest.mark.parametrize(
    ("proxies", "may"), [(0, False), (1, True)], ids=["nothing is believed", "the proxy's own word"]
)
def test_one_address_tries_sixty_accounts_a_minute_and_others_are_told_apart_by_the_proxy(sam, settings, proxies, may):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    with time_machine.travel(EVENING, tick=False):
        for number in range(60):
            try_once(WRONG, f"nobody{number}@clinic.example", headers={"x-forwarded-for": "198.51.100.7"})

        assert try_once(PASSWORD, headers={"x-forwarded-for": "192.0.2.1"}) is may


def drop_cache_table():
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE clinic_cache")


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_five_wrong_tries_in_all_whatever_the_number_of_workers(settings, hashing, request):
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "clinic_cache"},
        "worker": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"},
    }
    call_command("createcachetable", verbosity=0)
    request.addfinalizer(drop_cache_table)
    UserFactory(email="sam@clinic.example", locations=[LocationFactory()])

    def worker():
        for _try in range(4):
            try_once(WRONG)
        connections.close_all()

    workers = [threading.Thread(target=worker) for _each in range(4)]

    def all_of_them():
        [each.start() for each in workers]
        [each.join() for each in workers]

    assert hashing(all_of_them) == 5
    assert not try_once(PASSWORD)


def test_the_cache_forgets_no_count_for_addresses_that_nobody_has(settings):
    from clinic import settings as of_the_clinic  # noqa: PLC0415 -- the suite's own settings have another cache

    assert of_the_clinic.CACHES["default"]["OPTIONS"]["MAX_ENTRIES"] >= 100_000


def test_as_much_is_hashed_for_an_address_that_nobody_has(sam, hashing):
    known = hashing(lambda: try_once(WRONG))
    unknown = hashing(lambda: try_once(WRONG, "nobody@clinic.example"))

    assert known == unknown == 1


def test_somebody_deactivated_is_answered_like_a_wrong_password_and_as_much_is_hashed(sam, hashing):
    sam.is_active = False
    sam.save()
    wrong = Client().post(LOGIN, {"login": sam.email, "password": WRONG}).context["form"].errors
    nobody = Client().post(LOGIN, {"login": "nobody@clinic.example", "password": WRONG}).context["form"].errors

    assert wrong == nobody
    assert hashing(lambda: try_once(WRONG)) == 1


def test_a_session_set_before_signing_in_is_dead_after(sam):
    client = Client()
    session = client.session
    session["planted"] = "by somebody else"
    session.save()
    planted = session.session_key

    assert try_once(PASSWORD, client=client)

    assert client.cookies["sessionid"].value != planted
    thief = Client()
    thief.cookies["sessionid"] = planted
    assert thief.get("/").status_code == 302


@pytest.mark.parametrize("target", ELSEWHERE)
def test_signing_in_leads_to_a_page_of_ours_alone(sam, target):
    client = Client()
    response = client.post(LOGIN, {"login": sam.email, "password": PASSWORD, "next": target})

    assert response.url == "/"


@pytest.mark.parametrize("target", ELSEWHERE)
def test_signing_out_leads_to_a_page_of_ours_alone(sam, target):
    client = Client()
    client.force_login(sam)

    assert client.post("/accounts/logout/", {"next": target}).url == LOGIN


@pytest.mark.parametrize("target", ELSEWHERE)
def test_confirming_leads_to_a_page_of_ours_alone(sam, target):
    client = Client()
    client.force_login(sam)

    response = client.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": target})

    assert response.url == "/"


@pytest.mark.parametrize("target", ELSEWHERE)
def test_somebody_who_sets_a_second_step_up_is_led_to_a_page_of_ours_alone(sam, settings, target):
    settings.MFA_REQUIRED_ROLES = {"staff"}
    client = Client()
    client.force_login(sam)
    client.get("/patients/", {"next": target})
    settings.MFA_REQUIRED_ROLES = set()

    assert client.get(reverse("second-factor-done")).url.startswith("/patients/?next=")


@pytest.fixture
def guarded(sam):
    PhoneAppFactory(user=sam)
    return sam


def test_the_admin_sites_own_login_does_not_skip_the_second_step():
    boss = UserFactory(email="boss@clinic.example", role=Role.ADMIN)
    PhoneAppFactory(user=boss)
    client = Client()

    response = client.post("/admin/login/?next=/admin/", {"username": boss.email, "password": PASSWORD})

    assert response.url.startswith(LOGIN)
    assert "_auth_user_id" not in client.session


def test_a_password_reset_does_not_skip_the_second_step(guarded):
    client = Client()
    client.post("/accounts/password/reset/", {"email": guarded.email})
    link = next(word for word in sent()[0].body.split() if "/password/reset/key/" in word)
    form = client.get(link.replace("http://testserver", ""), follow=True)
    path = form.redirect_chain[-1][0]
    client.post(path, {"password1": "lantern-wave-harbour", "password2": "lantern-wave-harbour"})

    assert "_auth_user_id" not in client.session
    response = client.post(LOGIN, {"login": guarded.email, "password": "lantern-wave-harbour"})
    assert response.url == "/accounts/2fa/authenticate/"
    assert "_auth_user_id" not in client.session


def test_confirming_by_password_does_not_skip_the_second_step(guarded):
    client = Client()
    client.force_login(guarded)

    response = client.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": "/account/security/"})

    assert response.url.startswith("/accounts/2fa/reauthenticate/")
    assert client.get("/accounts/2fa/totp/deactivate/").status_code == 302


def test_somebody_half_signed_in_is_a_stranger_to_every_page(guarded):
    client = Client()
    response = client.post(LOGIN, {"login": guarded.email, "password": PASSWORD})

    assert response.url == "/accounts/2fa/authenticate/"
    assert client.get("/patients/").url == f"{LOGIN}?next=/patients/"
