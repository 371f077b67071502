"""For somebody who died or is archived nothing is planned, booked or logged; a plan holds what was done."""

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.urls import reverse

from tests.factories import AppointmentFactory, CourseFactory, SessionFactory, UserFactory
from treatments.models import Appointment, Course, Session

NOW = datetime(2026, 3, 10, 18, 30, tzinfo=UTC)
DIED = {"deceased_on": date(2026, 3, 9)}
ARCHIVED = {"archived_at": NOW - timedelta(days=1)}
WORDS = [(DIED, "The patient died on 9 March 2026."), (ARCHIVED, "The record is archived. Restore it first.")]

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def course():
    return CourseFactory()


@pytest.fixture
def desk(client, course):
    client.force_login(UserFactory(locations=[course.location]))
    return client


def gone(course, facts):
    type(course.patient).objects.update(**facts)


def new(name, course):
    return {
        "course": reverse("course-new", args=[course.patient.public_id]),
        "booking": f"{reverse('appointment-new')}?patient={course.patient.public_id}",
        "session": reverse("session-new", args=[course.public_id]),
    }[name]


def forms_of(course):
    once = {"form_token": str(uuid.uuid4())}
    areas = [area.pk for area in course.areas.all()]
    plan = {"planned_sessions": "15", "price": "500", "clinician": course.clinician.pk, "started_on": "2026-03-10"}
    visit = {"kind": "consultation", "starts_at": "2026-03-16T10:00", "minutes": "30"}
    given = {"performed_at": "2026-03-10T11:00", "performed_by": course.clinician.pk, "technique": "nappage"}
    return {
        "course": once | plan | {"protocol": course.protocol.pk, "areas": areas},
        "booking": once | visit | {"practitioner": course.clinician.pk},
        "session": once | given | {"areas": areas},
    }


@pytest.mark.parametrize(("facts", "words"), WORDS)
@pytest.mark.parametrize("name", ["course", "booking"])
def test_nothing_is_planned_or_booked(desk, course, name, facts, words):
    Course.objects.update(status="completed")
    gone(course, facts)

    response = desk.post(new(name, course), forms_of(course)[name])

    assert response.context["form"].non_field_errors() == [words]
    assert (Course.objects.count(), Appointment.objects.count()) == (1, 0)


@pytest.mark.parametrize(("facts", "words"), WORDS)
@pytest.mark.parametrize("name", ["course", "booking"])
def test_desk_is_told_before_it_types(desk, course, name, facts, words):
    gone(course, facts)

    response = desk.get(new(name, course), follow=True)

    assert response.redirect_chain == [(course.patient.get_absolute_url(), 302)]
    assert [str(message) for message in response.context["messages"]] == [words]


def test_session_of_an_archived_patient_waits_for_the_record_and_loses_nothing_typed(desk, course):
    gone(course, ARCHIVED)

    form = desk.post(new("session", course), forms_of(course)["session"] | {"note": "Calm."}).context["form"]

    assert (form.non_field_errors(), form["note"].value()) == ([WORDS[1][1]], "Calm.")
    assert Session.objects.count() == 0


def test_session_after_death_is_refused_at_its_time_and_one_before_is_still_logged(desk, course):
    gone(course, DIED)
    form = forms_of(course)["session"]

    refused = desk.post(new("session", course), form)
    desk.post(new("session", course), form | {"performed_at": "2026-03-09T11:00"})

    assert dict(refused.context["form"].errors) == {"performed_at": [WORDS[0][1]]}
    assert Session.objects.get().performed_at == datetime(2026, 3, 9, 18, 0, tzinfo=UTC)


@pytest.mark.parametrize(("facts", "word"), [(DIED, "Died"), (ARCHIVED, "Archived")])
def test_board_says_who_is_booked_and_no_longer_treated(desk, course, facts, word):
    AppointmentFactory(course=course, starts_at=NOW)
    gone(course, facts)

    assert f'<span class="badge is-resolved">{word}</span>' in desk.get("/").content.decode()


def test_plan_does_not_fall_below_what_was_done(course):
    for day in (0, 7, 14):
        SessionFactory(course=course, performed_at=datetime(2026, 3, 2 + day, 15, tzinfo=UTC), signed=True)
    course.planned_sessions = 2

    with pytest.raises(ValidationError) as refused:
        course.clean()

    assert refused.value.message_dict == {"planned_sessions": ["3 sessions are done already."]}


def test_plan_may_end_with_what_was_done_and_drafts_do_not_count(course):
    SessionFactory(course=course, signed=True)
    SessionFactory(course=course, performed_at=datetime(2026, 3, 9, 15, tzinfo=UTC))
    course.planned_sessions = 1

    course.clean()


def test_course_that_went_past_its_plan_can_still_be_changed(course):
    Course.objects.update(planned_sessions=1)
    for day in (2, 9):
        SessionFactory(course=course, performed_at=datetime(2026, 3, day, 15, tzinfo=UTC), signed=True)

    Course.objects.get().clean()
