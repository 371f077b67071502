"""The sweep of the worker: it may come twice, stop in the middle, and somebody notices when it does not come."""

from datetime import timedelta

import pytest
from django.core import mail

from clinic.models import Heartbeat
from tests.factories import LocationFactory
from tests.treatments.test_reminders import MORNING, due
from treatments import tasks
from treatments.actions.letters import window_letter
from treatments.actions.outbox import claim
from treatments.actions.reminders import sweep
from treatments.models import Reminder
from treatments.rules.reminding import Occasion

pytestmark = pytest.mark.django_db


@pytest.fixture
def here():
    return LocationFactory()


def run(at=MORNING, seconds=60):
    return sweep(lambda: at, seconds=seconds)


def test_sweep_leaves_its_beat_whether_or_not_anything_is_due(here):
    run()
    run(MORNING + timedelta(minutes=5))

    assert Heartbeat.of("reminders").beat_at == MORNING + timedelta(minutes=5)
    assert Heartbeat.objects.count() == 1


def test_two_sweeps_at_once_send_each_message_once(here):
    first, second = due(here), due(here)
    claim(window_letter(first, Occasion.OPENS), now=MORNING)  # another worker has it

    run()

    assert [reminder.follow_up for reminder in Reminder.objects.filter(state="sent")] == [second]
    assert len(mail.outbox) == 1


def test_sweep_stops_after_its_time_and_the_next_goes_on(here):
    for _person in range(3):
        due(here)

    assert [run(seconds=-1) for _slice in range(4)] == [False, False, False, True]
    assert len(mail.outbox) == 3


def test_task_rings_for_the_rest(here, monkeypatch, django_capture_on_commit_callbacks):
    rung = []
    monkeypatch.setattr(tasks, "sweep", lambda clock, *, seconds: False)
    monkeypatch.setattr(tasks, "ring", rung.append)

    tasks.sweep_reminders()

    assert rung == [tasks.send_reminders]


def test_each_occasion_of_a_window_is_one_message(here):
    follow_up = due(here)
    for day in range(45):
        run(MORNING + timedelta(days=day))

    assert list(follow_up.reminders.order_by("started_at").values_list("occasion", flat=True)) == [
        "opens",
        "middle",
        "closes",
    ]


def test_protocol_says_which_occasions_there_are(here):
    follow_up = due(here)
    protocol = follow_up.course.protocol
    protocol.reminds_in_middle, protocol.reminds_days_before_close = False, None
    protocol.save()
    for day in range(0, 45, 4):
        run(MORNING + timedelta(days=day))

    assert [reminder.occasion for reminder in follow_up.reminders.all()] == ["opens"]


def test_nothing_due_asks_little(here, django_assert_num_queries):
    due(here)
    run()

    with django_assert_num_queries(11):
        run(MORNING + timedelta(minutes=5))
