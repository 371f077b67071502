"""Who saw, changed and took out what: each page leaves one event for each patient it is about."""

import logging
from io import StringIO
from uuid import UUID

import pytest
from django.db import DatabaseError, DataError
from django.test import Client
from django.urls import reverse

from clinic import audit
from clinic.models import AuditEvent
from clinic.roles import Role
from clinic.subjects import patient_of
from tests.clinic.access import client_of, records_at, snapshot
from tests.clinic.test_access import OF_OBJECTS, TABLE, address, said
from tests.factories import LocationFactory, PatientFactory, UserFactory
from tests.patients.test_register import AMARA
from tests.searching import find

pytestmark = pytest.mark.django_db
CANARY = "Zanzibarova"


@pytest.fixture
def here():
    return LocationFactory()


@pytest.fixture
def nurse(here):
    return UserFactory(role=Role.STAFF, locations=[here])


@pytest.fixture
def client(nurse):
    client = Client()
    client.force_login(nurse)
    return client


@pytest.fixture
def records(here):
    return records_at(here)


def events(**narrow):
    return list(AuditEvent.objects.filter(**narrow).exclude(act__in=["sign-in", "sign-out"]).order_by("pk"))


def left_by(call):
    """Return the events that a call leaves."""
    last = AuditEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    response = call()
    return response, events(pk__gt=last)


OPENED = [name for name in OF_OBJECTS if TABLE[name].answer("get", "clinician") == "200"]


def test_each_page_of_a_record_leaves_exactly_one_event_with_its_patient(here, records):
    client = client_of("clinician", here)
    patient = records["patient"].public_id
    found = {}
    for name in OPENED:
        _response, left = left_by(lambda name=name: client.get(address(name, records) + TABLE[name].query))
        found[name] = [(event.view_name, event.patient_public_id) for event in left]

    of_nobody = {name for name in OPENED if name.startswith(("lot", "preparation", "report"))}
    assert found == {name: [(name, None if name in of_nobody else patient)] for name in OPENED}


def test_each_other_page_leaves_one_event_for_the_list_it_is(here, records):
    client = client_of("clinician", here)
    silent = {"sign-in-state"}  # a page asks it whether its person is still there, and nothing of a record is in it
    names = [
        name
        for name, row in TABLE.items()
        if name not in OF_OBJECTS and row.answer("get", "clinician") == "200" and not name.startswith("account_")
        if name not in silent
    ]
    found = {}
    for name in names:
        query = TABLE[name].query.format(patient=records["patient"].public_id)
        _response, left = left_by(lambda name=name, query=query: client.get(address(name, records) + query))
        found[name] = [event.view_name for event in left]

    shows_nobody = {"sign-in-state"}  # asked again and again by every page that is open
    assert found == {name: [] if name in shows_nobody else [name] for name in names}


def test_an_event_says_who_when_from_where_and_on_which_page(here, client, nurse, records):
    session = records["session"]

    _response, [event] = left_by(lambda: client.get(session.get_absolute_url(), REMOTE_ADDR="198.51.100.7"))

    assert (event.by, event.role, event.location) == (nurse, "Staff", here)
    assert (event.act, event.view_name, event.address) == ("read", "session", "198.51.100.7")
    assert (event.record_type, event.record_key) == ("treatments.session", str(session.public_id))
    assert event.patient_public_id == records["patient"].public_id
    assert len(event.session_digest) == 32
    assert client.session.session_key not in event.session_digest
    assert isinstance(event.request_id, UUID)


def test_a_list_says_its_filter_in_codes_and_nothing_that_was_typed(client, records):
    _response, [event] = left_by(lambda: client.get("/follow-ups/?state=due&q=Okafor&words=Okafor&late=Okafor"))

    assert event.detail == {"filter": {"late": "…", "q": "…", "state": "due", "words": "…"}}


@pytest.mark.parametrize("typed", ["Okafor", "due"])
def test_a_search_while_one_types_is_written_as_a_search_without_its_words(client, records, typed):
    live = {"HX-Request": "true"}

    _response, [event] = left_by(lambda: client.post("/search/", {"q": typed}, headers=live))
    _response, [empty] = left_by(lambda: client.post("/search/", {"q": " "}, headers=live))

    assert (event.act, event.view_name, event.detail) == ("read", "search", {"filter": {"q": "…"}})
    assert empty.detail == {}


@pytest.mark.parametrize("query", ["%00=1", "state=due&%00=1", "a%00b=", "q=%00"])
def test_a_nul_in_an_address_opens_nothing_unseen(client, records, query):
    response, left = left_by(lambda: client.get(f"{records['patient'].get_absolute_url()}?{query}"))

    assert (response.status_code, left) == (400, [])


def test_a_name_that_no_page_of_ours_writes_is_said_nowhere(client, records):
    query = f"state=due&{CANARY}=1&{'x' * 41}=1&%F0%9F%A6%93=1&%ED%A0%80=1&%5Cu0000=1&7=1"

    _response, [event] = left_by(lambda: client.get(f"{records['patient'].get_absolute_url()}?{query}"))

    assert event.detail == {"filter": {"state": "due"}}


def test_an_event_that_the_database_refuses_is_written_without_its_detail(client, records, monkeypatch, caplog):
    def write(*args, detail=None, **kwargs):
        if detail:
            raise DataError("unsupported Unicode escape sequence")
        return audit_write(*args, detail=detail, **kwargs)

    audit_write = audit.write
    monkeypatch.setattr(audit, "write", write)

    _response, [event] = left_by(lambda: client.get(f"{records['patient'].get_absolute_url()}?state=due"))

    assert (event.patient_public_id, event.detail) == (records["patient"].public_id, {})
    assert "Written to the trail without its detail" in caplog.text


def test_the_photos_of_a_session_are_not_shown_unseen_by_sending_none(client, records):
    where = reverse("course-photos", args=[records["course"].public_id])

    response, left = left_by(lambda: client.post(where, {"card": "1"}))

    assert response.status_code == 422
    assert [(event.act, event.patient_public_id) for event in left] == [("read", records["patient"].public_id)]


def test_a_list_taken_out_is_an_export_and_a_paper_a_file(client, records):
    _response, [export] = left_by(lambda: client.get("/follow-ups/?format=csv"))
    _response, [paper] = left_by(lambda: client.get(reverse("consent-pdf", args=[records["consent"].public_id])))

    assert (export.act, paper.act) == ("export", "download")
    assert paper.patient_public_id == records["patient"].public_id


@pytest.mark.parametrize("who", ["staff", "clinician"])
def test_a_record_of_another_place_asked_for_leaves_a_refusal_with_its_patient(here, who):
    elsewhere = records_at(LocationFactory())
    client = client_of(who, here)
    found = {}
    for name in OPENED:
        response, left = left_by(lambda name=name: client.get(address(name, elsewhere) + TABLE[name].query))
        if said(response) == "404":
            found[name] = [(event.act, event.patient_public_id) for event in left]

    of_nobody = {name for name in found if name.startswith(("lot", "preparation"))}
    patient = elsewhere["patient"].public_id
    assert found == {name: [("denied", None if name in of_nobody else patient)] for name in found}
    assert len(found) > 25


def test_a_record_that_never_was_leaves_none(client):
    response, left = left_by(lambda: client.get("/patients/00000000-0000-4000-8000-000000000000/"))

    assert (response.status_code, left) == (404, [])


def test_an_act_that_is_not_of_the_role_leaves_a_refusal_and_nothing_changed(here, client, records):
    before = snapshot()

    response, [event] = left_by(lambda: client.post(reverse("session-sign", args=[records["session"].public_id])))

    assert response.status_code == 403
    assert (event.act, event.view_name) == ("denied", "session-sign")
    assert event.detail == {"key": str(records["session"].public_id)}
    assert snapshot() == before


def test_a_change_is_one_event_and_a_form_shown_again_is_a_reading(client, records):
    patient = records["patient"]
    url = reverse("patient-archive", args=[patient.public_id])

    _response, [changed] = left_by(lambda: client.post(url, {"to": "archive"}))
    _response, [shown] = left_by(lambda: client.post(reverse("patient-edit", args=[patient.public_id])))

    assert (changed.act, changed.patient_public_id) == ("change", patient.public_id)
    assert (shown.act, shown.patient_public_id) == ("read", patient.public_id)


def test_a_person_registered_is_the_patient_of_the_event(here, client):
    token = client.get("/patients/new/").context["form"]["form_token"].value()
    data = AMARA | {"location": here.pk, "form_token": token, "allergies_asked": "none"}

    response, left = left_by(lambda: client.post("/patients/new/", data))

    assert response.status_code == 302, response.context["form"].errors
    patient = type(PatientFactory.build()).objects.get()
    assert [(event.act, event.patient_public_id) for event in left] == [("change", patient.public_id)]


def test_a_page_of_the_admin_site_leaves_its_event_too(here, records):
    client = client_of("admin", here)
    session = records["session"]

    _response, [opened] = left_by(lambda: client.get(reverse("admin:treatments_session_change", args=[session.pk])))
    _response, [history] = left_by(lambda: client.get(reverse("admin:treatments_session_history", args=[session.pk])))
    _response, [listed] = left_by(lambda: client.get(reverse("admin:patients_patient_changelist") + "?q=Okafor"))

    assert {event.patient_public_id for event in (opened, history)} == {records["patient"].public_id}
    assert (listed.view_name, listed.detail) == ("admin:patients_patient_changelist", {"filter": {"q": "…"}})


def test_a_stranger_leaves_nothing(records):
    _response, left = left_by(lambda: Client().get(records["patient"].get_absolute_url()))

    assert left == []


def test_the_canary_stands_in_no_event_and_no_line_of_the_log(here, client, caplog):
    caplog.set_level(logging.DEBUG)
    sink = StringIO()
    logging.getLogger().addHandler(handler := logging.StreamHandler(sink))
    patient = PatientFactory(location=here, family_name=CANARY)

    find(client, "/search/", CANARY)
    find(client, "/patients/", CANARY)
    client.post("/search/", {"q": CANARY}, headers={"HX-Request": "true"})
    client.get(f"/patients/?q={CANARY}")
    client.get(patient.get_absolute_url())
    client.get(f"/nowhere/?q={CANARY}")
    logging.getLogger().removeHandler(handler)

    events_said = str(list(AuditEvent.objects.values_list()))
    assert str(patient.public_id) in events_said
    assert CANARY not in events_said
    assert CANARY not in sink.getvalue() + caplog.text


def fails(*args, **kwargs):
    raise DatabaseError("the disk is full")


def test_a_page_is_shown_though_its_event_cannot_be_written_and_the_log_has_it(client, records, monkeypatch, caplog):
    monkeypatch.setattr(audit, "write", fails)

    response = client.get(records["patient"].get_absolute_url())

    assert response.status_code == 200
    assert f"patients.patient {records['patient'].public_id}" in caplog.text
    assert records["patient"].family_name not in caplog.text


def test_no_list_leaves_the_house_without_its_event(client, records, monkeypatch):
    monkeypatch.setattr(audit, "write", fails)
    client.raise_request_exception = False

    response = client.get("/follow-ups/?format=csv")

    assert response.status_code == 500
    assert records["patient"].family_name not in response.content.decode()


def test_every_record_of_a_patient_knows_whose_it_is(records):
    of_nobody = {"lot", "preparation", "person", "invitation", "merge"}

    assert {name: patient_of(record) for name, record in records.items() if name not in of_nobody} == {
        name: records["patient"].public_id for name in records if name not in of_nobody
    }
    assert patient_of(records["lot"]) is None


def test_a_page_about_two_patients_leaves_an_event_for_each(here, records):
    merge = records["merge"]

    _response, left = left_by(lambda: client_of("admin", here).get(reverse("merge", args=[merge.public_id])))

    both = {patient.public_id for patient in (merge.survivor, merge.merged)}
    assert len(both) == 2
    assert {event.patient_public_id for event in left} == both


def test_signing_in_and_out_and_failing_leave_events_without_what_was_typed(here, nurse):
    client = Client()
    client.post("/accounts/login/", {"login": nurse.email, "password": "not-the-password"})
    client.post("/accounts/login/", {"login": nurse.email, "password": "wave-harbour-lantern"})
    client.post("/accounts/logout/")

    assert [event.act for event in AuditEvent.objects.order_by("pk")] == ["sign-in-failed", "sign-in", "sign-out"]
    failed, signed_in, signed_out = AuditEvent.objects.order_by("pk")
    assert (failed.act, failed.by, len(failed.detail["address"])) == ("sign-in-failed", None, 32)
    assert (signed_in.act, signed_in.by) == ("sign-in", nurse)
    assert (signed_out.act, signed_out.by) == ("sign-out", nurse)
    assert nurse.email not in str(list(AuditEvent.objects.values_list()))


def test_a_try_after_too_many_leaves_that_it_was_turned_away(nurse):
    client = Client()
    for _try in range(6):
        client.post("/accounts/login/", {"login": nurse.email, "password": "not-the-password"})

    acts = list(AuditEvent.objects.order_by("pk").values_list("act", flat=True))
    assert acts == ["sign-in-failed"] * 5 + ["locked"]
    assert len({event.detail["address"] for event in AuditEvent.objects.all()}) == 1


def test_a_changed_password_leaves_an_event(client, nurse):
    data = {
        "oldpassword": "wave-harbour-lantern",
        "password1": "tide-lantern-copper",
        "password2": "tide-lantern-copper",
    }
    client.post("/accounts/password/change/", data)

    [event] = events(act="credentials")
    assert (event.by, event.detail) == (nurse, {"what": "password-changed"})
