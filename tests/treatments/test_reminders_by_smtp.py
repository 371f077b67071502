"""Reminders against a mail server that accepts, refuses, or hangs up when it has the message."""

import socketserver
import threading
from datetime import timedelta

import pytest

from tests.factories import LocationFactory
from tests.treatments.test_reminders import MORNING, due, run, stored
from treatments.models import Reminder

State = Reminder.State


class Talk(socketserver.StreamRequestHandler):
    """One connection of an SMTP client; the server says what becomes of its message."""

    def handle(self):
        self.say("220 sink")
        while line := self.rfile.readline():
            match line.split()[0].upper():
                case b"DATA":
                    self.say("354 go on")
                    self.server.messages.append(b"".join(iter(self.rfile.readline, b".\r\n")))
                    if self.server.answer is None:
                        return
                    self.say(self.server.answer)
                case b"RCPT":
                    self.say(self.server.answer_to_recipient)
                case b"QUIT":
                    return
                case _:
                    self.say("250 fine")

    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")


@pytest.fixture
def server(settings):
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Talk) as server:
        server.messages, server.answer, server.answer_to_recipient = [], "250 taken", "250 fine"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address
        yield server
        server.shutdown()


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
    assert (stored(follow_up).state, stored(follow_up).error) == (State.FAILED, "SMTPDataError: (451, b'try later')")
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
