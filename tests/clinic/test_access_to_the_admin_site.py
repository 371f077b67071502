"""Who gets into the admin site: admins alone, by the one login page, and they delete nothing."""

from urllib.parse import urlsplit

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from clinic.roles import Role
from tests.clinic.access import client_of, records_at, routes, snapshot
from tests.factories import LocationFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def here():
    return LocationFactory()


@pytest.fixture
def records(here):
    return records_at(here)


# The admin site has too many routes for a table; one rule covers them, and every page without an argument is opened.


def admin_pages():
    named = {name: where for where, name in routes() if name.startswith("admin:") and name[6:]}
    return sorted(name for name, where in named.items() if "(" not in where and "<" not in where)


ADMIN_PAGES = [*admin_pages(), "admin:app_list"]


def admin_address(name):
    return reverse("admin:app_list", args=["clinic"]) if name == "admin:app_list" else reverse(name)


def test_the_admin_site_shows_our_records_and_no_rights_beside_the_roles():
    lists = {name.removesuffix("_changelist") for name in ADMIN_PAGES if name.endswith("_changelist")}

    assert {"admin:clinic_user", "admin:clinic_location", "admin:patients_patient"} <= lists
    assert not {name for name in lists if name.startswith(("admin:auth_", "admin:account_", "admin:sessions_"))}


@pytest.mark.parametrize(
    ("who", "where"),
    [
        ("stranger", "/accounts/login/"),
        ("deactivated", "/accounts/login/"),
        ("half", "/accounts/2fa/authenticate/"),
    ],
)
def test_strangers_are_led_from_the_admin_site_to_the_door(here, who, where):
    client = client_of(who, here)

    found = {urlsplit(client.get(admin_address(name), follow=True).redirect_chain[-1][0]).path for name in ADMIN_PAGES}

    assert found == {where}


def test_admin_without_the_second_factor_that_is_asked_for_opens_no_page_of_the_admin_site(here, settings):
    settings.MFA_REQUIRED_ROLES = {"admin"}
    client = client_of("admin", here)

    found = {client.get(admin_address(name)).url for name in ADMIN_PAGES if name != "admin:login"}

    assert found == {"/account/security/set-up/"}


@pytest.mark.parametrize("who", ["staff", "clinician"])
def test_those_who_treat_are_kept_out_of_the_admin_site(here, who):
    client = client_of(who, here)
    inside = [name for name in ADMIN_PAGES if name != "admin:logout"]

    assert {client.get(admin_address(name), follow=True).status_code for name in inside} == {403}


def test_admin_opens_every_page_of_the_admin_site_and_none_writes(here, records):
    client = client_of("admin", here)
    before = snapshot()
    reads = [name for name in ADMIN_PAGES if name.endswith(("_changelist", "index", "app_list"))]

    assert {name: client.get(admin_address(name)).status_code for name in reads} == dict.fromkeys(reads, 200)
    assert snapshot() == before


@pytest.mark.parametrize("who", ["staff", "admin"])
@pytest.mark.parametrize("page", ["change", "history"])
def test_records_in_the_admin_site_are_the_admins(here, records, who, page):
    client = client_of(who, here)
    registered = [each for each in [*records.values(), here] if admin.site.is_registered(type(each))]

    found = {
        client.get(reverse(f"admin:{each._meta.label_lower.replace('.', '_')}_{page}", args=[each.pk])).status_code
        for each in registered
    }

    assert found == {200 if who == "admin" else 302}
    assert len(registered) >= 6


METHODS = ["get", "post", "put", "patch", "delete"]


@pytest.mark.parametrize("who", ["stranger", "deactivated", "half", "bare", "staff", "clinician"])
def test_by_no_method_is_anything_of_the_admin_site_open_to_others(here, records, settings, who):
    settings.MFA_REQUIRED_ROLES = {"clinician"} if who == "bare" else set()
    client = client_of(who, here)
    names = [each._meta.label_lower.replace(".", "_") for each in records.values()]
    registered = [(name, each.pk) for name, each in zip(names, records.values(), strict=True)]
    registered = [(name, pk) for name, pk in registered if f"admin:{name}_changelist" in ADMIN_PAGES]
    pages = [reverse(f"admin:{name}_{page}", args=[pk]) for name, pk in registered for page in ("change", "delete")]
    pages += [admin_address(f"admin:{name}_{page}") for name, _pk in registered for page in ("add", "changelist")]
    before = snapshot()

    found = {(method, where): getattr(client, method)(where).status_code for where in pages for method in METHODS}

    assert len(pages) > 40
    assert {each for each, status in found.items() if status not in {302, 403, 405}} == set()
    assert snapshot() == before


def test_admin_adds_what_may_be_added(here):
    client = client_of("admin", here)
    adds = [name for name in ADMIN_PAGES if name.endswith("_add")]

    found = {name: client.get(admin_address(name)).status_code for name in adds}

    assert {name for name, status in found.items() if status not in {200, 403}} == {"admin:clinic_user_add"}


def test_admin_deletes_nothing(here, records):
    client = client_of("admin", here)
    url = reverse("admin:patients_patient_delete", args=[records["patient"].pk])

    assert client.get(url).status_code == 403
    assert client.post(url, {"post": "yes"}).status_code == 403


def test_the_admin_site_offers_no_second_door():
    response = Client().get("/admin/login/?next=/admin/")

    assert (response.status_code, urlsplit(response.url).path) == (302, "/accounts/login/")


def test_a_password_posted_to_the_admin_site_signs_nobody_in(here):
    boss = UserFactory(role=Role.ADMIN, locations=[here])
    client = Client()

    client.post("/admin/login/", {"username": boss.email, "password": "wave-harbour-lantern"})

    assert "_auth_user_id" not in client.session
