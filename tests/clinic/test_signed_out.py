from http import HTTPStatus

import pytest
from django.urls import reverse

from clinic.roles import Role
from tests.factories import LocationFactory, SessionFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def sign():
    """Return the address that only takes what a form sends."""
    return reverse("session-sign", args=[SessionFactory().public_id])


def test_what_was_sent_after_the_sign_in_ended_leads_back_to_its_page(client, sign):
    response = client.post(sign, headers={"referer": "http://testserver/courses/"})

    assert response.url == "/accounts/login/?next=/courses/"
    assert "so the last step was not saved" in client.get(response.url).content.decode()


@pytest.mark.parametrize("referer", ["", "http://evil.example/", "x"])
def test_what_was_sent_from_elsewhere_leads_to_today(client, sign, referer):
    assert client.post(sign, headers={"referer": referer}).url == "/accounts/login/?next=/"


def test_page_that_was_asked_for_is_shown_after_signing_in(client):
    assert client.get("/patients/").url == "/accounts/login/?next=/patients/"


def test_address_that_only_takes_a_form_says_so(client, sign):
    client.force_login(UserFactory(role=Role.CLINICIAN, locations=[LocationFactory()]))

    response = client.get(sign)

    assert response.status_code == HTTPStatus.METHOD_NOT_ALLOWED
    assert "There is no page at this address" in response.content.decode()


def test_form_in_another_charset_is_refused_with_a_page(client):
    response = client.post(
        "/patients/new/", b"given_name=x", content_type="application/x-www-form-urlencoded; charset=utf-16"
    )

    assert response.status_code == HTTPStatus.BAD_REQUEST
    assert "could not be read" in response.content.decode()
