"""What happens around every request: the place, its time zone, caches, and bytes that no address holds."""

from datetime import UTC, datetime
from http import HTTPStatus

import pytest
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone

from clinic.middleware import at_location, current_location
from clinic.models import Location, User
from clinic.roles import Role
from tests.factories import LocationFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def berlin():
    return LocationFactory(name="Berlin", time_zone="Europe/Berlin")


@pytest.fixture
def los_angeles():
    return LocationFactory(name="Los Angeles")


def request_of(user, **session):
    request = RequestFactory().get("/")
    request.user, request.session = user, session
    return request


def test_request_is_at_the_first_of_ones_places_until_another_is_chosen(berlin, los_angeles):
    nurse = UserFactory(locations=[los_angeles, berlin])

    assert current_location(request_of(nurse)) == berlin
    assert current_location(request_of(nurse, location=str(los_angeles.public_id))) == los_angeles


def test_place_that_is_not_ones_own_is_not_chosen(berlin, los_angeles):
    nurse = UserFactory(locations=[berlin])

    assert current_location(request_of(nurse, location=str(los_angeles.public_id))) == berlin


def test_admin_without_a_place_is_at_the_first_there_is(berlin):
    assert current_location(request_of(UserFactory(role=Role.ADMIN))) == berlin


def test_admin_works_at_any_place_chosen_and_else_at_ones_own(berlin, los_angeles):
    manager = UserFactory(role=Role.ADMIN, locations=[los_angeles])

    assert current_location(request_of(manager)) == los_angeles
    assert current_location(request_of(User.objects.get(), location=str(berlin.public_id))) == berlin


@pytest.mark.parametrize(("role", "status"), [(Role.ADMIN, 302), (Role.STAFF, 404)])
def test_whom_the_switch_lets_through_is_at_the_place_afterwards(client, berlin, los_angeles, role, status):
    client.force_login(UserFactory(role=role, locations=[los_angeles]))

    assert client.post(reverse("switch-location"), {"location": str(berlin.public_id)}).status_code == status
    assert client.get("/").wsgi_request.location == (berlin if status == 302 else los_angeles)


def test_somebody_without_a_place_is_nowhere(berlin):
    assert current_location(request_of(UserFactory())) is None


def test_request_runs_in_the_time_zone_of_its_place_and_the_next_does_not(berlin):
    seen = []
    at_location(lambda request: seen.append(timezone.get_current_timezone_name()))(
        request_of(UserFactory(locations=[berlin]))
    )

    assert seen == ["Europe/Berlin"]
    assert timezone.get_current_timezone_name() == "UTC"


def test_switching_to_another_of_ones_places_lasts(client, berlin, los_angeles):
    client.force_login(UserFactory(locations=[berlin, los_angeles]))

    response = client.post("/settings/location/", {"location": los_angeles.public_id})

    assert response.url == "/"
    assert client.get("/").context["here"] == los_angeles


@pytest.mark.parametrize("typed", ["", "nonsense", "\x00", "8f6a1d3e-0f0a-4a57-9c39-2f1a9d1f2a11"])
def test_switching_to_no_place_of_ones_own_is_refused(client, berlin, typed):
    client.force_login(UserFactory(locations=[berlin]))

    assert client.post("/settings/location/", {"location": typed}).status_code == 404


def test_theme_is_kept_with_the_person_and_leads_back(client, berlin):
    nurse = UserFactory(locations=[berlin])
    client.force_login(nurse)

    response = client.post("/settings/theme/", {"theme": "dark"}, headers={"referer": "http://testserver/patients/"})

    assert response.url == "/patients/"
    assert User.objects.get(pk=nurse.pk).theme == "dark"


@pytest.mark.parametrize("referer", ["https://elsewhere.example/", "javascript:alert(1)", "//elsewhere.example", ""])
def test_nobody_is_led_to_another_site(client, berlin, referer):
    client.force_login(UserFactory(locations=[berlin]))

    response = client.post("/settings/theme/", {"theme": "light"}, headers={"referer": referer})

    assert response.url == "/"


def test_unknown_theme_is_refused(client, berlin):
    client.force_login(UserFactory(locations=[berlin]))

    assert client.post("/settings/theme/", {"theme": "neon"}).status_code == HTTPStatus.BAD_REQUEST


@pytest.mark.parametrize("query", ["q=ana%00", "%00=1", "q%00=ana", "q=ana&%00="])
def test_nul_in_an_address_is_a_bad_request(client, berlin, query):
    client.force_login(UserFactory(locations=[berlin]))

    assert client.get(f"/search/?{query}").status_code == HTTPStatus.BAD_REQUEST


def test_pages_behind_the_sign_in_are_kept_in_no_cache(client, berlin):
    client.force_login(UserFactory(locations=[berlin]))

    kept = client.get("/").headers["Cache-Control"]

    assert "no-store" in kept
    assert "private" in kept


def test_every_page_carries_the_strict_policy(client, berlin):
    client.force_login(UserFactory(locations=[berlin]))

    policy = client.get("/").headers["Content-Security-Policy"]

    assert "unsafe" not in policy
    assert "default-src 'none'" in policy


def test_location_tells_its_own_day():
    here = Location(time_zone="America/Los_Angeles")

    assert here.today(datetime(2026, 11, 23, 7, 59, tzinfo=UTC)).isoformat() == "2026-11-22"
    assert here.today(datetime(2026, 11, 23, 8, 0, tzinfo=UTC)).isoformat() == "2026-11-23"


@pytest.mark.parametrize(
    "referer",
    [
        "x",
        "http://evil.example/",
        "//evil.example",
        "http://testserver.evil.example/",
        "http://testserver//evil.example/a",
        "http://testserver///evil.example/a",
        "http://testserver/\\evil.example/a",
        "http://testserver//evil.example@testserver/",
        "",
    ],
)
def test_theme_leads_to_no_address_but_ours(client, berlin, referer):
    client.force_login(UserFactory(locations=[berlin]))

    response = client.post("/settings/theme/", {"theme": "dark"}, headers={"referer": referer})

    assert response.url == "/"
