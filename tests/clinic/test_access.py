"""Who gets in where: every address of the site against one table, and no object of a place that is not one's own."""

import uuid
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from clinic.roles import Role
from tests.clinic.access import client_of, records_at, routes, snapshot
from tests.factories import LocationFactory, UserFactory
from tests.searching import found_at

pytestmark = pytest.mark.django_db

ROLES = ("stranger", "staff", "clinician", "admin")
PEOPLE = (*ROLES, "deactivated", "half", "bare")


@dataclass(frozen=True)
class Row:
    """What a route answers: one status for each of stranger, staff, clinician and admin; "in" is the login page.

    Somebody deactivated is a stranger, and so is somebody half signed in, but for the page of the second step. Who has
    no second factor and needs one meets "set", its set-up, wherever a stranger meets the login page.
    `post` is the answer to an empty form; None where a view reads alone.
    """

    get: str
    post: str | None = None
    query: str = ""

    half: str = ""  # to somebody half signed in, where that is another answer
    sets_up: bool = False  # open to whoever has to set a second factor up

    def answer(self, method: str, who: str) -> str:
        told = dict(zip(ROLES, (self.get if method == "get" else self.post or "").split(), strict=True))
        if who == "half" and self.half:
            return self.half
        if who == "bare":
            return told["clinician"] if self.sets_up or told["stranger"] != "in" else "set"
        return told.get(who, told["stranger"])


EVERYONE = "in 200 200 200"
TREATING = "in 200 200 403"
ONLY_POST = "in 405 405 405"
ONLY_POST_TREATING = "in 405 405 403"
# A missing or mistyped form shows the page again (200); one step of a work flow leads back with a message (302).
TABLE = {
    "today": Row(EVERYONE),
    "patient-list": Row(EVERYONE),
    "patient-record": Row(EVERYONE),
    "patient-register": Row(EVERYONE, post=EVERYONE),
    "patient-edit": Row(EVERYONE, post=EVERYONE),
    "patient-location": Row(EVERYONE, post=EVERYONE),
    "patient-address-confirm": Row(ONLY_POST, post="in 302 302 302"),
    "patient-duplicates": Row("in 403 403 200"),
    "patient-merge": Row("in 403 403 200", post="in 403 403 200"),
    "patient-distinct": Row("in 403 403 405", post="in 403 403 404"),
    "merge": Row("in 403 403 200", post="in 403 403 200"),
    "patient-archive": Row(EVERYONE, post="in 302 302 302"),
    "patient-restriction": Row("in 403 403 200", post="in 403 403 200"),
    # Who has not typed the password lately is asked for it first.
    "patient-export": Row("in 403 403 302", post="in 403 403 302"),
    "patient-erasure": Row("in 403 403 302", post="in 403 403 302"),
    # Nobody of the table was erased under a hold, and the dossier was asked for by somebody else.
    "patient-hold": Row("in 403 403 404", post="in 403 403 404"),
    "dossier-file": Row("in 405 405 405", post="in 403 403 404"),
    "erasure": Row("in 403 403 200"),
    "erasure-withdraw": Row("in 403 403 302", post="in 403 403 302"),  # the erasure of the table is done
    "privacy": Row("in 403 403 200"),
    "patient-allergies": Row(EVERYONE, post=TREATING),
    "allergy-withdraw": Row(TREATING, post=TREATING),
    "screening-new": Row(TREATING, post=TREATING),
    "screening-restrict": Row(TREATING, post=TREATING),
    "screening": Row(EVERYONE, post=TREATING),
    "patient-consents": Row(EVERYONE),
    "consent-new": Row(TREATING, post=TREATING, query="?purpose=photo-record"),
    "consent": Row(EVERYONE, post=TREATING),
    "consent-pdf": Row(EVERYONE),
    "search": Row(EVERYONE, post="in 302 302 302"),
    "course-new": Row(TREATING, post=TREATING),
    "course": Row(EVERYONE),
    "course-book": Row(EVERYONE, post=EVERYONE),
    # Nothing is named that could be cancelled or taken back.
    "course-cancel-booked": Row(ONLY_POST, post="in 302 302 302"),
    "course-unbook": Row(ONLY_POST, post="in 302 302 302"),
    "course-edit": Row(TREATING, post=TREATING),
    "course-status": Row(TREATING, post=TREATING, query="?to=paused"),
    "course-progress": Row(EVERYONE),
    "course-progress-data": Row(EVERYONE),
    "course-report": Row(EVERYONE),
    "milestone-review": Row("in 403 302 403", post="in 403 200 403"),
    "milestone-list": Row("in 403 200 403"),
    "assessment-new": Row(TREATING, post=TREATING),
    "assessment": Row(EVERYONE),
    "assessment-edit": Row(TREATING, post=TREATING),
    "assessment-error": Row(TREATING, post=TREATING),
    "session-new": Row(TREATING, post=TREATING),
    "session-keep-new": Row(ONLY_POST_TREATING, post=TREATING),
    # Somebody who only manages sees no photo of a patient; the admin site has who took which when.
    "course-photos": Row(TREATING, post=TREATING),
    "photo-sort": Row(ONLY_POST, post="in 302 302 403"),
    "photo-compare": Row(TREATING),
    "photo-page": Row(TREATING, post=TREATING),
    "photo-move": Row(ONLY_POST, post=TREATING),
    "photo-error": Row(ONLY_POST, post=TREATING),
    "photo": Row(TREATING),
    "blinded-scoring": Row(TREATING, post=TREATING),
    "blinded-run": Row(TREATING, post=TREATING),
    "blinded-finish": Row(ONLY_POST, post="in 302 302 403"),
    "session-unsigned": Row(TREATING),
    "session": Row(EVERYONE),
    "session-edit": Row(TREATING, post=TREATING),
    "session-keep": Row(ONLY_POST_TREATING, post=TREATING),
    "session-sign": Row("in 403 405 403", post="in 403 302 403"),
    "session-amend": Row("in 403 302 403", post="in 403 302 403"),
    "session-keep-amendment": Row("in 403 405 403", post="in 403 200 403"),
    "session-error": Row(TREATING, post=TREATING),
    "session-wrong-patient": Row(EVERYONE, post=EVERYONE),
    # A draft has no link: making one is refused with a message, and there is no slip.
    "session-aftercare": Row(ONLY_POST, post="in 302 302 403"),
    "session-aftercare-slip": Row("in 404 404 403"),
    # A patient's own way in. Whoever has no link of this signature meets one calm page.
    "aftercare": Row("404 404 404 404", post="404 404 404 404"),
    "aftercare-answered": Row("404 404 404 404"),
    "aftercare-close": Row("405 405 405 405", post="404 404 404 404"),
    "working-copy-discard": Row(ONLY_POST_TREATING, post="in 302 302 403"),
    "working-copy-reopen": Row(ONLY_POST_TREATING, post="in 302 302 403"),
    "side-effect-new": Row(TREATING, post=TREATING),
    "patient-side-effect-new": Row(TREATING, post=TREATING),
    "side-effect-list": Row(TREATING),
    "side-effect": Row(EVERYONE),
    "side-effect-edit": Row(TREATING, post=TREATING),
    "side-effect-error": Row(TREATING, post=TREATING),
    "side-effect-resolve": Row(ONLY_POST, post=TREATING),
    "side-effect-review": Row(ONLY_POST, post="in 403 200 403"),
    "side-effect-follow": Row(ONLY_POST, post=TREATING),
    "side-effect-contact": Row(ONLY_POST, post=TREATING),
    "side-effect-step": Row(ONLY_POST, post="in 302 302 403"),
    "lot-list": Row(EVERYONE),
    "lot-new": Row(EVERYONE, post=EVERYONE),
    "lot": Row(EVERYONE),
    "lot-change": Row(EVERYONE, post=EVERYONE),
    "lot-hold": Row("in 403 200 200", post="in 403 200 200"),
    "lot-release": Row("in 403 302 302", post="in 403 200 200"),
    "lot-recall": Row(EVERYONE),
    # There is nothing to have seen: it leads back to the lot.
    "lot-cluster-seen": Row("in 403 302 403", post="in 403 302 403"),
    "report-list": Row("in 403 200 200"),
    "report-safety": Row("in 403 200 200"),
    "report-safety-sessions": Row("in 403 200 200"),
    "report-quality": Row("in 403 403 200"),
    "preparation-list": Row(EVERYONE),
    "preparation-new": Row(TREATING, post=TREATING),
    "preparation": Row(EVERYONE),
    "preparation-discard": Row(ONLY_POST, post=TREATING),
    "follow-up-list": Row(EVERYONE),
    "follow-up-contact": Row(EVERYONE, post=EVERYONE),
    "calendar": Row(EVERYONE),
    "calendar-names": Row(ONLY_POST, post="in 302 302 302"),
    "waiting-list": Row(EVERYONE),
    "waiting-slot": Row("in 404 404 404"),
    "waiting-new": Row(EVERYONE, post=EVERYONE, query="?patient={patient}"),
    "waiting": Row(EVERYONE, post=EVERYONE),
    "waiting-remove": Row(ONLY_POST, post="in 302 302 302"),
    "waiting-back": Row(ONLY_POST, post="in 302 302 302"),
    "waiting-offer": Row(ONLY_POST, post="in 302 302 302"),
    "waiting-take": Row(ONLY_POST, post="in 302 302 302"),
    "appointments-back": Row(ONLY_POST, post="in 302 302 302"),
    "calendar-feeds": Row(TREATING, post=TREATING),
    "calendar-feed": Row("404 404 404 404"),
    "message-list": Row(EVERYONE),
    # Nobody has told this clinic a provider: there is nothing to report to.
    "message-reports": Row("404 404 404 404", post="404 404 404 404"),
    "message-settle": Row(ONLY_POST, post="in 302 302 302"),
    "messages-stop": Row("404 404 404 404", post="404 404 404 404"),
    "appointment-new": Row(EVERYONE, post=EVERYONE, query="?patient={patient}"),
    "appointment": Row(EVERYONE, post=EVERYONE),
    "appointment-move": Row(ONLY_POST, post="in 302 302 302"),
    "appointment-status": Row(ONLY_POST, post="in 302 302 302"),
    "backup-list": Row("in 403 403 200"),
    # Nobody being signed in is an answer as well.
    "sign-in-state": Row("200 200 200 200", post="200 200 200 200"),
    "sign-in-other": Row("in 302 302 302"),
    "sign-in-list": Row(EVERYONE),
    "sign-in-end": Row(ONLY_POST, post="in 404 404 404"),
    "own-pin": Row("in 302 302 302", post="in 302 302 302"),  # to the password first
    "device-share": Row(ONLY_POST, post=EVERYONE),
    # On a device that is not shared it leads to the sign-in, and from there home.
    "switch-person": Row("in 302 302 302", post="in 302 302 302", sets_up=True),
    "switch-leave": Row(ONLY_POST, post="in 302 302 302"),
    # An admin sees every location anyway.
    "emergency-new": Row(TREATING, post=TREATING),
    "emergency-list": Row("in 403 403 200"),
    "emergency-review": Row("in 405 405 405", post="in 403 403 302"),
    "staff-list": Row("in 403 403 200"),
    "staff-invite": Row("in 403 403 200", post="in 403 403 200"),
    "staff-person": Row("in 403 403 200", post="in 403 403 200"),
    "staff-password-link": Row("in 405 405 405", post="in 403 403 302"),  # while the account is open
    "staff-active": Row("in 403 403 200", post="in 403 403 302"),
    "invitation-send": Row("in 405 405 405", post="in 403 403 302"),
    "invitation-withdraw": Row("in 405 405 405", post="in 403 403 302"),
    "invitation-accept": Row("404 404 404 404", post="404 404 404 404"),
    "audit-list": Row("in 403 403 200"),
    "patient-access": Row("in 403 403 200"),
    "patient-history": Row(EVERYONE),
    "course-history": Row(EVERYONE),
    "session-history": Row(EVERYONE),
    "appointment-history": Row(EVERYONE),
    "set-theme": Row(ONLY_POST, post="in 400 400 400"),
    "switch-location": Row(ONLY_POST, post="in 404 404 404"),
    "healthz": Row("200 200 200 200"),
    "favicon": Row("302 302 302 302"),
    "account_login": Row("200 302 302 302", post="200 302 302 302", half="302"),
    "account_logout": Row("302 200 200 200", post="302 302 302 302", sets_up=True),
    "account_inactive": Row("200 200 200 200"),
    "account_signup": Row("200 302 302 302", post="200 302 302 302"),
    "account_reauthenticate": Row(EVERYONE, post=EVERYONE, sets_up=True),
    "account_email": Row("in 404 404 404", post="in 404 404 404"),
    "account_email_verification_sent": Row("in 404 404 404", post="in 404 404 404"),
    "account_change_password": Row(EVERYONE, post=EVERYONE),
    "account_set_password": Row("in 302 302 302", post="in 302 302 302"),
    "account_reset_password": Row("200 200 200 200", post="200 200 200 200"),
    "account_reset_password_done": Row("200 200 200 200"),
    "account_reset_password_from_key": Row("200 200 200 200"),
    "account_reset_password_from_key_done": Row("200 200 200 200"),
    "account_confirm_email": Row("in 404 404 404", post="in 404 404 404"),
    "account_confirm_login_code": Row("302 302 302 302"),
    "security": Row(EVERYONE),
    "second-factor-choice": Row(EVERYONE, sets_up=True),
    "second-factor-done": Row("in 302 302 302", sets_up=True),
    # A change of factors asks for the password first; whoever has none of the kind is led to where one is set up.
    "staff-second-factor": Row("in 403 403 302", post="in 403 403 302"),
    "mfa_index": Row("in 302 302 302"),
    "mfa_authenticate": Row("302 302 302 302", post="302 302 302 302", half="200"),
    "mfa_reauthenticate": Row("in 302 302 302", post="in 302 302 302"),
    "mfa_reauthenticate_webauthn": Row("in 302 302 302", post="in 302 302 302"),
    "mfa_activate_totp": Row("in 302 302 302", post="in 302 302 302", sets_up=True),
    "mfa_deactivate_totp": Row("in 302 302 302", post="in 302 302 302"),
    "mfa_view_recovery_codes": Row("in 302 302 302"),
    "mfa_generate_recovery_codes": Row("in 302 302 302", post="in 302 302 302"),
    "mfa_download_recovery_codes": Row("in 302 302 302"),
    "mfa_list_webauthn": Row("in 302 302 302"),
    "mfa_add_webauthn": Row("in 302 302 302", post="in 302 302 302", sets_up=True),
    "mfa_login_webauthn": Row("302 302 302 302", post="302 302 302 302"),
    "mfa_remove_webauthn": Row("in 404 404 404", post="in 404 404 404"),
    "mfa_edit_webauthn": Row("in 302 302 302", post="in 302 302 302"),
}
KEYS = {
    "aftercare": ["a-token"],
    "aftercare-answered": ["a-token"],
    "aftercare-close": ["a-token"],
    "calendar-feed": ["a-key"],
    "invitation-accept": ["a-key"],
    "message-reports": ["mailgun"],
    "messages-stop": ["a-key"],
    "account_confirm_email": ["a-key"],
    "account_reset_password_from_key": ["1", "a-key"],
    "mfa_remove_webauthn": [1],
    "mfa_edit_webauthn": [1],
}
# Whoever sends a form there is signed out and would be a stranger to the rest.
LEAVING = {"account_logout": "/accounts/logout/", "switch-leave": "/switch/leave/"}
# What an address wants beside its record.
REST = {"photo": ["320"], "lot-cluster-seen": ["nodule"]}
# Which record an address names, by its first part.
SUBJECTS = {
    "staff": "person",
    "patients": "patient",
    "merges": "merge",
    "allergies": "allergy",
    "screenings": "screening",
    "consents": "consent",
    "dossiers": "dossier",
    "erasures": "erasure",
    "courses": "course",
    "sessions": "session",
    "working-copies": "copy",
    "side-effects": "effect",
    "photos": "photo",
    "blinded": "run",
    "follow-ups": "follow_up",
    "messages": "message",
    "appointments": "appointment",
    "waiting": "waiting",
    "assessments": "assessment",
    "lots": "lot",
    "preparations": "preparation",
    "emergencies": "emergency",
    "invitations": "invitation",
}


def own_routes():
    return {name: where for where, name in routes() if not name.startswith("admin:")}


OF_OBJECTS = [name for name, where in own_routes().items() if "<uuid:public_id>" in where]


@pytest.fixture
def here():
    return LocationFactory()


@pytest.fixture
def records(here):
    return records_at(here)


def address(name, records):
    where = own_routes()[name]
    if name in KEYS:
        return reverse(name, args=KEYS[name])
    if "<uuid:public_id>" in where:
        return reverse(name, args=[records[SUBJECTS[where.partition("/")[0]]].public_id, *REST.get(name, [])])
    return reverse(name)


def said(response):
    """Return the status, and "in" for the way to the login page."""
    if response.status_code == 302 and urlsplit(response.url).path == "/accounts/login/" and "next=" in response.url:
        return "in"
    if response.status_code == 302 and response.url == "/account/security/set-up/":
        return "set"
    return str(response.status_code)


@pytest.fixture(autouse=True)
def second_factor_where_it_is_tried(request, settings):
    """Ask clinicians for a second factor in what tries somebody without one."""
    if getattr(request.node, "callspec", None) and request.node.callspec.params.get("who") == "bare":
        settings.MFA_REQUIRED_ROLES = {"clinician"}


def test_every_route_has_its_row_and_every_row_its_route():
    assert sorted(own_routes()) == sorted(TABLE)


def test_every_view_that_writes_is_tried_with_a_form():
    reads = {name for name, row in TABLE.items() if row.post is None}

    assert not {name for name in reads if name.endswith(("-new", "-edit", "-status", "-sign"))}


@pytest.mark.parametrize("who", PEOPLE)
def test_reading_answers_as_the_table_says_and_writes_nothing(here, records, who):
    client = client_of(who, here)
    patient = records["patient"].public_id
    before = snapshot()

    found = {
        name: said(client.get(address(name, records) + row.query.format(patient=patient)))
        for name, row in TABLE.items()
        if name != "account_logout"
    }

    assert found == {name: row.answer("get", who) for name, row in TABLE.items() if name != "account_logout"}
    assert snapshot() == before


@pytest.mark.parametrize("who", PEOPLE)
def test_an_empty_form_answers_as_the_table_says(here, records, who):
    client = client_of(who, here)
    patient = records["patient"].public_id
    rows = {name: row for name, row in TABLE.items() if row.post and name not in LEAVING}

    found = {
        name: said(client.post(address(name, records) + row.query.format(patient=patient)))
        for name, row in rows.items()
    }

    assert found == {name: row.answer("post", who) for name, row in rows.items()}


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("name", LEAVING)
@pytest.mark.parametrize("who", PEOPLE)
def test_signing_out_answers_as_the_table_says(here, who, name, method):
    response = getattr(client_of(who, here), method)(LEAVING[name])

    told = TABLE[name].answer(method, who)
    assert str(response.status_code) == ("302" if told in {"in", "set"} else told)


@pytest.mark.parametrize("method", ["put", "delete", "patch", "options", "trace"])
@pytest.mark.parametrize("who", PEOPLE)
def test_nothing_is_done_but_reading_and_sending(here, records, who, method):
    client = client_of(who, here)
    before = snapshot()
    addresses = [address(name, records) for name in TABLE] + [f"/admin/clinic/user/{records['person'].pk}/change/"]

    assert {getattr(client, method)(where).status_code for where in addresses} == {405}
    assert snapshot() == before


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("who", ["staff", "clinician"])
def test_a_record_of_another_place_is_not_there(here, who, method):
    elsewhere = records_at(LocationFactory())
    client = client_of(who, here)
    before = snapshot()
    rows = {name: TABLE[name] for name in OF_OBJECTS if method == "get" or TABLE[name].post}

    found = {name: said(getattr(client, method)(address(name, elsewhere) + row.query)) for name, row in rows.items()}

    refused = {"403", "405"}
    told = {name: row.answer(method, who) for name, row in rows.items()}
    assert found == {name: status if status in refused else "404" for name, status in told.items()}
    assert snapshot() == before


@pytest.mark.parametrize("method", ["get", "post"])
def test_an_admin_meets_the_same_at_every_place(here, method):
    elsewhere = records_at(LocationFactory())
    client = client_of("admin", here)
    rows = {name: TABLE[name] for name in OF_OBJECTS if method == "get" or TABLE[name].post}

    found = {name: said(getattr(client, method)(address(name, elsewhere) + row.query)) for name, row in rows.items()}

    assert found == {name: row.answer(method, "admin") for name, row in rows.items()}


@pytest.mark.parametrize("who", ["staff", "clinician", "admin"])
def test_a_record_that_never_was_is_not_there(here, who):
    nobody = {subject: type("Nobody", (), {"public_id": uuid.uuid4()}) for subject in SUBJECTS.values()}
    client = client_of(who, here)

    found = {name: said(client.get(address(name, nobody))) for name in OF_OBJECTS}

    told = {name: TABLE[name].answer("get", who) for name in OF_OBJECTS}
    assert found == {name: status if status in {"403", "405"} else "404" for name, status in told.items()}


@pytest.mark.parametrize("subject", ["patient", "course", "follow_up"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_books_for_a_patient_of_another_place(here, subject, method):
    elsewhere = records_at(LocationFactory())

    response = getattr(client_of("staff", here), method)(
        f"/appointments/new/?{subject}={elsewhere[subject].public_id}"
    )

    assert response.status_code == 404


@pytest.mark.parametrize("query", ["?patient=", "?patient=nobody", "?course=1", "?follow_up=%00x"])
def test_a_booking_for_nobody_is_not_there(here, query):
    assert client_of("staff", here).get(f"/appointments/new/{query}").status_code in {400, 404}


def test_lists_show_the_own_place_only(here):
    elsewhere = records_at(LocationFactory())
    client = client_of("staff", here)
    name = elsewhere["patient"].family_name

    found = found_at(client, "/search/", name)
    shown = [
        where
        for where in ["/", "/patients/", found, "/sessions/unsigned/", "/side-effects/?tab=open"]
        if elsewhere["patient"].get_absolute_url() in client.get(where).content.decode()
    ]

    assert shown == []


def test_somebody_of_no_place_sees_nobody(records):
    client = Client()
    client.force_login(UserFactory(role=Role.CLINICIAN))

    assert client.get(records["patient"].get_absolute_url()).status_code == 404
    assert client.get("/").status_code == 200


def test_nobody_signs_up():
    form = {"email": "new@clinic.example", "password1": "wave-harbour-lantern", "password2": "wave-harbour-lantern"}
    before = snapshot()

    response = Client().post("/accounts/signup/", form)

    assert "account/signup_closed.html" in [template.name for template in response.templates]
    assert snapshot() == before
