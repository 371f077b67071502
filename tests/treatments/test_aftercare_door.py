"""The door of the aftercare link: a link that is none or over, the birth date, and what the log keeps of them."""

from datetime import date, timedelta

import pytest
import time_machine
from django.core.signing import Signer
from django.test import Client

from tests.factories import AftercareLinkFactory, LocationFactory, PatientFactory, SessionFactory
from tests.treatments.aftercare_answers import BORN, DAY, DAY_6, PERFORMED, TOKEN, page_of, report, swelling
from treatments.actions import aftercare as actions
from treatments.aftercare import token_of
from treatments.models import AftercareLink, Protocol, SideEffect

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def on_day_6():
    with time_machine.travel(DAY_6, tick=False):
        yield


@pytest.fixture
def here():
    return LocationFactory(phone="+14155550100", reply_to_email="desk@clinic.example")


@pytest.fixture
def link(here):
    patient = PatientFactory(location=here, birth_date=date(1988, 2, 2))
    return AftercareLinkFactory(session__course__patient=patient)


@pytest.fixture
def phone():
    return Client()


@pytest.fixture
def opened(phone, link):
    """A phone on which the right birth date was given."""
    assert phone.post(page_of(link), BORN).status_code == 302
    return phone


# The door


def wrong_tokens(link):
    token = token_of(link)
    other = Signer(sep=".", salt="treatments.another-page").sign(token.partition(".")[0])
    return {
        "altered": token[:-2] + ("AA" if token[-2:] != "AA" else "BB"),
        "another id": "A" * 22 + token[22:],
        "signed for something else": other,
        "no token": "hello",
        "no base64": Signer(sep=".", salt="treatments.aftercare").sign("é~"),
        "very long": "x" * 3000,
        "of nobody": Signer(sep=".", salt="treatments.aftercare").sign("AAAAAAAAAAAAAAAAAAAAAA"),
    }


@pytest.mark.parametrize(
    "name", ["altered", "another id", "signed for something else", "no token", "no base64", "very long", "of nobody"]
)
def test_a_wrong_token_leads_to_the_calm_page(phone, link, name):
    response = phone.get(f"/aftercare/{wrong_tokens(link)[name]}/")

    assert (response.status_code, "This link is not open" in response.content.decode()) == (404, True)


def closed_pages(phone, link, django_assert_num_queries):
    answers = []
    for token in [token_of(link), "hello"]:
        with django_assert_num_queries(1):
            answers.append(phone.get(f"/aftercare/{token}/"))
    return answers


@pytest.mark.parametrize("why", ["expired", "revoked", "in error", "died"])
def test_a_link_that_is_over_looks_and_costs_like_one_that_never_was(phone, link, django_assert_num_queries, why):
    session = link.session
    if why == "expired":
        Protocol.objects.filter(pk=session.course.protocol_id).update(aftercare_days=5)
    elif why == "revoked":
        actions.revoke(link, by=link.given_by, now=DAY_6)
    elif why == "in error":
        session.entered_in_error_at, session.entered_in_error_by = DAY_6, link.given_by
        session.entered_in_error_reason = "Another patient"
        session.save()
    else:
        session.course.patient.note(deceased_on=date(2026, 3, 7))

    over, never = closed_pages(phone, link, django_assert_num_queries)

    assert (over.status_code, over.content) == (never.status_code, never.content) == (404, never.content)


def test_the_link_is_open_to_its_last_day(phone, link):
    last = PERFORMED + 203 * DAY
    for at, status in [(last - timedelta(seconds=1), 200), (last, 404)]:
        with time_machine.travel(at, tick=False):
            assert phone.get(page_of(link)).status_code == status


def test_another_session_has_a_link_of_its_own(opened, link):
    """The birth date given for one link opens no other, not even of the same patient."""
    later = SessionFactory(course=link.session.course, performed_at=PERFORMED + 2 * DAY, signed=True)
    other = AftercareLinkFactory(session=later)

    assert "Birth date" in opened.get(page_of(other)).content.decode()
    opened.cookies["aftercare"]["path"] = page_of(other)
    assert "Birth date" in opened.get(page_of(other)).content.decode()


def test_a_merged_record_asks_for_the_birth_date_of_the_one_that_goes_on(phone, link, django_assert_num_queries):
    other = PatientFactory(location=link.session.course.location, birth_date=date(1988, 2, 20), language="fr")
    link.session.course.patient.note(merged_into=other)
    with django_assert_num_queries(1):
        assert '<html lang="fr"' in phone.get(page_of(link)).content.decode()

    assert phone.post(page_of(link), BORN).status_code == 200
    assert phone.post(page_of(link), BORN | {"day": "20"}).status_code == 302
    report(phone, link, **swelling())
    assert SideEffect.objects.get().session == link.session


# Before the birth date


def test_before_the_birth_date_nothing_personal_is_said(phone, link):
    patient = link.session.course.patient
    response = phone.get(page_of(link))
    html = response.content.decode()

    told = [patient.given_name, patient.family_name, patient.record_number, "Cellulite", "thigh", "1988", "2 March"]
    assert [word for word in told if word.lower() in html.lower()] == []
    assert (response["Referrer-Policy"], response["X-Robots-Tag"]) == ("no-referrer", "noindex, nofollow")
    assert "no-store" in response["Cache-Control"]
    assert "sessionid" not in response.cookies


def test_reading_writes_nothing(phone, link):
    before = AftercareLink.objects.values().get()
    phone.get(page_of(link))
    phone.get(page_of(link) + "answered/")
    assert AftercareLink.objects.values().get() == before


@pytest.mark.parametrize(
    "typed",
    [
        {"day": "3", "month": "2", "year": "1988"},
        {"day": "31", "month": "2", "year": "1988"},
        {"day": "", "month": "", "year": ""},
        {"day": "2"},
        {"day": "2\0", "month": "2", "year": "1988"},
        {"day": "2", "month": "13", "year": "1988"},
        {"day": "2", "month": "2", "year": "88"},
        {"day": "2", "month": "2", "year": "99999999999999999999"},
        {"day": "-2", "month": "2", "year": "1988"},
        {"day": "zwei", "month": "x" * 5000, "year": "é"},
    ],
)
def test_a_wrong_birth_date_is_said_and_counted(phone, link, typed):
    response = phone.post(page_of(link), typed)

    assert "This is not the birth date that the clinic has" in response.content.decode()
    assert AftercareLink.objects.get().wrong_tries == 1
    assert "aftercare" not in response.cookies


def test_after_five_wrong_tries_the_right_one_waits(phone, link):
    for _try in range(5):
        response = phone.post(page_of(link), BORN | {"year": "1990"})
    assert "The page is locked" in response.content.decode()
    assert "tel:+14155550100" in response.content.decode()

    assert "The page is locked" in phone.post(page_of(link), BORN).content.decode()
    assert "The page is locked" in Client(REMOTE_ADDR="10.9.8.7").post(page_of(link), BORN).content.decode()
    with time_machine.travel(DAY_6 + timedelta(minutes=15), tick=False):
        assert phone.post(page_of(link), BORN).status_code == 302
    assert AftercareLink.objects.get().wrong_tries == 0


def test_after_fifteen_only_another_link_helps(link):
    for number in range(15):
        with time_machine.travel(DAY_6 + number * timedelta(minutes=20), tick=False):
            Client().post(page_of(link), BORN | {"year": "1990"})
    with time_machine.travel(DAY_6 + DAY, tick=False):
        assert "gives you another link" in Client().post(page_of(link), BORN).content.decode()
        new = actions.replace(link.session, by=link.given_by, now=DAY_6 + DAY)
        assert Client().post(page_of(new), BORN).status_code == 302
        assert Client().get(page_of(link)).status_code == 404


def test_one_address_tries_twenty_birth_dates_an_hour_and_no_more(here):
    links = [AftercareLinkFactory(session__course__patient__location=here) for _number in range(6)]
    statuses = [
        Client(REMOTE_ADDR="10.1.1.1").post(page_of(each), BORN | {"year": "1990"}).status_code
        for each in links
        for _try in range(4)
    ]
    assert (statuses.count(200), statuses.count(429)) == (20, 4)
    assert Client(REMOTE_ADDR="10.1.1.2").post(page_of(links[5]), BORN | {"year": "1990"}).status_code == 200


def test_a_right_birth_date_is_kept_for_this_link_for_half_an_hour(phone, link):
    response = phone.post(page_of(link), BORN)
    cookie = response.cookies["aftercare"]

    assert (cookie["path"], cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (
        page_of(link),
        True,
        "Lax",
        1800,
    )
    assert AftercareLink.objects.get().opened_at == DAY_6
    assert "How is it today?" in phone.get(page_of(link)).content.decode()
    with time_machine.travel(DAY_6 + timedelta(minutes=31), tick=False):
        assert "Birth date" in phone.get(page_of(link)).content.decode()


def test_an_altered_cookie_opens_nothing(phone, link):
    phone.cookies["aftercare"] = f"{link.public_id}:1wAAAA:forged"
    assert "Birth date" in phone.get(page_of(link)).content.decode()


def test_closing_the_page_asks_again(opened, link):
    assert opened.post(page_of(link) + "close/").status_code == 302
    assert "Birth date" in opened.get(page_of(link)).content.decode()


# The log


def test_no_log_line_holds_the_address_or_the_birth_date(link, caplog, capfd):
    client = Client(raise_request_exception=False)
    secret = token_of(link)
    with caplog.at_level("DEBUG"):
        client.get(f"/aftercare/{secret[:-2]}AA/")
        client.put(page_of(link))
        client.post(page_of(link), BORN | {"year": "1990"})
        for _time in range(12):
            client.post(page_of(link), {**BORN, "form_token": TOKEN, "how": "well"})
    said = caplog.text + "".join(capfd.readouterr())
    assert "/aftercare/…" in said
    assert [word for word in (secret, secret[:22], "1988", "1990") if word in said] == []
