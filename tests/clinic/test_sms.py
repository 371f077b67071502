"""Text messages by a provider that takes them, refuses, fails, or hangs up."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from clinic import sms


class Provider(BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        if self.server.status:
            self.send_response(self.server.status)
            self.end_headers()

    def log_message(self, *arguments):
        """Keep quiet."""


@pytest.fixture
def provider(settings):
    with HTTPServer(("127.0.0.1", 0), Provider) as server:
        server.got, server.status = [], 200
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        settings.SMS_URL = f"json://127.0.0.1:{server.server_address[1]}/?:to={{to}}"
        yield server
        server.shutdown()


def test_message_taken_went_once_to_its_number(provider):
    sms.send("+14155550182", "Hello")

    [message] = provider.got
    assert (message["to"], message["message"]) == ("+14155550182", "Hello")


@pytest.mark.parametrize("status", [400, 401, 404, 429])
def test_provider_that_says_no_refused_it(provider, status):
    provider.status = status

    with pytest.raises(sms.SmsRefusedError, match=str(status)):
        sms.send("+14155550182", "Hello")
    assert len(provider.got) == 1


@pytest.mark.parametrize("status", [500, 503, None], ids=["500", "503", "hangs up"])
def test_after_any_other_answer_nobody_knows(provider, status):
    provider.status = status

    with pytest.raises(sms.SmsUnknownError):
        sms.send("+14155550182", "Hello")
    assert len(provider.got) == 1


def test_number_stays_out_of_the_log(provider, caplog):
    provider.status = 400

    with pytest.raises(sms.SmsRefusedError):
        sms.send("+14155550182", "Hello")
    assert caplog.text == ""


@pytest.mark.parametrize("url", ["", "nonsense", "nobody://x"])
def test_without_a_provider_nothing_can_have_gone(settings, url):
    settings.SMS_URL = url

    with pytest.raises(sms.SmsRefusedError):
        sms.send("+14155550182", "Hello")


def test_developers_read_it_on_their_screen(settings, capsys):
    settings.SMS_URL = "console://"
    sms.send("+14155550182", "Hello")

    assert capsys.readouterr().out == "SMS to +14155550182:\nHello\n\n"
