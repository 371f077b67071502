"""Where mail that comes back is kept: a Maildir, or a folder of an IMAP server.

`BOUNCE_MAILBOX` is `maildir:///var/mail/bounces` or `imaps://user:password@mail.example/INBOX`. What was understood is
marked as read. The rest, which a person may have written, stays unread and is flagged, so that it is looked at once.
"""

import imaplib
import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.db import InterfaceError, OperationalError

from clinic.logs import place_of

log = logging.getLogger(__name__)
Understand = Callable[[bytes], bool]

SECONDS = 30.0  # for each answer of the server
AT_ONCE = 500  # letters looked at in one go, the newest of them


class MailboxUnreadableError(Exception):
    """It cannot be opened or read; the words say which and why, without a password."""


def go_through(url: str, understand: Understand) -> int:
    """Hand each unread letter over once, mark those that were understood, and return how many that were."""
    parts = urlsplit(url)
    ways = {"maildir": _maildir, "imap": _imap, "imaps": _imap}
    if parts.scheme not in ways:
        raise MailboxUnreadableError("BOUNCE_MAILBOX begins with maildir://, imap:// or imaps://.")
    try:
        return ways[parts.scheme](url, understand)
    except (OSError, imaplib.IMAP4.error) as error:
        raise MailboxUnreadableError(f"{parts.scheme}://{parts.hostname or ''}{parts.path}: {error}") from error


def _is_understood(understand: Understand, letter: bytes) -> bool:
    """Hand a letter over. One at which reading fails keeps no other waiting; all wait while the database is away."""
    try:
        return understand(letter)
    except (InterfaceError, OperationalError):
        raise
    except Exception as error:
        log.error("A letter could not be read: %s", place_of(error))  # noqa: TRY400 -- its words may hold a name
        return False


def _maildir(url: str, understand: Understand) -> int:
    path = Path(unquote(urlsplit(url).path))
    if not (path / "new").is_dir():
        raise MailboxUnreadableError(f"{path} is no Maildir.")
    files = (file for part in ("new", "cur") for file in (path / part).iterdir() if not file.name.startswith("."))
    unread = [file for file in files if not {"S", "F"} & set(_flags(file))]
    understood = 0
    for file in sorted(unread, key=_arrived)[-AT_ONCE:]:
        with suppress(FileNotFoundError):  # a mail program took it meanwhile
            is_understood = _is_understood(understand, file.read_bytes())
            understood += is_understood
            flags = "".join(sorted(_flags(file) + ("S" if is_understood else "F")))
            file.rename(path / "cur" / f"{file.name.partition(':')[0]}:2,{flags}")
    return understood


def _flags(file: Path) -> str:
    """Return the flags of a letter, which stand in the name of its file: "1790000000.M1P2.host:2,FS"."""
    return file.name.partition(":2,")[2]


def _arrived(file: Path) -> tuple[int, str]:
    """Return what sorts letters by the second in which they came, which begins their names."""
    second = file.name.partition(".")[0]
    return (int(second) if second.isdecimal() else 0, file.name)


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
    unread = server.search(None, "UNSEEN", "UNFLAGGED")[1][0].split()
    understood = 0
    for number in sorted(unread, key=int)[-AT_ONCE:]:
        letter = _letter(server.fetch(number, "(BODY.PEEK[])")[1])
        if letter is not None:
            is_understood = _is_understood(understand, letter)
            understood += is_understood
            server.store(number, "+FLAGS", r"(\Seen)" if is_understood else r"(\Flagged)")
    return understood


def _letter(answer: list[Any]) -> bytes | None:
    """Return the letter in an answer, in which other things may stand that the server says unasked."""
    return next((part[1] for part in answer if isinstance(part, tuple)), None)
