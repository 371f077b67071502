"""Messages that did not go well wait for a person, and only a person has one sent again."""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail

from clinic.roles import Role
from tests.factories import LocationFactory, ReminderFactory, UserFactory
from tests.treatments.test_reminders import MORNING, due
from treatments.actions.reminders import sweep
from treatments.models import Reminder, ReminderAct

pytestmark = pytest.mark.django_db


@pytest.fixture
def here():
    return LocationFactory(name="Harbour Street")


@pytest.fixture
def sam(here, client):
    user = UserFactory(role=Role.STAFF, locations=[here])
    client.force_login(user)
    return user


@pytest.fixture(autouse=True)
def morning():
    with time_machine.travel(MORNING, tick=False):
        yield


def message(here, state="unknown", **facts):
    return ReminderFactory(follow_up=due(here), state=state, **facts)


def act(client, reminder, act, **fields):
    return client.post(f"/messages/{reminder.public_id}/", {"act": act, **fields}, follow=True)


def shown(client, tab="waiting"):
    return [row.message for row in client.get(f"/messages/?tab={tab}").context["rows"]]


def test_what_did_not_surely_arrive_waits_the_oldest_first(here, client, sam):
    unknown = message(here)
    bounced = message(here, "bounced", started_at=MORNING - timedelta(days=30))
    given_up = message(here, "failed", attempts=3)
    message(here, "failed", attempts=2, started_at=MORNING - timedelta(hours=1))
    message(here, "sent")
    message(here, "sending")

    out_of_date = message(here, "failed", attempts=1, started_at=MORNING - timedelta(days=20))

    assert shown(client) == [bounced, out_of_date, unknown, given_up]
    assert [each for each in Reminder.objects.order_by("started_at", "pk") if each.is_unsettled(MORNING)] == shown(
        client
    )


def test_page_says_what_happened_and_what_to_do(here, client, sam):
    message(here)
    message(here, "failed", attempts=3, error="SMTPRecipientsRefused: 550 nobody here")

    page = client.get("/messages/").content.decode()

    for words in [
        "Perhaps sent",
        "Ask the patient. If it did, say so here; if not, call or send it again.",
        "550 nobody here",
        "Send again",
        "Called the patient",
    ]:
        assert words in page


@pytest.mark.parametrize("count", [1, 3])
def test_page_asks_the_same_for_one_and_for_many(here, client, sam, count, django_assert_num_queries):
    for _row in range(count):
        message(here)

    with django_assert_num_queries(9):
        client.get("/messages/")


def test_today_says_how_many_wait(here, client, sam):
    assert "Messages to settle" not in client.get("/").content.decode()
    message(here)
    assert "Messages to settle" in client.get("/").content.decode()


@pytest.mark.parametrize("how", ["called", "arrived", "not-needed"])
def test_settled_message_leaves_the_list_and_keeps_who_settled_it(here, client, sam, how):
    reminder = message(here)
    act(client, reminder, how)
    reminder.refresh_from_db()

    assert (shown(client), shown(client, "settled")) == ([], [reminder])
    assert (reminder.owner, reminder.settled_at, reminder.state) == (sam, MORNING, "unknown")
    done = ReminderAct.objects.get()
    assert (done.act, done.made_by, done.made_at) == (how, sam, MORNING)


@pytest.mark.parametrize(("state", "attempts"), [("bounced", 1), ("failed", 3)])
def test_message_that_surely_did_not_arrive_is_not_said_to_have(here, client, sam, state, attempts):
    reminder = message(here, state, attempts=attempts)
    page = act(client, reminder, "arrived")

    assert "This message did not arrive." in page.content.decode()
    assert (shown(client), ReminderAct.objects.exists()) == ([reminder], False)


def test_message_taken_on_has_an_owner_and_still_waits(here, client, sam):
    reminder = message(here)
    act(client, reminder, "taken")

    assert shown(client)[0].owner == sam


def test_second_tap_is_told_that_it_is_settled(here, client, sam):
    reminder = message(here)
    act(client, reminder, "called")
    page = act(client, reminder, "arrived")

    assert "This message is settled by now." in page.content.decode()
    assert ReminderAct.objects.count() == 1


def test_unknown_message_goes_again_only_when_somebody_asks(here, client, sam):
    reminder = message(here)
    sweep(lambda: MORNING, seconds=60)
    assert mail.outbox == []

    act(client, reminder, "again")
    sweep(lambda: MORNING, seconds=60)
    sweep(lambda: MORNING + timedelta(hours=1), seconds=60)
    reminder.refresh_from_db()

    assert (reminder.state, reminder.attempts, len(mail.outbox)) == ("sent", 1, 1)


def test_message_asked_for_again_goes_to_the_address_of_now(here, client, sam):
    reminder = message(here, "failed", attempts=3, address="old@x.example")
    act(client, reminder, "again")
    sweep(lambda: MORNING, seconds=60)

    assert mail.outbox[0].to == ["ana@x.example"]


def test_what_holds_no_more_is_not_sent_again(here, client, sam):
    reminder = message(here)
    type(reminder.patient).objects.filter(pk=reminder.patient_id).update(contact_permission=False)

    assert "The patient agreed to no messages." in act(client, reminder, "again").content.decode()
    assert shown(client) == [reminder]


def test_what_ceased_to_hold_after_it_was_asked_for_waits_anew(here, client, sam):
    reminder = message(here)
    act(client, reminder, "again")
    type(reminder.patient).objects.filter(pk=reminder.patient_id).update(contact_permission=False)
    sweep(lambda: MORNING, seconds=60)
    reminder.refresh_from_db()

    assert mail.outbox == []
    assert reminder.is_unsettled(MORNING)
    assert shown(client) == [reminder]


def test_message_that_came_back_is_marked_and_waits(here, client, sam):
    reminder = message(here, "sent")
    act(client, reminder, "bounced", tab="sent")

    assert [each.state for each in shown(client)] == ["bounced"]


def test_nonsense_is_refused(here, client, sam):
    reminder = message(here)

    assert "Nothing is known by that name." in act(client, reminder, "fly").content.decode()
    assert Reminder.objects.get().owner is None


def test_empty_list_says_so(client, sam):
    assert "Every message is accounted for" in client.get("/messages/").content.decode()
