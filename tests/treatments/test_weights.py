"""A weight that is unusual is asked about before a session keeps it."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine

from clinic.roles import Role
from tests.factories import CourseFactory, InstrumentFactory, SessionFactory
from tests.treatments.session_forms import FIRST, NOW, edit_url, form_of, new_url, signed_in
from treatments.models import Session

pytestmark = pytest.mark.django_db
NB = "\N{NO-BREAK SPACE}"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def course():
    return CourseFactory()


@pytest.fixture
def nurse(client, course):
    return signed_in(client, course, Role.STAFF)


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("75.0", None),
        ("75.1", f"75.1{NB}kg now, 70.0{NB}kg 8 days before."),
        ("154.3", f"154.3{NB}kg now, 70.0{NB}kg 8 days before."),
        ("35", f"35.0{NB}kg is unusual."),
        ("200", f"200.0{NB}kg is unusual. Were these pounds?"),
    ],
)
def test_weight_is_asked_about_and_stays_typed(client, nurse, course, typed, asked):
    SessionFactory(course=course, performed_at=FIRST, weight_kg=Decimal("70.0"))
    form = form_of(course, weight_kg=typed)

    response = client.post(new_url(course), form)

    if asked is None:
        assert response.status_code == 302
        return
    assert response.context["form"].asked == [asked]
    assert response.context["form"]["weight_kg"].value() == typed
    assert Session.objects.count() == 1
    client.post(new_url(course), form | {"meant": response.context["form"].mark})
    assert Session.objects.count() == 2


def test_change_over_more_than_a_fortnight_is_not_asked(client, nurse):
    course = CourseFactory(started_on=FIRST.date() - timedelta(days=30), patient__location=nurse.locations.get())
    SessionFactory(course=course, performed_at=FIRST - timedelta(days=7), weight_kg=Decimal("70.0"))

    assert client.post(new_url(course), form_of(course, weight_kg="80")).status_code == 302


def test_kilograms_at_an_imperial_place_are_asked(client):
    course = CourseFactory(patient__location__unit_system="imperial")
    signed_in(client, course, Role.STAFF)

    response = client.post(new_url(course), form_of(course, weight_kg="70"))

    assert response.context["form"].asked == [f"70.0{NB}lb is unusual. Were these kilograms?"]


def test_weight_that_was_kept_is_not_asked_about_again(client, nurse, course):
    session = SessionFactory(course=course, performed_at=FIRST, weight_kg=Decimal("35.0"))
    form = form_of(course, performed_at="2026-03-02T07:00", weight_kg="35.0", version=1, note="Corrected.")

    assert client.post(edit_url(session), form).status_code == 302


def test_limits_are_data(client, nurse, course):
    InstrumentFactory(code="weight", usual_most=Decimal(80))

    response = client.post(new_url(course), form_of(course, weight_kg="81"))

    assert response.context["form"].asked == [f"81.0{NB}kg is unusual."]
