"""Of several courses the record shows the follow-up that somebody should act on."""

from datetime import UTC, date, datetime

import pytest
import time_machine

from tests.factories import (
    ContactAttemptFactory,
    CourseFactory,
    FollowUpFactory,
    PatientFactory,
    ReturnFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 9, 20, 16, 0, tzinfo=UTC)
DUE = {"opens_on": date(2026, 9, 1), "closes_on": date(2026, 11, 1)}
OVERDUE = {"opens_on": date(2026, 6, 1), "closes_on": date(2026, 8, 1)}
UPCOMING = {"opens_on": date(2027, 1, 1), "closes_on": date(2027, 3, 1)}
LATER = {"opens_on": date(2027, 2, 1), "closes_on": date(2027, 4, 1)}


@pytest.fixture
def patient():
    return PatientFactory()


def window(patient, **days):
    return FollowUpFactory(course=CourseFactory(patient=patient, status="completed"), **days)


def shown(client, patient):
    client.force_login(UserFactory(locations=[patient.location]))
    with time_machine.travel(NOW, tick=False):
        return client.get(patient.get_absolute_url()).context["follow_up"]


def test_due_return_is_shown_before_the_second_window_of_another_course(client, patient):
    first = window(patient, opens_on=date(2025, 1, 1), closes_on=date(2025, 3, 1))
    ReturnFactory(follow_up=first, status="done", starts_at=datetime(2025, 2, 1, 15, tzinfo=UTC))
    FollowUpFactory(course=first.course, number=2, **UPCOMING)
    due = window(patient, **DUE)
    assert shown(client, patient) == due


@pytest.mark.parametrize(("windows", "first"), [([DUE, OVERDUE], 1), ([UPCOMING, DUE], 1), ([LATER, UPCOMING], 1)])
def test_what_closes_first_is_shown_first(client, patient, windows, first):
    rows = [window(patient, **days) for days in windows]
    assert shown(client, patient) == rows[first]


def test_declined_return_stands_behind_the_next_to_open(client, patient):
    ContactAttemptFactory(follow_up=window(patient, **DUE), outcome="declined")
    upcoming = window(patient, **UPCOMING)
    assert shown(client, patient) == upcoming


def test_declined_return_is_shown_where_nothing_is_ahead(client, patient):
    declined = window(patient, **DUE)
    ContactAttemptFactory(follow_up=declined, outcome="declined")
    assert shown(client, patient) == declined


def test_patient_without_a_window_has_none(client, patient):
    assert shown(client, patient) is None
