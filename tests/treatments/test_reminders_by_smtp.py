"""Reminders against a mail server that accepts, refuses, or hangs up when it has the message."""

import socketserver
from datetime import timedelta

import pytest

from tests.factories import LocationFactory
from tests.mail_server import Talk, mail_server
from tests.treatments.test_reminders import MORNING, due, run, stored
from treatments.models import Reminder

State = Reminder.State


@pytest.fixture
def server(settings):
    with mail_server(settings) as server:
        yield server


@pytest.fixture
def follow_up(db):
    return due(LocationFactory(name="Harbour Street"))


def run_thrice():
    for hour in range(3):
        run(at=MORNING + timedelta(hours=hour))


def test_message_taken_goes_once(server, follow_up):
    run_thrice()
    (message,) = server.messages
    assert b"To: ana@x.example" in message
    assert stored(follow_up).state == State.SENT


def test_message_after_which_the_server_hangs_up_goes_once(server, follow_up):
    server.answer = None
    run_thrice()
    assert len(server.messages) == 1
    assert (stored(follow_up).state, stored(follow_up).error) == (
        State.UNKNOWN,
        "SMTPServerDisconnected: Connection unexpectedly closed",
    )


def test_message_refused_is_handed_over_again(server, follow_up):
    server.answer = "451 try later"
    run(at=MORNING)
    assert (stored(follow_up).state, stored(follow_up).error) == (State.FAILED, "451 try later")
    server.answer = "250 taken"
    run(at=MORNING + timedelta(hours=1))
    assert stored(follow_up).state == State.SENT


def test_recipient_refused_is_given_up_after_three_times(server, follow_up):
    server.answer_to_recipient = "550 nobody here"
    run_thrice()
    assert (stored(follow_up).is_given_up, server.messages) == (True, [])


def test_server_that_does_not_listen_is_tried_again(server, follow_up, settings):
    with socketserver.TCPServer(("127.0.0.1", 0), Talk) as other:
        settings.EMAIL_PORT = other.server_address[1]
    run(at=MORNING)
    assert stored(follow_up).error == "ConnectionRefusedError: [Errno 111] Connection refused"
    settings.EMAIL_PORT = server.server_address[1]
    run(at=MORNING + timedelta(hours=1))
    assert (stored(follow_up).state, len(server.messages)) == (State.SENT, 1)
