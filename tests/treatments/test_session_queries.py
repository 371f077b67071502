"""What the pages of a session ask of the database: as much for many rows as for one."""

from datetime import timedelta

import pytest
import time_machine

from clinic.roles import Role
from tests.factories import (
    CourseFactory,
    InjectionFactory,
    LocationFactory,
    LotFactory,
    ProductFactory,
    SessionFactory,
    SideEffectFactory,
    TreatmentAreaFactory,
    make_ready,
)
from tests.treatments.session_forms import FIRST, NOW, edit_url, new_url, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def course():
    return CourseFactory(patient__location=LocationFactory(name="Harbour Street"))


@pytest.fixture
def nurse(client, course):
    return signed_in(client, course, Role.STAFF)


QUERIES = {"session": 37, "session-edit": 65, "session-new": 54}


def lots_of(course, count):
    products = [ProductFactory(code=f"product-{number}", name=f"Product {number}") for number in range(count)]
    return [LotFactory(location=course.location, product=product) for product in products]


def treated(course, count):
    """Treat as many times, an hour apart, with a reaction each that is still there."""
    for hour in range(count):
        session = SessionFactory(course=course, performed_at=FIRST + timedelta(hours=hour), given=True)
        SideEffectFactory(session=session)


@pytest.mark.parametrize("count", [1, 3])
def test_session_page_asks_as_often_for_three_reactions_as_for_one(
    client, nurse, course, count, django_assert_num_queries
):
    areas = [TreatmentAreaFactory(code=code) for code in ["abdomen", "hip-left", "hip-right"][:count]]
    session = SessionFactory(course=course, performed_at=FIRST, areas=areas, given=True)
    SideEffectFactory.create_batch(count, session=session)
    for lot in lots_of(course, count):
        InjectionFactory(session=session, lot=lot)
    client.get("/search/")

    with django_assert_num_queries(QUERIES["session"]):
        client.get(session.get_absolute_url())


@pytest.mark.parametrize("count", [1, 3])
def test_form_of_a_session_asks_as_often_after_three_as_after_one(
    client, nurse, course, count, django_assert_num_queries
):
    make_ready(course)
    treated(course, count)
    draft = SessionFactory(course=course, performed_at=FIRST + timedelta(days=7), given=True)
    for lot in lots_of(course, count):
        InjectionFactory(session=draft, lot=lot)
    client.get("/search/")

    with django_assert_num_queries(QUERIES["session-edit"]):
        client.get(edit_url(draft))


@pytest.mark.parametrize("count", [1, 3])
def test_blank_form_asks_as_often_after_three_sessions_as_after_one(
    client, nurse, course, count, django_assert_num_queries
):
    make_ready(course)
    treated(course, count)
    client.get("/search/")

    with django_assert_num_queries(QUERIES["session-new"]):
        client.get(new_url(course))
