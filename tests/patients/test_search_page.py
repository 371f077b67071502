"""Finding a person, live in the top bar and on a page of its own."""

from datetime import date

import pytest

from clinic.roles import Role
from tests.factories import LocationFactory, PatientFactory, UserFactory

pytestmark = pytest.mark.django_db

URL = "/search/"
LIVE = {"HX-Request": "true"}


@pytest.fixture
def here():
    return LocationFactory()


@pytest.fixture
def desk(client, here):
    client.force_login(UserFactory(locations=[here]))
    return client


@pytest.fixture
def leila(here):
    return PatientFactory(
        given_name="Leïla", family_name="Haddad", birth_date=date(1980, 3, 12), phone="+14155550123", location=here
    )


@pytest.mark.parametrize("q", ["leila", "HADDAD", "haddad lei", "415 555 0123", "0123", "1980-03-12", "12.03.1980"])
def test_person_is_found(desk, leila, q):
    assert desk.get(URL, {"q": q}).context["page"].rows == [leila]
    assert desk.get(URL, {"q": q}, headers=LIVE).context["hits"] == [leila]


def test_person_is_found_by_record_number(desk, leila):
    assert desk.get(URL, {"q": leila.record_number.lower()}).context["page"].rows == [leila]


def test_nobody_of_another_location_is_found(desk, leila):
    PatientFactory(family_name="Haddad")

    assert desk.get(URL, {"q": "haddad"}).context["page"].rows == [leila]


def test_admin_finds_people_of_every_location(client, leila):
    client.force_login(UserFactory(role=Role.ADMIN))

    assert client.get(URL, {"q": "haddad"}).context["page"].rows == [leila]


def test_live_results_are_a_fragment_of_links(desk, leila):
    page = desk.get(URL, {"q": "had"}, headers=LIVE).content.decode()

    assert "<html" not in page
    assert f'<a class="search-hit" href="{leila.get_absolute_url()}">' in page


def test_live_results_stop_at_eight_and_lead_to_the_rest(desk, here):
    PatientFactory.create_batch(9, location=here)

    response = desk.get(URL, {"q": "okonkwo"}, headers=LIVE)

    assert len(response.context["hits"]) == 8
    assert "/search/?q=okonkwo" in response.content.decode()


def test_nothing_typed_finds_nobody_and_says_what_to_type(desk, leila):
    response = desk.get(URL)

    assert response.context["page"].rows == []
    assert "Whom are you looking for?" in response.content.decode()


def test_nothing_typed_in_the_bar_shows_nothing(desk, leila):
    assert desk.get(URL, {"q": " "}, headers=LIVE).content.decode().strip() == ""


@pytest.mark.parametrize("headers", [{}, LIVE])
def test_what_was_typed_is_shown_as_text(desk, headers):
    page = desk.get(URL, {"q": "<script>alert(1)</script>"}, headers=headers).content.decode()

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


@pytest.mark.parametrize("q", ["%", "_", "'; DROP TABLE patients_patient", "x" * 5000, "\u202e", "👩‍⚕️"])
def test_odd_text_finds_nobody(desk, leila, q):
    assert desk.get(URL, {"q": q}).context["page"].rows == []


def test_what_was_typed_is_not_logged(desk, caplog):
    desk.get(URL, {"q": "haddad"})
    desk.get("/patients/0/", {"q": "haddad"})

    assert "haddad" not in caplog.text


def test_pages_follow_each_other(desk, here):
    PatientFactory.create_batch(27, location=here)
    first = desk.get(URL, {"q": "okonkwo"}).context["page"]

    second = desk.get(URL + first.next).context["page"]

    assert (len(first), len(second), second.next) == (25, 2, "")
    assert set(first.rows).isdisjoint(second.rows)


@pytest.mark.parametrize("found", [1, 3])
def test_search_asks_the_database_as_often_for_one_as_for_three(desk, here, found, django_assert_num_queries):
    PatientFactory.create_batch(found, location=here)

    with django_assert_num_queries(8):
        desk.get(URL, {"q": "okonkwo"})


@pytest.mark.parametrize("found", [1, 3])
def test_live_search_asks_for_the_people_only_and_for_no_frame(desk, here, found, django_assert_num_queries):
    PatientFactory.create_batch(found, location=here)

    with django_assert_num_queries(6):
        desk.get(URL, {"q": "okonkwo"}, headers=LIVE)
