"""Mail that came back, read from the mailbox that gets it."""

from datetime import datetime

from clinic.mailboxes import go_through
from clinic.returned_mail import read
from treatments.actions.reports import take

SOURCE = "mail"


def read_letter(letter: bytes, *, now: datetime) -> bool:
    """Take what a letter reports, and say whether it is of a message of ours."""
    report = read(letter)
    return report is not None and take(report, source=SOURCE, now=now) is not None


def read_mailbox(url: str, *, now: datetime) -> int:
    """Take what the unread letters of a mailbox report, and return how many did. Raises `MailboxUnreadableError`."""
    return go_through(url, lambda letter: read_letter(letter, now=now))
