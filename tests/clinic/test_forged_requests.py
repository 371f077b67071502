"""Requests that no page of ours makes: forged, too large, in bytes that are no text, for another host."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from clinic.roles import Role
from patients.models import Patient
from tests.clinic.access import client_of, records_at, snapshot
from tests.clinic.test_access import TABLE, address
from tests.factories import LocationFactory, PatientFactory, UserFactory
from tests.posting import sent
from tests.searching import find

pytestmark = pytest.mark.django_db

# What mail programs send by themselves, who know nothing of a page: only the link's own secret lets them in.
WITHOUT_A_PAGE = {"messages-stop"}
TAKING = {name: row for name, row in TABLE.items() if row.post and name not in WITHOUT_A_PAGE}


@pytest.fixture
def here():
    return LocationFactory()


@pytest.fixture
def records(here):
    return records_at(here)


def strict(who, here):
    """Return the browser of somebody signed in, at whose forms the server looks as it does for everybody."""
    client = client_of(who, here)
    client.handler.enforce_csrf_checks = True
    return client


def where(name, records):
    return address(name, records) + TABLE[name].query.format(patient=records["patient"].public_id)


FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("who", "kind"),
    [("stranger", FORM), ("admin", FORM), ("clinician", FORM), ("clinician", "application/json")],
)
def test_form_without_the_token_of_a_page_is_refused_everywhere_and_writes_nothing(here, records, who, kind):
    client = strict(who, here)
    before = snapshot()

    found = {name: client.post(where(name, records), b"{}", content_type=kind).status_code for name in TAKING}

    # Whoever may not, or is not signed in, learns that first.
    assert set(found.values()) <= {302, 403, 404}
    assert {name for name, status in found.items() if status == 302 and who != "stranger"} == set()
    assert snapshot() == before


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://testserver.evil.example", "https://testserver:444"]
)
def test_form_from_another_site_is_refused_though_its_token_is_right(here, origin):
    client = strict("staff", here)
    page = client.get("/patients/new/")
    form = {"theme": "dark", "csrfmiddlewaretoken": page.cookies["csrftoken"].value}

    assert client.post("/settings/theme/", form, headers={"origin": origin}).status_code == 403
    assert client.post("/settings/theme/", form, headers={"origin": "http://testserver"}).status_code == 302


def test_nobody_is_signed_out_by_a_picture_on_another_page(here):
    client = client_of("staff", here)

    client.get("/accounts/logout/")

    assert client.get("/").status_code == 200


@pytest.mark.parametrize("method", ["put", "delete", "options", "head"])
def test_methods_that_no_page_uses_write_nothing(here, records, method):
    client = client_of("clinician", here)
    before = snapshot()

    found = {name: getattr(client, method)(where(name, records)).status_code for name in TABLE}

    assert {name for name, status in found.items() if status >= 500} == set()
    assert snapshot() == before


def test_form_that_says_what_nobody_asked_changes_nothing_of_it(here, records):
    """A field beside those of the page, as `is_superuser` or another record's key, is not read."""
    client, patient = client_of("staff", here), records["patient"]
    other = PatientFactory(location=LocationFactory())
    page = client.get(reverse("patient-edit", args=[patient.public_id]))
    form = {name: value for name, value in page.context["form"].initial.items() if value is not None}
    form |= {"version": patient.version, "family_name": "Okonkwo"}
    extra = {
        "id": other.pk,
        "pk": other.pk,
        "public_id": str(other.public_id),
        "record_number": "MT-1",
        "created_by": 1,
        "is_superuser": "1",
        "role": "Admin",
        "archived_at": "2026-01-01",
        "merged_into": other.pk,
        "history": "none",
    }

    response = client.post(page.request["PATH_INFO"], form | extra)

    stored = Patient.objects.get(pk=patient.pk)
    assert response.status_code == 302
    assert (stored.family_name, stored.public_id, stored.record_number, stored.archived_at, stored.merged_into) == (
        "Okonkwo",
        patient.public_id,
        patient.record_number,
        None,
        None,
    )
    assert Patient.objects.get(pk=other.pk).family_name == other.family_name


# Too large.


def test_body_of_more_than_five_megabytes_is_refused_before_it_is_read(here):
    response = client_of("staff", here).post("/patients/new/", {"given_name": "x" * (5 * 1024 * 1024 + 1)})

    assert response.status_code == 400
    assert "could not be read" in response.content.decode()


def test_form_of_more_than_a_thousand_fields_is_refused(here):
    response = client_of("staff", here).post("/patients/new/", {f"field{n}": "x" for n in range(1001)})

    assert response.status_code == 400


def test_note_of_three_megabytes_is_an_error_beside_its_field(here, records):
    client = client_of("clinician", here)
    form = {"note": "x" * 3_000_000}

    response = client.post(reverse("session-new", args=[records["course"].public_id]), form)

    assert response.status_code == 200
    assert "note" in response.context["form"].errors


# Bytes that are no text. PostgreSQL refuses some of them deep inside a page.

NO_TEXT = ["a%00b", "%ff%fe", "%ed%a0%80", "%E2%80%AE", "%0d%0aX: y"]
# Every name that a question of a page has.
ASKED = [
    *("after", "appointment", "area", "areas", "before", "by", "course", "date", "day", "e", "follow_up", "from"),
    *("kind", "list", "location", "lot", "month", "next", "o", "order", "p", "page", "patient", "product", "protocol"),
    *(
        "purpose",
        "q",
        "role",
        "since",
        "sort",
        "state",
        "status",
        "tab",
        "to",
        "until",
        "view",
        "week",
        "words",
        "year",
    ),
]
# The pages that answer questions in their address.
ASKING = [
    *("today", "patient-list", "search", "calendar", "lot-list", "follow-up-list", "message-list", "side-effect-list"),
    *("preparation-list", "session-unsigned", "report-safety", "report-safety-sessions", "appointment-new"),
    *("patient-record", "course-progress", "course-new", "side-effect-new", "photo-compare"),
]


def test_bytes_that_are_no_text_are_refused_or_passed_over_in_every_question(here, records):
    client = client_of("clinician", here)
    client.raise_request_exception = False

    found = {
        f"{name} {text}": client.get(
            f"{address(name, records)}?{'&'.join(f'{key}={text}' for key in ASKED)}"
        ).status_code
        for name in ASKING
        for text in NO_TEXT
    }

    assert {name: status for name, status in found.items() if status >= 500} == {}


@pytest.mark.parametrize("text", NO_TEXT)
def test_bytes_that_are_no_text_are_no_address(here, text):
    client = client_of("clinician", here)

    found = [
        client.get(path).status_code
        for path in (f"/{text}", f"/patients/{text}/", f"/aftercare/{text}/", f"/stop/{text}/", f"/feeds/{text}.ics")
    ]

    assert set(found) <= {400, 404}


@pytest.mark.parametrize(
    "text",
    [
        "\x00",
        "a\x00b",
        "\xff\xfe",
        "\x1b[31m",
        "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
        "x" * 9000,
    ],
)
def test_bytes_that_are_no_text_do_no_harm_in_a_header_or_a_cookie(here, text):
    client = client_of("clinician", here)
    client.cookies["csrftoken"] = client.cookies["theme"] = text
    names = (
        "referer",
        "user-agent",
        "accept-language",
        "x-forwarded-for",
        "hx-request",
        "hx-current-url",
        "hx-target",
    )

    assert client.get("/", headers=dict.fromkeys(names, text)).status_code == 200
    client.cookies["sessionid"] = text
    assert client.get("/").status_code == 302


@pytest.mark.parametrize("data", [b"\x00", b"\xff\xfe", b"\xed\xa0\x80", "\u202e".encode(), b"\x1b[31m"])
def test_bytes_that_are_no_text_are_an_error_of_the_form(here, data):
    client = client_of("staff", here)
    form = (
        b"given_name=Am" + data.replace(b"\x00", b"%00") + b"ara&family_name=Okonkwo&birth_date=1988-02-02&sex=female"
    )
    form += b"&location=%d" % here.pk

    response = client.post("/patients/new/", form, content_type="application/x-www-form-urlencoded")

    assert response.status_code in {200, 302, 400}
    stored = Patient.objects.filter(birth_date="1988-02-02").first()
    assert stored is None or re.fullmatch(r"Am�+ara", stored.given_name)


# Questions that are SQL.

SQL = ["' OR 1=1 --", '" OR ""="', "-password", "clinic_user.password", "9" * 30]


def test_question_that_is_sql_is_a_word_like_any_other(here, records):
    client = client_of("clinician", here)
    client.raise_request_exception = False
    before = snapshot()

    found = {
        f"{name} {text}": client.get(address(name, records), dict.fromkeys(ASKED, text)).status_code
        for name in ASKING
        for text in SQL
    }
    found |= {
        f"{name} by {key}": client.get(address(name, records), {key: SQL[0]}).status_code
        for name in ("patient-list", "lot-list", "follow-up-list", "side-effect-list")
        for key in ASKED
    }
    found |= {
        f"{name} searched for {text}": find(client, address(name, records), text).status_code
        for name in ("patient-list", "search", "lot-list", "follow-up-list", "waiting-list", "appointment-new")
        for text in SQL
    }

    assert {name: status for name, status in found.items() if status >= 500} == {}
    assert snapshot() == before


def test_question_that_is_sql_does_no_more_in_the_admin_site(here, records):
    client = client_of("admin", here)
    client.raise_request_exception = False

    found = {
        f"{key} {text}": client.get(reverse("admin:patients_patient_changelist"), {key: text}).status_code
        for key in ("q", "o", "e", "p", "sex", "location__id__exact", "password", "pk__in", "all")
        for text in SQL
    }

    assert {name: status for name, status in found.items() if status >= 500} == {}


# Another host.


@pytest.mark.parametrize(
    "host", ["evil.example", "testserver.evil.example", "testserver@evil.example", "evil.example:80"]
)
def test_request_for_another_host_is_refused(host):
    assert Client().get("/accounts/login/", headers={"host": host}).status_code == 400


def test_link_in_a_mail_leads_to_us_whatever_a_proxy_is_told(here):
    user = UserFactory(locations=[here], role=Role.STAFF)
    lies = {"x-forwarded-host": "evil.example", "x-host": "evil.example", "forwarded": "host=evil.example"}

    Client().post("/accounts/password/reset/", {"email": user.email}, headers=lies)

    [letter] = sent()
    assert "evil.example" not in letter.body
    assert "http://testserver/accounts/password/reset/" in letter.body
