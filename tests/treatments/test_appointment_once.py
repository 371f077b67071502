"""The database itself refuses a patient, a practitioner or a room twice at one time, whoever writes."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from tests.factories import AppointmentFactory, LocationFactory, PatientFactory, RoomFactory, UserFactory
from treatments.actions import appointments as actions
from treatments.models import Appointment

TEN = datetime(2026, 3, 16, 17, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture
def here():
    return LocationFactory()


def visit(here, **facts):
    """Make an appointment at ten of somebody with somebody; what a test shares it names."""
    return AppointmentFactory(
        **{"course": None, "kind": "consultation", "patient": PatientFactory(location=here), "starts_at": TEN} | facts
    )


def shared(here, field):
    rows = {"patient": PatientFactory(location=here), "practitioner": UserFactory(locations=[here])}
    return {field: rows.get(field) or RoomFactory(location=here)}


FIELDS = ["patient", "practitioner", "room"]


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("offset", [-29, 0, 29])
def test_overlap_is_refused_when_it_is_inserted(here, field, offset):
    one = shared(here, field)
    visit(here, **one)

    with pytest.raises(IntegrityError, match=f"appointment_{field}_once"), transaction.atomic():
        visit(here, **one, starts_at=TEN + timedelta(minutes=offset))


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("changes", [{"minutes": 31}, {"starts_at": TEN + timedelta(minutes=1)}])
def test_overlap_is_refused_when_it_is_updated(here, field, changes):
    one = shared(here, field)
    first = visit(here, **one)
    visit(here, **one, starts_at=TEN + timedelta(minutes=30))

    with pytest.raises(IntegrityError), transaction.atomic():
        Appointment.objects.filter(pk=first.pk).update(**changes)


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("offset", [-30, 30, 480])
def test_back_to_back_is_taken(here, field, offset):
    one = shared(here, field)
    visit(here, **one)

    assert visit(here, **one, starts_at=TEN + timedelta(minutes=offset)).pk


@pytest.mark.parametrize("field", FIELDS)
def test_appointment_of_eight_hours_still_holds_at_its_end(here, field):
    one = shared(here, field)
    visit(here, **one, minutes=480)

    with pytest.raises(IntegrityError), transaction.atomic():
        visit(here, **one, starts_at=TEN + timedelta(minutes=479))


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("status", ["cancelled", "no-show"])
def test_fallen_appointment_takes_nothing_until_it_comes_back(here, field, status):
    one = shared(here, field)
    fallen = visit(here, **one, status=status)
    visit(here, **one)

    with pytest.raises(IntegrityError), transaction.atomic():
        Appointment.objects.filter(pk=fallen.pk).update(status="booked")


@pytest.mark.parametrize("status", ["in-room", "done"])
def test_room_somebody_is_in_by_now_is_a_fact_beside_the_plan(here, status):
    room = RoomFactory(location=here)
    visit(here, room=room, status=status)

    assert visit(here, room=room).pk


def test_many_without_a_room_share_none(here):
    assert [visit(here).room for _person in range(3)] == [None] * 3


def test_appointment_does_not_stand_in_its_own_way(here):
    one = visit(here, room=RoomFactory(location=here))

    Appointment.objects.filter(pk=one.pk).update(starts_at=TEN + timedelta(minutes=10))


@pytest.mark.parametrize(
    ("field", "shown_at"), [("patient", "starts_at"), ("practitioner", "practitioner"), ("room", "room")]
)
def test_what_the_database_refuses_is_said_as_the_form_says_it(here, monkeypatch, field, shown_at):
    one = shared(here, field)
    visit(here, **one)
    second = visit(here, starts_at=TEN + timedelta(hours=2))
    setattr(second, field, one[field])
    second.starts_at = TEN
    monkeypatch.setattr(actions, "refuse_overlap", lambda appointment: None)  # as if nobody had looked

    with pytest.raises(ValidationError) as refused:
        actions.move(second, version=second.version)

    name = getattr(one[field], "full_name", str(one[field]))
    assert refused.value.message_dict == {shown_at: [f"{name} is taken from 17:00 to 17:30."]}


def test_room_of_who_waits_again_is_left_to_whom_it_is_booked_for(here):
    room = RoomFactory(location=here)
    inside = visit(here, room=room, status="in-room")
    visit(here, room=room)

    actions.turn(inside, "arrived", now=TEN, version=1)

    assert (inside.status, inside.room) == ("arrived", None)
