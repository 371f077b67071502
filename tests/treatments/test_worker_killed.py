"""A worker of flesh and blood, killed while it sends. tests/benchmarks/kills.py does the same two hundred times."""

import signal
import subprocess
import time
from collections import Counter
from datetime import time as clock
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import LocationFactory
from tests.treatments.test_photo_worker import environment, manage, photo_root  # noqa: F401 -- fixtures
from tests.treatments.test_reminders import due
from tests.treatments.test_reminders_by_smtp import server  # noqa: F401 -- a fixture
from treatments.models import Reminder

PEOPLE = 12


def recipients(server):  # noqa: F811
    return Counter(message.partition(b"To: ")[2].partition(b"\r\n")[0] for message in server.messages)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_worker_killed_while_it_sends_sends_nothing_twice_and_loses_nothing(server, environment):  # noqa: F811
    today = timezone.now().date()
    here = LocationFactory(time_zone="UTC", messages_from=clock(0), messages_until=clock(23, 59, 59))
    for number in range(PEOPLE):
        due(here, opens=today - timedelta(days=2), closes=today + timedelta(days=50), email=f"p{number}@x.example")
    host, port = server.server_address
    surroundings = environment | {"EMAIL_URL": f"smtp://{host}:{port}"}

    for goal in (2, 6, PEOPLE):
        worker = subprocess.Popen(manage("run_huey"), env=surroundings, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 120
        while Reminder.objects.count() < goal and time.monotonic() < deadline:
            time.sleep(0.01)
        if goal == PEOPLE:
            time.sleep(1)
        worker.send_signal(signal.SIGKILL)
        worker.wait()

    came = recipients(server)
    unclear = set(Reminder.objects.filter(state="sending").values_list("address", flat=True))
    assert Reminder.objects.count() == PEOPLE
    assert set(came.values()) == {1}
    assert {f"p{number}@x.example" for number in range(PEOPLE)} - {to.decode() for to in came} <= unclear
    assert len(unclear) <= 3
