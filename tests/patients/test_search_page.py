"""Finding a person, live in the top bar and on a page of its own."""

import re
from datetime import date

import pytest
from django.test import Client

from clinic import search_words
from clinic.models import User
from clinic.roles import Role
from tests.factories import LocationFactory, PatientFactory, UserFactory
from tests.searching import find, found_at

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
    assert find(desk, URL, q).context["page"].rows == [leila]
    assert desk.post(URL, {"q": q}, headers=LIVE).context["hits"] == [leila]


def test_person_is_found_by_record_number(desk, leila):
    assert find(desk, URL, leila.record_number.lower()).context["page"].rows == [leila]


def test_nobody_of_another_location_is_found(desk, leila):
    PatientFactory(family_name="Haddad")

    assert find(desk, URL, "haddad").context["page"].rows == [leila]


def test_admin_finds_people_of_every_location(client, leila):
    client.force_login(UserFactory(role=Role.ADMIN))

    assert find(client, URL, "haddad").context["page"].rows == [leila]


def test_live_results_are_a_fragment_of_links(desk, leila):
    page = desk.post(URL, {"q": "had"}, headers=LIVE).content.decode()

    assert "<html" not in page
    assert f'<a class="search-hit" href="{leila.get_absolute_url()}">' in page


def test_live_results_stop_at_eight_and_lead_to_the_rest(desk, here):
    PatientFactory.create_batch(9, location=here)

    response = desk.post(URL, {"q": "okonkwo"}, headers=LIVE)
    rest = re.search(r'href="(/search/\?words=[^"]+)"', response.content.decode())[1]

    assert len(response.context["hits"]) == 8
    assert len(desk.get(rest).context["page"].rows) == 9


def test_nothing_typed_finds_nobody_and_says_what_to_type(desk, leila):
    response = desk.get(URL)

    assert response.context["page"].rows == []
    assert "Whom are you looking for?" in response.content.decode()


def test_nothing_typed_in_the_bar_shows_nothing(desk, leila):
    assert desk.post(URL, {"q": " "}, headers=LIVE).content.decode().strip() == ""


@pytest.mark.parametrize("headers", [{}, LIVE])
def test_what_was_typed_is_shown_as_text(desk, headers):
    page = desk.post(URL, {"q": "<script>alert(1)</script>"}, headers=headers, follow=True).content.decode()

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


@pytest.mark.parametrize("q", ["%", "_", "'; DROP TABLE patients_patient", "x" * 5000, "\u202e", "👩‍⚕️"])
def test_odd_text_finds_nobody(desk, leila, q):
    assert find(desk, URL, q).context["page"].rows == []


def test_what_was_typed_is_not_logged(desk, caplog):
    find(desk, URL, "haddad")
    desk.post("/patients/0/", {"q": "haddad"})

    assert "haddad" not in caplog.text


def test_pages_follow_each_other(desk, here):
    PatientFactory.create_batch(27, location=here)
    first = find(desk, URL, "okonkwo").context["page"]

    second = desk.get(URL + first.next).context["page"]

    assert (len(first), len(second), second.next) == (25, 2, "")
    assert set(first.rows).isdisjoint(second.rows)


@pytest.mark.parametrize("found", [1, 3])
def test_search_asks_the_database_as_often_for_one_as_for_three(desk, here, found, django_assert_num_queries):
    PatientFactory.create_batch(found, location=here)

    address = found_at(desk, URL, "okonkwo")

    with django_assert_num_queries(8):
        desk.get(address)


@pytest.mark.parametrize("found", [1, 3])
def test_live_search_asks_for_the_people_only_and_for_no_frame(desk, here, found, django_assert_num_queries):
    PatientFactory.create_batch(found, location=here)

    with django_assert_num_queries(6):
        desk.post(URL, {"q": "okonkwo"}, headers=LIVE)


# Out of the address.


@pytest.mark.parametrize(
    "where", ["/search/", "/patients/", "/lots/", "/follow-ups/", "/calendar/waiting/", "/appointments/new/"]
)
def test_what_was_typed_stands_in_no_address_and_the_page_can_be_loaded_again(desk, leila, where):
    address = found_at(desk, where, "Haddad")
    page = desk.get(address)

    assert address.startswith(f"{where}?words=")
    assert "addad" not in address
    assert 'value="Haddad"' in page.content.decode()
    assert desk.get(address).status_code == page.status_code == 200


def test_address_that_has_words_in_clear_finds_nobody(desk, leila):
    assert desk.get(URL, {"q": "haddad"}).context["page"].rows == []
    assert desk.get("/patients/", {"q": "zzz"}).context["page"].rows == [leila]


def test_what_somebody_else_searched_opens_to_nobody(desk, client, here, leila):
    address = found_at(desk, URL, "haddad")
    client.force_login(UserFactory(locations=[here]))

    page = client.get(address)

    assert page.context["page"].rows == []
    assert "addad" not in page.content.decode()


@pytest.mark.parametrize(
    "sealed", ["x", "", "é", "A" * 4000, "AAAA=", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "-_-_"]
)
def test_address_that_was_made_up_finds_nobody(desk, leila, sealed):
    assert desk.get(URL, {"words": sealed}).context["page"].rows == []


LISTS = ["/patients/", "/lots/", "/follow-ups/", "/calendar/waiting/"]


@pytest.mark.parametrize("where", [*LISTS, "/lots/?format=csv", "/follow-ups/?format=csv", "/appointments/new/", URL])
@pytest.mark.parametrize("sealed", ["made up", "changed", "a colleague's"])
def test_words_that_do_not_open_find_nobody_and_say_so(client, here, leila, where, sealed):
    person = UserFactory(locations=[here], role=Role.CLINICIAN)
    client.force_login(person)
    whole = search_words.seal("haddad", person)
    changed = whole[:-3] + ("A" if whole[-3] != "A" else "B") + whole[-2:]
    words = {"made up": "x", "changed": changed, "a colleague's": search_words.seal("haddad", UserFactory())}[sealed]

    page = client.get(f"{where}{'&' if '?' in where else '?'}words={words}")

    assert page.status_code == 200
    assert page.headers["Content-Type"].startswith("text/html")
    assert "This search does not open" in page.content.decode()
    assert "Haddad" not in page.content.decode()


@pytest.mark.parametrize("where", ["/patients/", URL])
def test_words_open_with_an_earlier_key_as_long_as_that_is_kept(desk, leila, settings, where):
    PatientFactory(family_name="Okafor", location=leila.location)
    address = found_at(desk, where, "haddad")
    person = desk.session["_auth_user_id"]
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another"
    desk.force_login(User.objects.get(pk=person))

    assert desk.get(address).context["page"].rows == [leila]

    settings.SECRET_KEY_FALLBACKS = []
    desk.force_login(User.objects.get(pk=person))
    assert "This search does not open" in desk.get(address).content.decode()


@pytest.mark.parametrize("text", ["x", "Leïla Haddad", "👩‍⚕️", "ب" * 200, " ́"])
def test_words_come_back_as_they_were_typed(desk, here, text):
    person = UserFactory(locations=[here])

    assert search_words.unseal(search_words.seal(text, person), person) == text
    assert search_words.seal(text, person) != search_words.seal(text, person)


def test_what_else_a_list_was_narrowed_to_stays_beside_the_words(desk, leila):
    address = found_at(desk, "/patients/?standing=gone&after=x", "haddad", course="none", standing="", after="x")

    assert re.fullmatch(r"/patients/\?course=none&words=[\w-]+", address)
    assert desk.get(address).context["page"].rows == [leila]


def test_search_for_nothing_leads_to_the_page_without_words(desk):
    assert found_at(desk, URL, "  ") == URL
    assert found_at(desk, "/patients/", "", course="none") == "/patients/?course=none"


def test_search_without_the_token_of_the_page_is_refused(here):
    stranger = Client(enforce_csrf_checks=True)
    stranger.force_login(UserFactory(locations=[here]))

    assert stranger.post(URL, {"q": "haddad"}).status_code == 403
