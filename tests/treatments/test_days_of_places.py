"""The call list judges each place by its own day: after midnight in Berlin it is afternoon in California."""

from datetime import UTC, date, datetime

import pytest
import time_machine
from django.core.cache import caches
from django.urls import reverse

from clinic.roles import Role
from tests.factories import CourseFactory, FollowUpFactory, LocationFactory, PatientFactory, UserFactory

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 9, 19, 22, 30, tzinfo=UTC)


@pytest.fixture
def berlin():
    return LocationFactory(time_zone="Europe/Berlin")


@pytest.fixture
def california():
    return LocationFactory(time_zone="America/Los_Angeles")


@pytest.fixture(params=["berlin", "california"])
def manager(request, client, berlin, california):
    """Somebody who looks from either place."""
    caches["worker"].clear()
    user = UserFactory(role=Role.ADMIN, locations=[request.getfixturevalue(request.param)])
    client.force_login(user)
    with time_machine.travel(NOW, tick=False):
        yield client


def window(place, opens, closes):
    return FollowUpFactory(
        course=CourseFactory(patient=PatientFactory(location=place)), opens_on=opens, closes_on=closes
    )


def listed(manager, state):
    return [call.follow_up for call in manager.get(reverse("follow-up-list"), {"state": state}).context["calls"]]


def test_window_opens_at_midnight_of_its_place(manager, berlin, california):
    opens, closes = date(2026, 9, 20), date(2026, 11, 20)
    here, there = window(berlin, opens, closes), window(california, opens, closes)
    assert (listed(manager, "due"), listed(manager, "upcoming")) == ([here], [there])


def test_window_is_overdue_after_the_last_day_of_its_place(manager, berlin, california):
    opens, closes = date(2026, 7, 1), date(2026, 9, 19)
    here, there = window(berlin, opens, closes), window(california, opens, closes)
    assert (listed(manager, "overdue"), listed(manager, "due")) == ([here], [there])


def test_numbers_beside_the_list_are_those_of_the_tabs(manager, berlin, california):
    for place in (berlin, california):
        window(place, date(2026, 9, 20), date(2026, 11, 20))
    page = manager.get(reverse("follow-up-list"))
    assert [count for _state, _name, count in page.context["tabs"]] == [1, 0, 1, 0]
    assert [link.count for link in page.context["nav"] if str(link.label) == "Follow-ups"] == [1]
