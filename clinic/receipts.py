"""What providers report of messages by webhook, each signed by its own way, read alike.

`MESSAGE_REPORTS` names the providers who may, with the secret that each signs with. A report without the right
signature raises `SuspiciousOperation`. Readers of e-mail are django-anymail's, which knows how each provider signs.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, SuspiciousOperation
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from clinic.returned_mail import STATUS, Outcome, Report, blames_address

if TYPE_CHECKING:
    from anymail.signals import AnymailTrackingEvent
    from anymail.webhooks.base import AnymailBaseWebhookView

Reader = Callable[[HttpRequest, str], list[Report]]

# What a body can be that its reader did not expect.
BROKEN = (
    ImproperlyConfigured,
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
)
# By the names of anymail.signals.EventType.
OUTCOMES = {
    "delivered": Outcome.DELIVERED,
    "bounced": Outcome.RETURNED,
    "rejected": Outcome.RETURNED,
    "failed": Outcome.RETURNED,
    "complained": Outcome.COMPLAINED,
    "unsubscribed": Outcome.COMPLAINED,
}
# Of Twilio: numbers that take no text messages (https://www.twilio.com/docs/api/errors).
NO_SUCH_NUMBER = {"21211", "21214", "21217", "21614", "30005", "30006", "63003"}
STOPPED = {"21610"}  # the patient answered STOP
NOT_ON_WHATSAPP = {"131026"}  # of Meta's Cloud API
STOPPED_ON_WHATSAPP = {"131050"}


def signed(given: str, expected: str) -> None:
    if not constant_time_compare(given, expected):
        raise SuspiciousOperation("A report came with the wrong signature.")


def mailgun(request: HttpRequest, secret: str) -> list[Report]:
    from anymail.webhooks.mailgun import MailgunTrackingWebhookView  # noqa: PLC0415 -- most sites never need it

    return by_anymail(MailgunTrackingWebhookView(webhook_signing_key=secret), request)


def postmark(request: HttpRequest, secret: str) -> list[Report]:
    """Read Postmark's report, which it sends with the name and password "name:password" that are the secret."""
    from anymail.webhooks.postmark import PostmarkTrackingWebhookView  # noqa: PLC0415 -- as above

    return by_anymail(PostmarkTrackingWebhookView(webhook_secret=secret), request)


def by_anymail(view: "AnymailBaseWebhookView", request: HttpRequest) -> list[Report]:
    view.run_validators(request)
    return [report for report in map(of_event, view.parse_events(request)) if report]


def of_event(event: "AnymailTrackingEvent") -> Report | None:
    """Return what an event says of the message; opening and clicking are nothing to us."""
    outcome = OUTCOMES.get(event.event_type)
    if outcome is None:
        return None
    said = str(event.mta_response or event.description or "")
    reference = " ".join(str(each) for each in (event.message_id, (event.metadata or {}).get("reference")) if each)
    is_bad = outcome is Outcome.RETURNED and blames(event, said)
    return Report(outcome, reference, key=str(event.event_id or ""), is_address_bad=is_bad, said=said)


def blames(event: "AnymailTrackingEvent", said: str) -> bool:
    """Say whether the address takes nothing: by the server's status where it gave one, else by the provider's word."""
    if STATUS.search(said):
        return blames_address(said)
    is_soft = (event.esp_event or {}).get("Type") == "SoftBounce"  # Postmark's, which may work tomorrow
    is_hard = event.event_type == event.reject_reason == "bounced" and not is_soft
    return is_hard or event.reject_reason == "invalid"


def twilio(request: HttpRequest, secret: str) -> list[Report]:
    """Read the receipt of an SMS. Twilio signs the address it was told, with the fields in order (HMAC-SHA1)."""
    fields = {name: request.POST[name] for name in request.POST}
    address = settings.PUBLIC_URL.rstrip("/") + request.get_full_path()
    text = address + "".join(f"{name}{fields[name]}" for name in sorted(fields))
    digest = hmac.new(secret.encode(), text.encode(), hashlib.sha1).digest()
    signed(request.headers.get("X-Twilio-Signature", ""), base64.b64encode(digest).decode())
    status, code = fields.get("MessageStatus", ""), fields.get("ErrorCode", "")
    outcome = {"delivered": Outcome.DELIVERED, "undelivered": Outcome.RETURNED, "failed": Outcome.RETURNED}.get(status)
    if outcome is None:
        return []
    if code in STOPPED:
        outcome = Outcome.COMPLAINED
    prefix, _colon, number = fields.get("To", "").rpartition(":")
    key = f"{fields.get('MessageSid', '')}:{status}"
    said = f"{status} {code}".strip()
    is_bad = code in NO_SUCH_NUMBER
    return [Report(outcome, number=number, channel=prefix or "sms", key=key, is_address_bad=is_bad, said=said)]


def whatsapp(request: HttpRequest, secret: str) -> list[Report]:
    """Read the receipts of Meta's Cloud API, which signs the body (HMAC-SHA256). The secret is "secret:verify"."""
    digest = hmac.new(secret.partition(":")[0].encode(), request.body, hashlib.sha256).hexdigest()
    signed(request.headers.get("X-Hub-Signature-256", ""), f"sha256={digest}")
    changes = [change for entry in json.loads(request.body)["entry"] for change in entry["changes"]]
    found = [of_status(status) for change in changes for status in change["value"].get("statuses", [])]
    return [report for report in found if report]


def of_status(status: dict[str, Any]) -> Report | None:
    outcome = {"delivered": Outcome.DELIVERED, "failed": Outcome.RETURNED}.get(status["status"])
    if outcome is None:
        return None
    errors = status.get("errors", [])
    codes = {str(error.get("code", "")) for error in errors}
    if codes & STOPPED_ON_WHATSAPP:
        outcome = Outcome.COMPLAINED
    said = " ".join(f"{error.get('code', '')} {error.get('title', '')}" for error in errors)
    return Report(
        outcome,
        number=f"+{status['recipient_id']}",
        channel="whatsapp",
        key=f"{status['id']}:{status['status']}",
        is_address_bad=bool(codes & NOT_ON_WHATSAPP),
        said=said,
    )


READERS: dict[str, Reader] = {"mailgun": mailgun, "postmark": postmark, "twilio": twilio, "whatsapp": whatsapp}


def secret_of(provider: str) -> str:
    """Return what a provider signs its reports with, empty for one that sends us none."""
    secrets = cast(dict[str, str], settings.MESSAGE_REPORTS)
    return secrets.get(provider, "") if provider in READERS else ""


def read(provider: str, request: HttpRequest, secret: str) -> list[Report]:
    """Return what a provider reports. Raises `SuspiciousOperation` for what is not signed, or not understood."""
    try:
        return READERS[provider](request, secret)
    except SuspiciousOperation:
        raise
    except BROKEN as error:
        raise SuspiciousOperation("A report could not be read.") from error


def challenge(provider: str, request: HttpRequest, secret: str) -> str | None:
    """Return what Meta wants to hear once, when the address is set up there; None for anybody else who reads it."""
    verify = secret.partition(":")[2]
    asked = request.GET.get("hub.mode") == "subscribe" and provider == "whatsapp" and verify
    if not asked or not constant_time_compare(request.GET.get("hub.verify_token", ""), verify):
        return None
    return request.GET.get("hub.challenge", "")
