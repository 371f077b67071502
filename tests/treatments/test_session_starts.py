"""How a session's form starts: with the technique of the last time at once, with all of it at a tap."""

from decimal import Decimal

import pytest
import time_machine

from clinic.roles import Role
from tests.factories import (
    CourseFactory,
    LocationFactory,
    SessionFactory,
    TreatmentAreaFactory,
    make_ready,
)
from tests.treatments.session_forms import FIRST, NOW, form_of, new_url, signed_in
from treatments.models import Session

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


@pytest.fixture
def last(course):
    """Return the session before: 2 ml of a lot in the one area of the plan."""
    last = SessionFactory(
        course=course,
        performed_at=FIRST,
        technique="papule",
        depth_mm=Decimal("1.5"),
        needle="30G, 4 mm",
        antiseptic="Chlorhexidine 2 %",
        given=True,
    )
    make_ready(course)
    return last


def test_form_starts_with_the_technique_of_the_last_session_and_from_now(client, nurse, course, last):
    response = client.get(new_url(course))
    form = response.context["form"]

    given = {name: form[name].value() for name in ("technique", "depth_mm", "needle", "antiseptic")}
    assert given == {name: str(getattr(last, name)) for name in given}
    assert 'value="2026-03-10T11:30"' in response.content.decode()
    assert form["performed_by"].value() == str(nurse.pk)
    of_today = ("weight_kg", "pain", "reactions", "areas", "source-0", "asked_back")
    assert not any(form[name].value() for name in of_today)


def test_same_as_last_time_fills_in_areas_products_and_volumes_and_keeps_what_was_typed(client, nurse, course, last):
    typed = {"action": "same", "areas": [], "source-0": "", "drawn-0": "", "needle": "27G", "note": "Typed before."}

    response = client.post(new_url(course), form_of(course, **typed))

    form = response.context["form"]
    expected = {
        "areas": [str(last.areas.get().pk)],
        "source-0": f"lot:{last.injections.get().lot.public_id}",
        "drawn-0": "2",
        "ml-thigh-back-left": "2",
        "points-thigh-back-left": "40",
        "needle": "30G, 4 mm",
        "note": "Typed before.",
        "weight_kg": "69.2",
    }
    assert {name: form[name].value() for name in expected} == expected
    assert Session.objects.count() == 1


def test_same_as_last_time_leaves_out_an_area_that_is_in_the_plan_no_more_and_says_so(client, nurse, course, last):
    course.areas.set([TreatmentAreaFactory(code="abdomen")])

    response = client.post(new_url(course), form_of(course, action="same"))

    assert response.context["form"]["areas"].value() == []
    assert response.context["notes"] == ["Back thigh, left is not in the plan any more and is left out."]
