"""The pages of the audit trail: what an admin looks for, and what a patient is handed."""

from datetime import UTC, datetime, timedelta

import pytest

from clinic.models import AuditCheck, AuditEvent
from clinic.roles import Role
from tests.factories import AuditEventFactory, LocationFactory, PatientFactory, UserFactory

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 25, 20, tzinfo=UTC)  # noon in Los Angeles


@pytest.fixture
def here():
    return LocationFactory(name="Harbour Street")


@pytest.fixture
def nurse(here):
    return UserFactory(first_name="Sam", last_name="Adeyemi", locations=[here])


@pytest.fixture
def patient(here):
    return PatientFactory(location=here, given_name="Amara", family_name="Okafor")


@pytest.fixture
def client(client, here):
    client.force_login(UserFactory(role=Role.ADMIN, locations=[here], first_name="Robin", last_name="Park"))
    return client


def text(response):
    return " ".join(response.content.decode().split())


def shown(response):
    return [(event.who, event.sentence) for event in response.context["page"]]


def file(response):
    return b"".join(response.streaming_content).decode().splitlines()


def test_an_event_is_a_line_with_who_what_whose_when_and_from_where(client, nurse, patient, here):
    AuditEventFactory(
        by=nurse,
        role="Staff",
        happened_at=NOON,
        record_type="treatments.session",
        patient_public_id=patient.public_id,
        location=here,
        address="198.51.100.7",
    )

    page = text(client.get("/audit/?act=read"))

    assert "Sam Adeyemi<small>Staff</small>" in page
    assert "Read: session" in page
    assert f"{patient.record_number}</a><small>Amara Okafor" in page
    assert "25 Nov 2026, 12:00:00" in page
    assert "Harbour Street<small>198.51.100.7" in page


def test_events_are_narrowed_by_person_patient_act_place_and_days(client, nurse, patient, here):
    wanted = {"by": nurse, "patient_public_id": patient.public_id, "location": here, "happened_at": NOON}
    AuditEventFactory(**wanted)
    for other in [
        {"by": UserFactory()},
        {"patient_public_id": PatientFactory().public_id},
        {"location": LocationFactory()},
        {"happened_at": NOON - timedelta(days=1)},
        {"happened_at": NOON + timedelta(days=1)},
        {"act": "export"},
    ]:
        AuditEventFactory(**wanted | other)

    response = client.get(
        f"/audit/?person={nurse.public_id}&number={patient.record_number}&act=read&location={here.public_id}"
        "&first=2026-11-25&last=2026-11-25"
    )

    assert shown(response) == [("Sam Adeyemi", "read: patient record")]


def test_a_day_is_the_days_of_the_clock_on_the_wall(client):
    """22:30 in Los Angeles is the next day in Greenwich."""
    AuditEventFactory(happened_at=datetime(2026, 3, 12, 5, 30, tzinfo=UTC))

    assert len(shown(client.get("/audit/?first=2026-03-11&last=2026-03-11&act=read"))) == 1
    assert shown(client.get("/audit/?first=2026-03-12&last=2026-03-12&act=read")) == []


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("number=MT-000001-0", "No patient has the record number"),
        ("number=<b>", "&lt;b&gt;"),
        ("number=" + "9" * 400, "at most 20 characters"),
        ("first=2026-13-01", "date"),
        ("first=2026-11-25&last=2026-11-24", "The period ends before it begins"),
        ("person=nobody", "not in the list"),
        ("act=nonsense", "not in the list"),
        ("location=1", "not in the list"),
    ],
)
def test_what_cannot_be_read_is_said_and_nothing_is_shown(client, query, words):
    AuditEventFactory()

    response = client.get(f"/audit/?{query}")

    assert response.status_code == 200
    assert words in text(response)
    assert shown(response) == []
    assert client.get(f"/audit/?{query}&format=csv").headers["Content-Type"].startswith("text/html")


def test_a_list_of_many_is_turned_by_key(client):
    for minute in range(60):
        AuditEventFactory(happened_at=NOON - timedelta(minutes=minute), act="print")

    first = client.get("/audit/?act=print")
    second = client.get(f"/audit/{first.context['page'].next}")
    third = client.get(f"/audit/{second.context['page'].next}")

    assert [len(page.context["page"]) for page in (first, second, third)] == [25, 25, 10]


@pytest.mark.parametrize("rows", [1, 3])
def test_the_page_asks_the_database_alike_for_one_event_and_for_three(client, here, rows, django_assert_num_queries):
    for _row in range(rows):
        AuditEventFactory(act="print", by=UserFactory(), location=here, patient_public_id=PatientFactory().public_id)

    with django_assert_num_queries(12):
        client.get("/audit/?act=print")


@pytest.mark.parametrize("rows", [1, 3])
def test_a_patients_report_asks_the_database_alike_for_one_event_and_for_three(
    client, here, patient, rows, django_assert_num_queries
):
    for _row in range(rows):
        AuditEventFactory(by=UserFactory(), location=here, patient_public_id=patient.public_id)

    with django_assert_num_queries(11):
        client.get(f"/patients/{patient.public_id}/access/")


def test_a_file_of_the_trail_computes_nothing_and_is_an_event_itself(client, patient, here):
    evil = UserFactory(first_name="=HYPERLINK(1)", last_name="", locations=[here])
    AuditEventFactory(act="print", by=evil, patient_public_id=patient.public_id)

    head, row = file(client.get("/audit/?act=print&format=csv"))

    assert head.endswith('"Patient","Colleague"')
    assert ""","'=HYPERLINK(1)",""" in row
    assert row.endswith(f'"{patient.record_number}",""')
    assert AuditEvent.objects.get(act="export").view_name == "audit-list"


def test_the_trail_says_whether_it_was_found_as_written(client):
    assert "has not been compared with its seals yet" in text(client.get("/audit/"))
    AuditCheck.objects.create(checked_at=NOON, event_count=7, seal_count=2)
    assert "Found as it was written, 25 Nov 2026, 12:00." in text(client.get("/audit/"))
    AuditCheck.objects.create(
        checked_at=NOON + timedelta(hours=1), findings=[{"what": "removed", "first_id": 3, "last_id": 9}]
    )
    assert "Events 3 to 9: Events were removed." in text(client.get("/audit/"))


def test_a_patients_report_has_what_was_done_with_this_record_and_no_other(client, nurse, patient):
    AuditEventFactory(by=nurse, role="Staff", patient_public_id=patient.public_id, record_type="treatments.photo")
    AuditEventFactory(by=UserFactory(last_name="Elsewhere"), patient_public_id=PatientFactory().public_id)
    AuditEventFactory(act="denied", patient_public_id=patient.public_id, record_type="patients.patient")

    response = client.get(f"/patients/{patient.public_id}/access/")

    assert "Elsewhere" not in text(response)
    assert ("Sam Adeyemi", "read: photo") in shown(response)
    assert "Through a patient's own link" in [who for who, _what in shown(response)]


def test_a_patients_report_as_a_file_has_every_line(client, nurse, patient):
    for _event in range(3):
        AuditEventFactory(by=nurse, patient_public_id=patient.public_id)

    lines = file(client.get(f"/patients/{patient.public_id}/access/?format=csv"))

    assert len(lines) == 1 + 3 + 1  # the head, and that the file was taken
    assert '"Robin Park","Admin","exported: patient"' in lines[1]
    assert lines[2].startswith('"2026-11-25 10:00:00-08:00","Sam Adeyemi"')


def test_script_in_a_name_is_text_on_the_page(client, here):
    evil = PatientFactory(location=here, family_name="<script>alert(1)</script>")
    AuditEventFactory(patient_public_id=evil.public_id)

    assert "<script>alert(1)" not in text(client.get("/audit/"))


def test_a_patient_who_is_no_longer_here_is_no_fault(client):
    AuditEventFactory(patient_public_id="0b0e3f8e-6f1a-4c1e-9a53-0a4a5d1e7f00")

    assert "no longer here" in text(client.get("/audit/"))


def test_a_kind_of_record_that_is_no_more_is_named_as_it_was(client):
    AuditEventFactory(record_type="treatments.gone")

    assert "treatments.gone" in text(client.get("/audit/"))


@pytest.mark.parametrize(
    ("kind", "view", "said"),
    [
        ("patients.patient", "patient-erasure", "page: patient erasure"),
        ("patients.patient", "patient", None),  # the kind says it
        ("", "audit-list", None),  # the line is of the page alone
    ],
)
def test_an_event_says_on_which_page_where_the_kind_of_record_does_not(client, kind, view, said):
    AuditEventFactory(happened_at=NOON, record_type=kind, view_name=view)

    page = text(client.get("/audit/?act=read&to=2026-11-25"))

    assert (said in page) if said else ("page:" not in page)


def test_an_event_about_an_account_says_whose_it_is(client, nurse):
    AuditEventFactory(act="credentials", record_type="clinic.user", record_key=str(nurse.public_id))
    AuditEventFactory(act="credentials", record_type="clinic.user", record_key="gone")

    page = text(client.get("/audit/?act=credentials"))
    _head, *lines = file(client.get("/audit/?act=credentials&format=csv"))

    assert page.count("Sam Adeyemi") == 1 + page.count("Sam Adeyemi</option>")
    assert [line.rpartition(",")[2] for line in lines] == ['""', '"Sam Adeyemi"']
