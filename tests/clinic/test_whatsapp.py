"""Messages by WhatsApp, and texts by providers who speak as Twilio and Vonage do, over a socket of our own."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs

import pytest
from apprise.plugins.twilio import NotifyTwilio
from apprise.plugins.vonage import NotifyVonage
from apprise.plugins.whatsapp import NotifyWhatsApp

from clinic import sms

TEXT = "Harbour Street: we expect you on 9 September at 15:30. Stop: https://clinic.example/stop/abc. " * 9
TEXT = TEXT[:899] + "."
TEMPLATE = sms.Template("mesotrack_soon", "fr", ("Harbour Street", "9 & 10 + 1 %", "https://x.example/stop/a?b=c#d"))


class Provider(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.got.append((self.path, self.headers, body))
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(json.dumps(self.server.said).encode())

    def log_message(self, *arguments):
        """Keep quiet."""


@pytest.fixture
def provider(monkeypatch):
    """Return a server that takes the places of Twilio, Vonage and Meta: only the host is another."""
    with HTTPServer(("127.0.0.1", 0), Provider) as server:
        server.got, server.status, server.said = [], 201, {}
        host = f"http://127.0.0.1:{server.server_address[1]}"
        monkeypatch.setattr(NotifyTwilio, "notify_sms_url", host + "/2010-04-01/Accounts/{sid}/Messages.json")
        monkeypatch.setattr(NotifyWhatsApp, "notify_url", host + "/{fb_ver}/{phone_id}/messages")
        monkeypatch.setattr(NotifyVonage, "notify_url", host + "/sms/json")
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def meta(settings, provider):
    settings.WHATSAPP_URL = "whatsapp://token@123456789/{to}"
    provider.status = 200
    return provider


def test_template_goes_with_its_name_language_and_values_in_their_places(meta):
    sms.send_template("+14155550182", TEMPLATE)

    [(path, headers, body)] = meta.got
    sent = json.loads(body)
    assert path.endswith("/123456789/messages")
    assert headers["Authorization"] == "Bearer token"
    assert (sent["to"], sent["type"]) == ("+14155550182", "template")
    assert sent["template"] == {
        "name": "mesotrack_soon",
        "language": {"code": "fr"},
        "components": [{"type": "body", "parameters": [{"type": "text", "text": value} for value in TEMPLATE.values]}],
    }


def test_twelve_places_keep_their_order(meta):
    values = tuple(f"value {number}" for number in range(1, 13))
    sms.send_template("+14155550182", sms.Template("many", "en", values))

    sent = json.loads(meta.got[0][2])
    assert [each["text"] for each in sent["template"]["components"][0]["parameters"]] == list(values)


def test_template_that_meta_refuses_was_refused(meta):
    meta.status, meta.said = 400, {"error": {"code": 132001, "message": "Template name does not exist"}}

    with pytest.raises(sms.SmsRefusedError, match="Template name does not exist"):
        sms.send_template("+14155550182", TEMPLATE)


def test_after_a_fault_of_meta_nobody_knows(meta):
    meta.status = 500

    with pytest.raises(sms.SmsUnknownError):
        sms.send_template("+14155550182", TEMPLATE)
    assert len(meta.got) == 1


@pytest.mark.parametrize(
    ("url", "offers"),
    [
        ("", False),
        ("whatsapp://token@123/{to}", True),
        ("console://", True),
        ("twilio://AC0:token@+14155550100/w:{to}", False),
        ("twilio://AC0:token@+14155550100/{to}", False),
    ],
)
def test_whatsapp_is_offered_where_templates_can_be_sent(settings, provider, url, offers):
    settings.WHATSAPP_URL = url
    assert sms.offers_whatsapp() is offers
    if not offers:
        with pytest.raises(sms.SmsRefusedError):
            sms.send_template("+14155550182", TEMPLATE)
    assert provider.got == []


def test_twilio_by_whatsapp_is_free_text_which_is_why_it_is_not_offered(settings, provider):
    """No template can be named through it, and to whoever did not write first WhatsApp takes nothing else."""
    settings.SMS_URL = "twilio://AC0:token@+14155550100/w:{to}"
    sms.send("+14155550182", "Hello")

    [(_path, _headers, body)] = provider.got
    assert parse_qs(body) == {"Body": ["Hello"], "From": ["whatsapp:+14155550100"], "To": ["whatsapp:+14155550182"]}


def test_sms_of_900_letters_reaches_twilio_whole_and_once(settings, provider):
    settings.SMS_URL = "twilio://AC0:token@+14155550100/{to}"
    sms.send("+14155550182", TEXT)

    [(_path, _headers, body)] = provider.got
    assert parse_qs(body)["Body"] == [TEXT]


def test_sms_of_900_letters_reaches_vonage_whole_and_once(settings, provider):
    settings.SMS_URL = "vonage://key12345:secret0123456789@14155550100/{to}"
    provider.status, provider.said = 200, {"messages": [{"status": "0"}]}
    sms.send("+14155550182", TEXT)

    [(_path, _headers, body)] = provider.got
    assert parse_qs(body)["text"] == [TEXT]


def test_developers_read_templates_on_their_screen(settings, capsys):
    settings.WHATSAPP_URL = "console://"
    sms.send_template("+14155550182", TEMPLATE)

    assert "mesotrack_soon: Harbour Street" in capsys.readouterr().out
