"""Handing one e-mail to the mail server, and how far it came: taken, surely refused, or nobody knows."""

import smtplib
from contextlib import suppress
from enum import StrEnum

from django.core.exceptions import ValidationError
from django.core.mail import BadHeaderError, EmailMessage, get_connection

# What says while a message is handed over that the server did not take it. A lost connection is none of these: it may
# have been lost after the server took the message and before it could say so.
REFUSALS = (
    smtplib.SMTPRecipientsRefused,
    smtplib.SMTPSenderRefused,
    smtplib.SMTPHeloError,
    smtplib.SMTPNotSupportedError,
    smtplib.SMTPDataError,
    ValidationError,
    BadHeaderError,
    UnicodeError,
)


class Handed(StrEnum):
    """How far a message came; the words are those of the states in which it is kept."""

    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"


def hand_over(mail: EmailMessage) -> tuple[Handed, str]:
    """Send one e-mail by a connection of its own; return how far it came, and what was said where it did not."""
    try:
        connection = mail.connection = get_connection()
        connection.open()
    except Exception as error:  # before there is a connection, nothing can have gone out
        return Handed.FAILED, said(error)
    try:
        mail.send()
    except REFUSALS as error:
        return Handed.FAILED, said(error)
    except Exception as error:
        return Handed.UNKNOWN, said(error)
    finally:
        with suppress(OSError):  # a goodbye that goes wrong changes nothing about the message
            connection.close()
    return Handed.SENT, ""


def said(error: Exception) -> str:
    """Return the answer of the mail server alone where it gave one, and else which fault it was."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        words = "; ".join(_answer(code, text) for code, text in error.recipients.values())
    elif isinstance(error, smtplib.SMTPResponseException):
        words = _answer(error.smtp_code, error.smtp_error)
    else:
        words = f"{type(error).__name__}: {error}"
    return words.replace("\0", "")[:500]


def _answer(code: int, text: bytes | str) -> str:
    """Return an answer in one line: a server may give it in several, in whatever bytes."""
    words = text.decode(errors="replace") if isinstance(text, bytes) else text
    return " ".join(f"{code} {words}".split())
