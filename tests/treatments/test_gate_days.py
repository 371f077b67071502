"""On which day consent, screening and answers have to stand, and what an amendment may not slip past."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.urls import reverse

from clinic.roles import Role
from tests.factories import (
    ConsentFactory,
    CourseFactory,
    LocationFactory,
    LotFactory,
    ProductFactory,
    ScreeningFactory,
    SessionFactory,
    UserFactory,
    make_ready,
)
from tests.treatments.session_forms import NOW, form_of, new_url, signed_in
from treatments.actions.amendments import enter_in_error
from treatments.actions.sessions import sign
from treatments.drawn import drawn_to_sign
from treatments.gate import problems, unanswered
from treatments.models import Override, Session

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(days=3)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def course():
    return CourseFactory(patient__location=LocationFactory())


def stops(session, now):
    return {problem.code for problem in problems(drawn_to_sign(session), now) if problem.stops}


def given(course, **facts):
    return SessionFactory(course=course, performed_at=NOW, given=True, **facts)


def test_what_was_signed_and_asked_after_the_session_did_not_stand_before_it(course):
    session = given(course)
    ConsentFactory(patient=course.patient, signed_at=NOW + timedelta(days=2))
    ScreeningFactory(patient=course.patient, answered_at=NOW + timedelta(days=2))

    assert stops(session, LATER) == {"consent", "screening-missing"}


def test_what_was_signed_and_asked_on_the_day_stands(course):
    session = given(course)
    ConsentFactory(patient=course.patient, signed_at=NOW + timedelta(minutes=5))
    ScreeningFactory(patient=course.patient, answered_at=NOW + timedelta(minutes=5))

    assert stops(session, LATER) == set()


def test_yes_of_the_day_stops_whatever_was_said_later(course):
    make_ready(course)
    session = given(course)
    session.screening.answers.filter(question__code="pregnancy").update(answer="yes")
    ScreeningFactory(patient=course.patient, answered_at=NOW + timedelta(days=1), answers={"pregnancy": "no"})

    assert stops(session, LATER) == {"screening:pregnancy"}


def test_no_of_the_day_stands_whatever_was_said_later(course):
    make_ready(course)
    session = given(course)
    ScreeningFactory(patient=course.patient, answered_at=NOW + timedelta(days=1), answers={"pregnancy": "yes"})

    assert stops(session, LATER) == set()


def test_screening_of_the_day_that_was_in_error_has_to_be_asked_anew(course):
    make_ready(course)
    session = given(course)
    doctor = UserFactory(role=Role.CLINICIAN)
    session.screening.mark_entered_in_error(
        reason="Of another patient.", by=doctor, now=NOW, version=session.screening.version
    )

    assert "screening-pregnancy" in unanswered(session)
    with pytest.raises(ValidationError):
        sign(session, by=doctor, now=NOW, version=session.version)


@pytest.fixture
def limited(client, course):
    """Sign 4.5 ml of a product that stops at 4 ml, with a reason; return the session and its form."""
    product = ProductFactory(limit_acts="stop", max_ml_per_session=Decimal(4))
    LotFactory(product=product, location=course.location)
    signed_in(client, course, Role.CLINICIAN)
    reason = {f"override-dose:{product.code}:ml": "A large area."}
    form = form_of(course, action="sign", **{"drawn-0": "4.5"}, **reason)
    client.post(new_url(course), form)
    return Session.objects.get(), form


def amended(client, session, form, **changes):
    session.refresh_from_db()
    typed = form | {"version": session.version, "reason": "Misread.", "action": "amend"} | changes
    old = {name for name in form if name.startswith("override-")} | {"form_token"}
    typed = {name: value for name, value in typed.items() if name in changes or name not in old}
    return client.post(reverse("session-amend", args=[session.public_id]), typed)


def test_dose_passed_over_once_is_no_licence_for_a_larger_one(client, limited):
    session, form = limited

    response = amended(client, session, form, **{"drawn-0": "60"})

    assert "60 ml, the limit is 4 ml" in str(response.context["form"].errors)
    assert session.amendments.count() == 0


def test_each_dose_that_was_passed_over_keeps_its_own_reason(client, limited):
    session, form = limited
    name = next(name for name in form if name.startswith("override-"))

    amended(client, session, form, **{"drawn-0": "20", name: "Two areas more."})

    reasons = Override.objects.filter(session=session).order_by("pk").values_list("reason", flat=True)
    assert list(reasons) == ["A large area.", "Two areas more."]


def test_points_placed_elsewhere_are_an_amendment_of_their_own(client, course):
    signed_in(client, course, Role.CLINICIAN)
    form = form_of(course, action="sign")
    client.post(new_url(course), form)
    session = Session.objects.get()
    code = session.areas.get().code

    response = amended(client, session, form, **{f"map-{code}": '[["back", 0.4, 0.65]]'})

    assert response.status_code == 302
    assert "back" in str(session.amendments.get().after)


def test_session_in_error_is_signed_by_nobody(course):
    make_ready(course)
    session = given(course)
    doctor = UserFactory(role=Role.CLINICIAN)
    enter_in_error(session, reason="Twice.", by=doctor, now=datetime(2026, 3, 11, tzinfo=UTC), version=session.version)

    with pytest.raises(ValidationError):
        sign(session, by=doctor, now=LATER, version=session.version)
