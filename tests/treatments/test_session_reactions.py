import uuid
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse

from clinic.roles import Role
from tests.factories import CourseFactory, UserFactory
from treatments.models import SideEffect

NOW = datetime(2026, 3, 10, 15, 30, tzinfo=UTC)

pytestmark = [pytest.mark.django_db]


@pytest.fixture
def course():
    return CourseFactory()


@pytest.fixture
def post(client, course):
    """Return what logs a session half an hour ago, with what the form says beside."""
    nurse = UserFactory(role=Role.STAFF, locations=[course.location])
    client.force_login(nurse)
    local = course.location.local(NOW - timedelta(minutes=30))

    def log(**said):
        form = {
            "form_token": uuid.uuid4(),
            "performed_at": local.strftime("%Y-%m-%dT%H:%M"),
            "performed_by": nurse.pk,
            "areas": [area.pk for area in course.areas.all()],
            "technique": "nappage",
        }
        with time_machine.travel(NOW, tick=False):
            return client.post(reverse("session-new", args=[course.public_id]), form | said)

    return log


def test_burning_said_to_have_lasted_18_minutes_is_over_and_no_work(post):
    post(reactions=["burning"], **{"lasted-burning": "18"})

    burning = SideEffect.objects.get()
    assert burning.resolved_at - burning.onset_at == timedelta(minutes=18)
    assert not SideEffect.objects.to_review(NOW).exists()


def test_burning_of_unsaid_length_stays_open(post):
    post(reactions=["burning"], **{"lasted-burning": ""})

    assert SideEffect.objects.get().resolved_at is None


def test_length_of_a_reaction_not_chosen_means_nothing(post):
    post(reactions=["none"], **{"lasted-burning": "18"})

    assert not SideEffect.objects.exists()


def test_length_that_ends_ahead_is_refused_at_its_field_and_kept(post):
    response = post(reactions=["burning"], **{"lasted-burning": "45"})

    form = response.context["form"]
    assert list(form.errors) == ["lasted-burning"]
    assert form["lasted-burning"].value() == "45"


@pytest.mark.parametrize("minutes", ["0", "-3", "100000", "soon"])
def test_absurd_length_is_refused_at_its_field(post, minutes):
    response = post(reactions=["burning"], **{"lasted-burning": minutes})

    assert list(response.context["form"].errors) == ["lasted-burning"]


def test_swelling_is_not_asked_for_its_minutes(post):
    response = post(reactions=["swelling", "none"])

    fields = response.context["form"].fields
    assert [name for name in fields if name.startswith("lasted-")] == [
        "lasted-burning",
        "lasted-discomfort",
        "lasted-vasovagal",
    ]
