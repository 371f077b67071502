"""Where mail that comes back is kept: a Maildir, or a folder of an IMAP server.

`BOUNCE_MAILBOX` is `maildir:///var/mail/bounces` or `imaps://user:password@mail.example/INBOX`. What was understood is
marked as read; the rest, which a person may have written, stays as it is.
"""

import imaplib
import mailbox
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

Understand = Callable[[bytes], bool]

SECONDS = 30.0  # for each answer of the server
AT_ONCE = 500  # letters looked at in one go


class MailboxUnreadableError(Exception):
    """It cannot be opened or read; the words say which and why, without a password."""


def go_through(url: str, understand: Understand) -> int:
    """Hand each unread letter over, mark those that were understood, and return how many that were."""
    parts = urlsplit(url)
    ways = {"maildir": _maildir, "imap": _imap, "imaps": _imap}
    if parts.scheme not in ways:
        raise MailboxUnreadableError("BOUNCE_MAILBOX begins with maildir://, imap:// or imaps://.")
    try:
        return ways[parts.scheme](url, understand)
    except (OSError, mailbox.Error, imaplib.IMAP4.error) as error:
        raise MailboxUnreadableError(f"{parts.scheme}://{parts.hostname or ''}{parts.path}: {error}") from error


def _maildir(url: str, understand: Understand) -> int:
    path = Path(unquote(urlsplit(url).path))
    if not (path / "new").is_dir():
        raise MailboxUnreadableError(f"{path} is no Maildir.")
    box, understood = mailbox.Maildir(path, create=False), 0
    unread = [key for key, letter in box.iteritems() if "S" not in letter.get_flags()]
    for key in unread[:AT_ONCE]:
        if understand(box.get_bytes(key)):
            letter = box[key]
            letter.set_subdir("cur")
            letter.add_flag("S")
            box[key] = letter
            understood += 1
    return understood


def _imap(url: str, understand: Understand) -> int:
    parts = urlsplit(url)
    is_secure = parts.scheme == "imaps"
    kind, port = (imaplib.IMAP4_SSL, 993) if is_secure else (imaplib.IMAP4, 143)
    server = kind(parts.hostname or "", parts.port or port, timeout=SECONDS)
    try:
        server.login(unquote(parts.username or ""), unquote(parts.password or ""))
        return _folder(server, unquote(parts.path.strip("/")) or "INBOX", understand)
    finally:
        with suppress(OSError, imaplib.IMAP4.error):
            server.logout()


def _folder(server: imaplib.IMAP4, folder: str, understand: Understand) -> int:
    status, said = server.select(f'"{folder}"')
    if status != "OK":
        raise MailboxUnreadableError(f"{folder}: {said}")
    understood = 0
    for number in server.search(None, "UNSEEN")[1][0].split()[:AT_ONCE]:
        found = server.fetch(number, "(BODY.PEEK[])")[1][0]
        if isinstance(found, tuple) and understand(found[1]):
            server.store(number, "+FLAGS", r"(\Seen)")
            understood += 1
    return understood
