"""The list of patients, its filters and its order."""

from datetime import UTC, date, datetime

import pytest

from clinic.roles import Role
from tests.factories import CourseFactory, LocationFactory, PatientFactory, SessionFactory, UserFactory
from tests.searching import find
from treatments.models import Course

pytestmark = pytest.mark.django_db

URL = "/patients/"


@pytest.fixture
def here():
    return LocationFactory()


@pytest.fixture
def desk(client, here):
    client.force_login(UserFactory(locations=[here]))
    return client


def shown(client, **query):
    page = find(client, URL, **query) if "q" in query else client.get(URL, query)
    return [row.patient.given_name for row in page.context["rows"]]


def patient(here, given_name, **fields):
    return PatientFactory(location=here, given_name=given_name, family_name="Okonkwo", **fields)


def test_patients_are_listed_by_name(desk, here):
    for name in ("Chidi", "Ada", "Bisi"):
        patient(here, name)

    assert shown(desk) == ["Ada", "Bisi", "Chidi"]


def test_newest_first(desk, here):
    for name in ("Chidi", "Ada", "Bisi"):
        patient(here, name)

    assert shown(desk, sort="newest") == ["Bisi", "Ada", "Chidi"]


def test_row_shows_the_course_that_goes_on_and_the_last_session(desk, here):
    ada = patient(here, "Ada", phone="+14155550182")
    course = CourseFactory(patient=ada, location=here, status=Course.Status.ACTIVE, planned_sessions=15)
    SessionFactory(course=course, performed_at=datetime(2026, 3, 2, 20, tzinfo=UTC))

    response = desk.get(URL)

    row = response.context["rows"][0]
    page = response.content.decode()
    assert (row.course, row.progress.planned) == (course, 15)
    assert row.last_session_at == datetime(2026, 3, 2, 20, tzinfo=UTC)
    assert f"{row.progress.done} of 15" in page
    assert "+1 415-555-0182" in page


def test_active_course_goes_before_a_planned_one(desk, here):
    ada = patient(here, "Ada")
    active = CourseFactory(patient=ada, location=here, status=Course.Status.ACTIVE)
    CourseFactory(
        patient=ada,
        location=here,
        status=Course.Status.PLANNED,
        protocol=Course._meta.get_field("protocol").related_model.objects.exclude(pk=active.protocol_id).first(),
    )

    assert desk.get(URL).context["rows"][0].course == active


@pytest.mark.parametrize(
    ("course", "names"),
    [("running", ["Active", "Planned"]), ("paused", ["Paused"]), ("ended", ["Ended"]), ("none", ["None"])],
)
def test_filter_by_course(desk, here, course, names):
    for name, status in [("Active", "active"), ("Planned", "planned"), ("Ended", "completed")]:
        CourseFactory(patient=patient(here, name), location=here, status=status)
    CourseFactory(patient=patient(here, "Paused"), location=here, status="paused", status_reason="pregnant")
    patient(here, "None")

    assert shown(desk, course=course) == names


@pytest.mark.parametrize(
    ("standing", "names"), [("", ["Ada"]), ("gone", ["Bisi", "Chidi"]), ("all", ["Ada", "Bisi", "Chidi"])]
)
def test_archived_and_deceased_are_shown_when_asked_for(desk, here, standing, names):
    patient(here, "Ada")
    patient(here, "Bisi", archived_at=datetime(2026, 1, 2, tzinfo=UTC))
    patient(here, "Chidi", deceased_on=date(2026, 1, 2))

    assert shown(desk, standing=standing) == names


def test_filter_by_text(desk, here):
    patient(here, "Ada")
    patient(here, "Bisi")

    assert shown(desk, q="bisi oko") == ["Bisi"]


def test_filter_by_location(client, here):
    mitte = LocationFactory()
    client.force_login(UserFactory(locations=[here, mitte]))
    patient(here, "Ada")
    patient(mitte, "Bisi")

    assert shown(client, location=mitte.public_id) == ["Bisi"]
    assert shown(client) == ["Ada", "Bisi"]


def test_patients_of_other_locations_are_not_listed(desk, here):
    elsewhere = LocationFactory()
    patient(elsewhere, "Ada")

    assert shown(desk) == []
    assert shown(desk, location=elsewhere.public_id) == []


@pytest.mark.parametrize(
    "query", [{"course": "x"}, {"location": "x"}, {"sort": "x"}, {"standing": "x"}, {"after": "x"}]
)
def test_filter_that_is_none_changes_nothing(desk, here, query):
    patient(here, "Ada")

    assert shown(desk, **query) == ["Ada"]


@pytest.mark.parametrize("sort", ["", "newest"])
def test_every_patient_is_on_exactly_one_page(desk, here, sort):
    PatientFactory.create_batch(60, location=here)
    seen, query = [], f"?sort={sort}"
    while query:
        page = desk.get(URL + query).context["page"]
        seen += [row.pk for row in page]
        query = page.next

    assert len(seen) == len(set(seen)) == 60


def test_clinic_without_patients_is_told_how_to_begin(desk):
    page = desk.get(URL).content.decode()

    assert "No patients yet" in page
    assert "/patients/new/" in page


def test_admin_of_a_clinic_without_patients_may_import(client, here):
    client.force_login(UserFactory(locations=[here], role=Role.ADMIN))

    assert "/admin/patients/patient/import/" in client.get(URL).content.decode()


def test_nobody_found_offers_to_clear_the_filter(desk, here):
    patient(here, "Ada")

    assert "Clear the filters" in find(desk, URL, "zzz").content.decode()


@pytest.mark.parametrize("patients", [1, 3])
def test_list_asks_the_database_as_often_for_one_as_for_three(desk, here, patients, django_assert_num_queries):
    for number in range(patients):
        course = CourseFactory(patient=patient(here, f"Ada {number}"), location=here, status=Course.Status.ACTIVE)
        SessionFactory(course=course)

    with django_assert_num_queries(10):
        desk.get(URL)
