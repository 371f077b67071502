"""The patient's record: the summary, and the timeline from the newest back."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse

from tests.factories import (
    AppointmentFactory,
    ConsentFactory,
    ContactAttemptFactory,
    CourseFactory,
    FollowUpFactory,
    LocationFactory,
    PatientFactory,
    ScreeningFactory,
    SessionFactory,
    SideEffectFactory,
    UserFactory,
)
from treatments.timeline import STEP, Kind, timeline

NOW = datetime(2026, 3, 10, 18, 30, tzinfo=UTC)
DAY = timedelta(days=1)
QUERIES = 29

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def here():
    return LocationFactory()


@pytest.fixture
def nurse(client, here):
    user = UserFactory(locations=[here])
    client.force_login(user)
    return user


@pytest.fixture
def patient(here):
    return PatientFactory(location=here)


@pytest.fixture
def course(patient):
    return CourseFactory(patient=patient, started_on=NOW.date() - 400 * DAY)


def walk(patient, kind=None):
    """Return the titles of the whole timeline, page after page."""
    found, before = [], None
    while True:
        page = timeline(patient, NOW, kind=kind, before=before)
        found += page.entries
        if page.earlier is None:
            return found
        before = page.earlier


def test_timeline_tells_the_newest_first(patient, course):
    session = SessionFactory(course=course, performed_at=NOW - 9 * DAY, signed=True)
    SideEffectFactory(session=session, onset_at=NOW - 8 * DAY)
    AppointmentFactory(course=course, starts_at=NOW - 10 * DAY, status="no-show")
    ContactAttemptFactory(follow_up__course=course, made_at=NOW - DAY)

    assert [entry.kind for entry in walk(patient)] == [Kind.CONTACT, Kind.REACTIONS, Kind.SESSIONS, Kind.VISITS]


@pytest.mark.parametrize("kind", Kind)
def test_timeline_of_one_kind_is_of_that_kind(patient, course, kind):
    session = SessionFactory(course=course, performed_at=NOW - 9 * DAY)
    SideEffectFactory(session=session, onset_at=NOW - 8 * DAY)
    AppointmentFactory(course=course, starts_at=NOW - 10 * DAY)
    ContactAttemptFactory(follow_up__course=course, made_at=NOW - DAY)

    assert [entry.kind for entry in walk(patient, kind)] == [kind]


def test_appointment_to_come_is_no_history(patient, course):
    AppointmentFactory(course=course, starts_at=NOW + DAY)

    assert walk(patient) == []


def test_timeline_of_another_patient_is_another(patient, course):
    SessionFactory(performed_at=NOW - DAY)

    assert walk(patient) == []


@pytest.mark.parametrize("count", [STEP - 1, STEP, STEP + 1, 2 * STEP, 2 * STEP + 1])
def test_walk_through_the_timeline_meets_everything_once(patient, course, count):
    made = [SessionFactory(course=course, performed_at=NOW - n * DAY).get_absolute_url() for n in range(1, count + 1)]

    assert [entry.url for entry in walk(patient)] == made


def test_nothing_of_one_moment_is_lost_between_two_pages(patient, course):
    for number in range(1, STEP + 5):
        session = SessionFactory(course=course, performed_at=NOW - number * DAY)
        SideEffectFactory(session=session, onset_at=session.performed_at)
        SideEffectFactory(session=session, onset_at=session.performed_at)

    assert len({entry.url for entry in walk(patient)}) == len(walk(patient)) == 3 * (STEP + 4)


@pytest.mark.parametrize("before", ["", "x", "2026-13-40", "2026-03-10", "9999-12-31T23:59:59+00:00", "\x01"])
def test_moment_that_is_none_shows_the_newest(client, nurse, patient, course, before):
    SessionFactory(course=course, performed_at=NOW - DAY)

    response = client.get(patient.get_absolute_url(), {"before": before, "kind": "nonsense"})

    assert len(response.context["timeline"].entries) == 1


def test_earlier_entries_come_alone_through_htmx(client, nurse, patient, course):
    for number in range(1, STEP + 3):
        SessionFactory(course=course, performed_at=NOW - number * DAY)
    first = client.get(patient.get_absolute_url()).context["timeline"]

    address = {"before": first.earlier.isoformat()}
    response = client.get(patient.get_absolute_url(), address, headers={"hx-request": "true"})

    assert len(response.context["timeline"].entries) == 2
    assert "<html" not in response.content.decode()


def test_summary_shows_courses_open_reactions_and_the_next_appointment(client, nurse, patient, course):
    ended = CourseFactory(patient=patient, status="completed")
    effect = SideEffectFactory(session=SessionFactory(course=course, signed=True))
    SideEffectFactory(session=effect.session, resolved_at=NOW)
    AppointmentFactory(course=course, starts_at=NOW + 2 * DAY)
    soon = AppointmentFactory(course=course, starts_at=NOW + DAY)

    context = client.get(patient.get_absolute_url()).context

    assert [card.course for card in context["running"]] == [course]
    assert [card.course for card in context["ended"]] == [ended]
    assert (context["reactions"], context["next_appointment"]) == ([effect], soon)


def test_patient_without_a_course_is_offered_one(client, nurse, patient):
    assert "Start a course" in client.get(patient.get_absolute_url()).content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_record_asks_as_often_for_three_as_for_one(client, nurse, patient, count, django_assert_num_queries):
    for number in range(count):
        status = ["active", "completed", "completed"][number]
        course = CourseFactory(patient=patient, status=status)
        for hours in range(count):
            session = SessionFactory(course=course, performed_at=NOW - DAY - timedelta(hours=hours), signed=True)
            SideEffectFactory(session=session)
            AppointmentFactory(course=course, starts_at=NOW + DAY * (1 + hours) + timedelta(hours=number))
        follow_up = FollowUpFactory(course=course)
        ContactAttemptFactory.create_batch(count, follow_up=follow_up, made_at=NOW - DAY)

    with django_assert_num_queries(QUERIES):
        client.get(patient.get_absolute_url())


def test_what_is_missing_before_a_treatment_is_said_with_the_way_to_it(client, nurse, patient):
    page = client.get(patient.get_absolute_url()).content.decode()

    assert "Before treatment" in page
    assert page.count("Missing") == 2
    assert reverse("screening-new", args=[patient.public_id]) in page
    assert reverse("patient-consents", args=[patient.public_id]) in page


def test_what_was_asked_and_signed_is_on_the_record(client, nurse, patient):
    screening = ScreeningFactory(patient=patient, answers={"keloid": "yes", "stroke": "yes", "idd": "no"})
    consent = ConsentFactory(patient=patient)

    page = client.get(patient.get_absolute_url()).content.decode()

    assert "Valid to 2 Mar 2027" in page
    assert consent.get_absolute_url() in page
    assert page.count(screening.get_absolute_url()) == 3
    assert page.index("Stroke or TIA") < page.index("Keloids")
