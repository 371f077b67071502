"""Providers who report by webhook: signed, taken once, and of messages of ours alone."""

import base64
import hashlib
import hmac
import json
import logging
from contextlib import nullcontext
from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from patients.models import Patient, ReturnedAddress
from tests.factories import LocationFactory, ReminderFactory
from tests.treatments.test_reminders import MORNING, due
from treatments.actions import reports
from treatments.models import DeliveryReport, Reminder

try:
    import zeal
except ImportError:  # of requirements-dev.txt; the tests run without it too
    zeal = None

pytestmark = pytest.mark.django_db

SECRETS = {"mailgun": "key-1", "postmark": "name:password", "twilio": "token", "whatsapp": "app-secret:verify-me"}


@pytest.fixture(autouse=True)
def clinic(settings):
    settings.MESSAGE_REPORTS = SECRETS
    settings.PUBLIC_URL = "https://clinic.example"
    with time_machine.travel(MORNING, tick=False):
        yield


@pytest.fixture
def message():
    return ReminderFactory(follow_up=due(LocationFactory()), started_at=MORNING - timedelta(hours=1))


@pytest.fixture
def text(message):
    facts = {"channel": "sms", "address": "+14155550182", "started_at": MORNING - timedelta(minutes=5)}
    Reminder.objects.filter(pk=message.pk).update(**facts)
    message.refresh_from_db()
    return message


def stands(reminder):
    reminder.refresh_from_db()
    return reminder.state


def mailgun(reference, number="t1", key="key-1", event="failed", **facts):
    event_data = {
        "event": event,
        "severity": "permanent",
        "reason": "bounce",
        "recipient": "ana@x.example",
        "timestamp": 1790000000.0,
        "message": {"headers": {"message-id": f"{reference}@clinic.example"}},
        "delivery-status": {"message": "5.1.1 no such user", "code": 550},
    }
    signature = hmac.new(key.encode(), f"1790000000{number}".encode(), hashlib.sha256).hexdigest()
    signed = {"timestamp": "1790000000", "token": number, "signature": signature}
    return json.dumps({"signature": signed, "event-data": event_data | facts})


def post(body, provider="mailgun", kind="application/json", **headers):
    return Client(enforce_csrf_checks=True).post(f"/messages/reports/{provider}/", body, content_type=kind, **headers)


def test_bounce_reported_by_mailgun_marks_the_message_and_the_address(message):
    assert post(mailgun(message.reference)).status_code == 200

    assert (stands(message), message.error) == ("bounced", "5.1.1 no such user")
    assert message.patient.comes_back_by("email")


def test_bounce_reported_by_postmark_is_found_by_what_was_sent_along(message):
    event = {"RecordType": "Bounce", "Type": "HardBounce", "ID": 7, "MessageID": "theirs", "Email": "ana@x.example"}
    event |= {"Details": "smtp;550 5.1.1 unknown", "Metadata": {"reference": message.reference}}
    pair = base64.b64encode(b"name:password").decode()

    assert post(json.dumps(event), "postmark", HTTP_AUTHORIZATION=f"Basic {pair}").status_code == 200
    assert stands(message) == "bounced"


def test_soft_bounce_of_postmark_blames_no_address(message):
    event = {"RecordType": "Bounce", "Type": "SoftBounce", "ID": 8, "Metadata": {"reference": message.reference}}
    pair = base64.b64encode(b"name:password").decode()
    post(json.dumps(event), "postmark", HTTP_AUTHORIZATION=f"Basic {pair}")

    assert (stands(message), message.patient.comes_back_by("email")) == ("bounced", False)


def test_complaint_is_the_patients_own_no(message):
    post(mailgun(message.reference, event="complained"))
    message.patient.refresh_from_db()

    assert message.patient.contact_permission is False
    assert message.patient.message_choices.get().wants_messages is False
    assert stands(message) == "sent"


def test_report_that_comes_again_changes_nothing_more(message):
    for _time in range(3):
        assert post(mailgun(message.reference)).status_code == 200
    Reminder.objects.update(settled_at=MORNING)
    post(mailgun(message.reference))

    assert DeliveryReport.objects.count() == 1
    assert Reminder.objects.get().settled_at == MORNING


def forget_person(message):
    Patient.objects.filter(pk=message.patient_id).update(erased_at=MORNING, archived_at=MORNING)


def forget_address(_message):
    Reminder.objects.update(address="–")


@pytest.mark.parametrize("forget", [forget_person, forget_address])
@pytest.mark.parametrize("event", ["failed", "complained"])
def test_late_report_brings_nothing_back_of_what_was_erased(message, forget, event):
    forget(message)
    said = {"message": "5.1.1 <ana@x.example> no such user", "code": 550}

    assert post(mailgun(message.reference, event=event, **{"delivery-status": said})).status_code == 200
    assert (DeliveryReport.objects.get().said, stands(message), message.error) == ("", "sent", "")
    assert not ReturnedAddress.objects.exists()


def test_complaint_adds_nothing_to_an_erased_record(message):
    Patient.objects.update(contact_permission=True)
    forget_person(message)

    assert post(mailgun(message.reference, event="complained")).status_code == 200
    assert not message.patient.message_choices.exists()


def test_late_bounce_is_taken_beside_addresses_that_were_forgotten(message):
    for _row in range(2):
        ReturnedAddress.objects.create(patient=message.patient, channel="email", address="–", returned_at=MORNING)
    forget_address(message)

    assert post(mailgun(message.reference)).status_code == 200
    assert ReturnedAddress.objects.count() == 2


@pytest.mark.parametrize("event", ["opened", "clicked", "accepted"])
def test_opening_a_message_is_nothing_to_us(message, event):
    assert post(mailgun(message.reference, event=event)).status_code == 200
    assert not DeliveryReport.objects.exists()


def test_temporary_failure_is_the_providers_to_try_again(message):
    post(mailgun(message.reference, severity="temporary"))

    assert stands(message) == "sent"


def test_delivery_settles_a_message_of_which_nobody_knew(message):
    Reminder.objects.update(state="unknown", sent_at=None)
    post(mailgun(message.reference, event="delivered"))

    assert (stands(message), message.sent_at) == ("sent", MORNING)


@pytest.mark.parametrize(
    ("provider", "body", "headers"),
    [
        ("mailgun", mailgun("x", key="wrong"), {}),
        ("mailgun", "{}", {}),
        ("mailgun", "no json", {}),
        ("mailgun", "[" * 100_000, {}),
        ("mailgun", '{"signature": {"token": 1, "timestamp": [], "signature": null}}', {}),
        ("mailgun", '{"signature": {"token": "é", "timestamp": "1", "signature": "é"}}', {}),
        ("postmark", "{}", {}),
        ("postmark", "{}", {"HTTP_AUTHORIZATION": "Basic bmFtZTp3cm9uZw=="}),
        ("twilio", "{}", {"HTTP_X_TWILIO_SIGNATURE": "é"}),
        ("whatsapp", "{}", {"HTTP_X_HUB_SIGNATURE_256": "sha256="}),
        ("whatsapp", "", {}),
    ],
)
def test_report_without_the_right_signature_is_refused_and_changes_nothing(message, provider, body, headers):
    assert post(body, provider, **headers).status_code == 400
    assert (stands(message), DeliveryReport.objects.exists()) == ("sent", False)


def signed_by_meta(event):
    body = json.dumps(event)
    digest = hmac.new(b"app-secret", body.encode(), hashlib.sha256).hexdigest()
    return {"body": body, "provider": "whatsapp", "HTTP_X_HUB_SIGNATURE_256": f"sha256={digest}"}


def test_words_that_no_database_takes_are_made_storable(message):
    said = {"message": "5.1.1 no \0such\n user \ud800", "code": 550}

    assert post(mailgun(message.reference, **{"delivery-status": said})).status_code == 200
    assert (stands(message), message.error) == ("bounced", "5.1.1 no such user ?")


@pytest.mark.parametrize("event", [[], {}, {"entry": 1}, {"entry": [{"changes": [{"value": {"statuses": [{}]}}]}]}])
def test_signed_nonsense_is_refused_without_a_fault(event):
    assert post(**signed_by_meta(event)).status_code == 400


@pytest.mark.parametrize("timestamp", [1e309, -1e20, "soon"])
def test_moment_that_is_none_is_refused_without_a_fault(message, timestamp):
    assert post(mailgun(message.reference, timestamp=timestamp)).status_code == 400


def test_report_of_a_message_that_is_none_of_ours_is_answered_and_logged_without_the_address(caplog):
    with caplog.at_level(logging.INFO):
        assert post(mailgun("0" * 32 + "-1790000000")).status_code == 200

    assert "Mailgun reports of a message that is none of ours." in caplog.text
    assert "ana@x.example" not in caplog.text


def test_provider_that_is_not_set_up_is_not_there(settings, message):
    settings.MESSAGE_REPORTS = {}

    assert post(mailgun(message.reference)).status_code == 404
    assert post("{}", "nobody").status_code == 404


def test_provider_without_a_secret_is_not_there(settings, message):
    settings.MESSAGE_REPORTS = {"mailgun": ""}

    assert post(mailgun(message.reference, key="")).status_code == 404


def test_report_of_more_than_a_megabyte_is_refused_unread(message):
    assert post(mailgun(message.reference, note="x" * 1024 * 1024)).status_code == 413
    assert stands(message) == "sent"


def test_reading_the_address_changes_nothing(message):
    assert Client().get("/messages/reports/mailgun/").status_code == 404
    assert Client().head("/messages/reports/mailgun/").status_code == 200
    assert Client().put("/messages/reports/mailgun/").status_code == 405


def twilio(status="undelivered", code="30005", to="+14155550182", sid="SM1", token=b"token"):
    fields = {"MessageSid": sid, "MessageStatus": status, "To": to, "ErrorCode": code}
    text = "https://clinic.example/messages/reports/twilio/" + "".join(name + fields[name] for name in sorted(fields))
    signature = base64.b64encode(hmac.new(token, text.encode(), hashlib.sha1).digest()).decode()
    return Client().post("/messages/reports/twilio/", fields, headers={"X-Twilio-Signature": signature})


def test_number_that_takes_no_texts_is_known_from_twilios_receipt(text):
    assert twilio().status_code == 200

    assert (stands(text), text.error) == ("bounced", "undelivered 30005")
    Patient.objects.update(phone="+14155550182", preferred_channel="sms")
    assert not Patient.objects.with_messages().exists()


def test_phone_that_is_off_is_not_blamed(text):
    twilio(code="30003")

    assert (stands(text), text.patient.returned_addresses.exists()) == ("bounced", False)


def test_patient_who_answered_stop_wants_no_messages(text):
    twilio(status="failed", code="21610")
    text.patient.refresh_from_db()

    assert text.patient.contact_permission is False


def test_receipts_go_to_the_messages_of_a_number_in_their_order(text):
    later = ReminderFactory(
        follow_up=text.follow_up, occasion="middle", channel="sms", address="+14155550182", started_at=MORNING
    )
    twilio(status="delivered", code="", sid="SM1")
    twilio(status="delivered", code="", sid="SM1")
    twilio(sid="SM2")

    assert (stands(text), stands(later)) == ("sent", "bounced")


def test_message_that_went_again_waits_for_a_receipt_of_its_new_attempt(text):
    twilio(sid="SM1")
    Reminder.objects.update(state="sent", started_at=MORNING + timedelta(minutes=5), error="")
    with time_machine.travel(MORNING + timedelta(minutes=6), tick=False):
        twilio(sid="SM2")

    assert (stands(text), text.error, text.reports.count()) == ("bounced", "undelivered 30005", 2)


def test_receipt_of_whatsapp_is_of_no_sms_to_the_same_number(text):
    assert post(**signed_by_meta(status_of("failed", 131026))).status_code == 200

    assert (stands(text), text.patient.returned_addresses.exists()) == ("sent", False)


@pytest.mark.parametrize(("to", "channel"), [("+14155550182", "whatsapp"), ("whatsapp:+14155550182", "sms")])
def test_receipt_of_twilio_is_of_its_own_channel_alone(text, to, channel):
    Reminder.objects.update(channel=channel)
    twilio(to=to)

    assert stands(text) == "sent"


def test_two_receipts_at_once_are_of_two_messages(text, monkeypatch):
    later = ReminderFactory(
        follow_up=text.follow_up, occasion="middle", channel="sms", address="+14155550182", started_at=MORNING
    )
    hold, receipts = reports.hold, ["SM1"]

    def hold_late(found):
        if receipts:
            twilio(status="delivered", code="", sid=receipts.pop())  # takes the message while this one waits for it
        return hold(found)

    monkeypatch.setattr(reports, "hold", hold_late)
    with zeal.zeal_ignore() if zeal else nullcontext():  # looks again until it holds a message that no other took
        twilio(sid="SM2")

    assert (stands(text), stands(later)) == ("sent", "bounced")


@pytest.mark.parametrize("status", ["queued", "sent", "sending", ""])
def test_step_on_the_way_is_no_receipt(text, status):
    twilio(status=status, code="")

    assert not DeliveryReport.objects.exists()


def test_receipt_with_another_signature_is_refused(text):
    assert twilio(token=b"other").status_code == 400
    assert stands(text) == "sent"


def test_receipt_of_yesterdays_message_is_of_none_of_ours(text):
    Reminder.objects.update(started_at=MORNING - timedelta(days=2))

    assert twilio().status_code == 200
    assert stands(text) == "sent"


def status_of(status, code=None):
    found = {"id": "wamid.1", "status": status, "recipient_id": "14155550182"}
    if code:
        found["errors"] = [{"code": code, "title": "Undeliverable"}]
    return {"entry": [{"changes": [{"value": {"statuses": [found]}}]}]}


def test_number_without_whatsapp_is_known_from_metas_receipt(text):
    Reminder.objects.update(channel="whatsapp")

    assert post(**signed_by_meta(status_of("failed", 131026))).status_code == 200
    assert (stands(text), text.error) == ("bounced", "131026 Undeliverable")
    assert text.patient.returned_addresses.get().channel == "whatsapp"


def test_meta_is_answered_what_it_asks_when_the_address_is_set_up():
    asked = {"hub.mode": "subscribe", "hub.verify_token": "verify-me", "hub.challenge": "42"}
    page = Client().get("/messages/reports/whatsapp/", asked)

    assert (page.content, page.headers["Content-Type"]) == (b"42", "text/plain")
    assert Client().get("/messages/reports/whatsapp/", asked | {"hub.verify_token": "no"}).status_code == 404
