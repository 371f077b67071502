"""Mail that comes back: what a mail server says of a message it could not deliver, and who marked one as spam.

Delivery status notifications are RFC 3464 with the codes of RFC 3463, complaints are RFC 5965. Anybody can write such
a mail, so what it says counts only for a message whose reference stands in it, and that nobody can guess.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, message_from_string
from email.message import Message
from enum import StrEnum

# Class, subject and detail. What is permanent blames the address, but for these: the mailbox is full, the sender's own
# address is wrong, the server or the network is at fault, the protocol, the content, or the policy.
STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?!\d|\.\d)")
NOT_THE_ADDRESS = {("1", "7"), ("1", "8"), ("2", "2"), ("2", "3"), ("2", "4")}
NOT_THE_ADDRESS_AT_ALL = {"3", "4", "5", "6", "7"}
TO = ("To", "Delivered-To", "X-Original-To", "Envelope-To")
ORIGINAL = ("Message-ID", "Return-Path", "X-Original-Message-ID")
MOST_BYTES = 2 * 1024 * 1024


class Outcome(StrEnum):
    DELIVERED = "delivered"
    RETURNED = "returned"
    COMPLAINED = "complained"


@dataclass(frozen=True)
class Report:
    """What became of a message. It is found by its `reference`, or by the `number` that it went to on a `channel`."""

    outcome: Outcome
    reference: str = ""
    number: str = ""
    channel: str = ""  # "sms" or "whatsapp", of a number
    key: str = ""  # the same report has the same key, however often it comes
    is_address_bad: bool = False
    said: str = ""

    def __post_init__(self) -> None:
        """Make what came from outside storable."""
        for name in ("reference", "number", "key", "said"):
            object.__setattr__(self, name, storable(getattr(self, name)))


def read(data: bytes) -> Report | None:
    """Return what a mail reports, None for one that reports nothing: an answer, a notice of absence, a delay."""
    mail = message_from_bytes(data[:MOST_BYTES])
    said = _complaint(mail) or _failure(mail)
    if said is None:
        return None
    outcome, status, words = said
    key = hashlib.sha256("\n".join([_named(mail), outcome, status]).encode()).hexdigest()
    return Report(outcome, _named(mail), key=key, is_address_bad=blames_address(status), said=words)


def blames_address(status: str) -> bool:
    """Say whether a status of RFC 3463 means that the address itself takes nothing, now and later."""
    found = STATUS.search(status)
    if found is None or found[1] != "5":
        return False
    subject, detail = found[2], found[3]
    return subject not in NOT_THE_ADDRESS_AT_ALL and (subject, detail) not in NOT_THE_ADDRESS


def _failure(mail: Message) -> tuple[Outcome, str, str] | None:
    """Return the outcome, the status and the server's words of the first recipient whom it did not reach."""
    for part in mail.walk():
        if part.get_content_type() in {"message/delivery-status", "message/global-delivery-status"}:
            for recipient in _blocks(part):
                if _field(recipient, "Action").lower() == "failed":
                    status, words = _field(recipient, "Status"), _field(recipient, "Diagnostic-Code")
                    return Outcome.RETURNED, status, f"{status} {words}".strip()
    return None


def _complaint(mail: Message) -> tuple[Outcome, str, str] | None:
    for part in mail.walk():
        if part.get_content_type() == "message/feedback-report":
            for block in _blocks(part):
                kind = _field(block, "Feedback-Type").lower()
                if kind in {"abuse", "fraud", "opt-out"}:
                    return Outcome.COMPLAINED, "", kind
    return None


def _blocks(part: Message) -> list[Message]:
    """Return the groups of fields of a part, whichever way they were read."""
    payload = part.get_payload()
    if isinstance(payload, list):
        return [block for block in payload if isinstance(block, Message)]
    return [message_from_string(block) for block in str(payload).replace("\r\n", "\n").split("\n\n")]


def _named(mail: Message) -> str:
    """Return every place in which the reference of the returned message may stand, most certain first."""
    return " ".join([*_of_original(mail), *(_field(mail, name) for name in TO)]).strip()[:2000]


def _of_original(mail: Message) -> Iterator[str]:
    for part in mail.walk():
        if part is mail:
            continue
        headers = part
        if part.get_content_type() in {"text/rfc822-headers", "message/global-headers"}:
            headers = message_from_string(str(part.get_payload()))
        yield from filter(None, (_field(headers, name) for name in ORIGINAL))


def _field(part: Message, name: str) -> str:
    return storable(str(part.get(name, "")))[:500]


def storable(text: str) -> str:
    """Return a text in one line, without what a database refuses: NUL, and halves of letters."""
    return " ".join(text.replace("\0", "").encode(errors="replace").decode().split())
