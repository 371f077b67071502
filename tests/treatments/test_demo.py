from datetime import UTC, datetime

import pytest
import time_machine
from django.core.management import CommandError, call_command

from clinic.models import Location
from tests.factories import PatientFactory
from treatments.board import board
from treatments.demo.load import load
from treatments.models import Appointment, FollowUp, SideEffect
from treatments.rules.follow_up import State

pytestmark = [pytest.mark.django_db]

NOON = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)  # in Los Angeles


@pytest.mark.parametrize(
    "now",
    [NOON, datetime(2026, 11, 25, 7, 55, tzinfo=UTC), datetime(2026, 11, 25, 8, 5, tzinfo=UTC)],
    ids=["at noon", "before midnight", "after midnight"],
)
def test_board_of_the_demo_is_full_whatever_the_hour(now):
    with time_machine.travel(now, tick=False):
        list(load(now))

    shown = board(Location.objects.get(name="Harbour Street"), now)
    assert [len(column.cards) for column in shown.columns] == [4, 2, 2, 3]


def test_demo_shows_what_a_clinic_knows():
    with time_machine.travel(NOON, tick=False):
        list(load(NOON))

    follow_ups = FollowUp.objects.with_facts(NOON)
    today = Location.objects.get(name="Harbour Street").today(NOON)
    empty = [
        state
        for state in (State.DUE, State.OVERDUE, State.UPCOMING, State.BOOKED, State.DECLINED)
        if not follow_ups.in_state(state, today).exists()
    ]
    assert empty == []
    assert SideEffect.objects.urgent().count() == 1
    assert SideEffect.objects.prolonged(NOON).count() == 2
    assert not Appointment.objects.filter(kind="session", course=None).exists()


def test_demo_is_loaded_once(capsys):
    call_command("load_demo")
    before = Appointment.objects.count()

    call_command("load_demo")

    assert Appointment.objects.count() == before
    assert capsys.readouterr().out.count("ines.moreau@demo.example") == 2


def test_demo_is_not_loaded_among_real_patients():
    PatientFactory()

    with pytest.raises(CommandError, match="holds patients already"):
        call_command("load_demo")


def test_demo_is_never_loaded_in_production(settings):
    settings.PRODUCTION = True

    with pytest.raises(CommandError, match="known passwords"):
        call_command("load_demo")
