"""What a database or a disk says when it cannot do its work just now, told apart from a fault of the program."""

import errno
from collections.abc import Iterator
from enum import Enum

from django.db import Error, InterfaceError, OperationalError, connections


class Outage(Enum):
    """Why nothing could be read or written: each passes by itself or by somebody's hand, and none by another form."""

    BUSY = "busy"
    FULL = "full"
    READ_ONLY = "read-only"
    GONE = "gone"


# By the first byte of SQLite's result codes. SQLITE_ERROR (1), a table that is not there, is a fault of ours.
SQLITE = {
    5: Outage.BUSY,
    6: Outage.BUSY,
    8: Outage.READ_ONLY,
    10: Outage.GONE,
    11: Outage.GONE,
    13: Outage.FULL,
    14: Outage.GONE,
    15: Outage.BUSY,
    26: Outage.GONE,
}
# By how the five letters of PostgreSQL's SQLSTATE begin; the longest that fits says it.
POSTGRES = {
    "08": Outage.GONE,
    "25006": Outage.READ_ONLY,
    "40": Outage.BUSY,
    "53": Outage.BUSY,
    "53100": Outage.FULL,
    "55P03": Outage.BUSY,
    "57014": Outage.BUSY,
    "57P": Outage.GONE,
    "58": Outage.GONE,
    "XX001": Outage.GONE,
    "XX002": Outage.GONE,
}
FILES = {
    errno.EDQUOT: Outage.FULL,
    errno.EFBIG: Outage.FULL,
    errno.EIO: Outage.GONE,
    errno.EMFILE: Outage.BUSY,
    errno.ENFILE: Outage.BUSY,
    errno.ENOSPC: Outage.FULL,
    errno.EROFS: Outage.READ_ONLY,
}


def outage_of(error: BaseException | None) -> Outage | None:
    """Return which outage an error comes from, through all that was raised on its way; None for a fault of ours."""
    return next(filter(None, map(_said_by, _chain(error))), None)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _said_by(error: BaseException) -> Outage | None:
    if isinstance(error, OSError):
        return FILES.get(error.errno or 0)
    return _said_by_database(error) if isinstance(error, Error) else None


def _said_by_database(error: Error) -> Outage | None:
    """Read what the driver's own error carries: SQLite a number, PostgreSQL a state, or none where no server spoke."""
    cause = error.__cause__
    code = getattr(cause, "sqlite_errorcode", None)
    if code is not None:
        return SQLITE.get(code & 0xFF)
    state = getattr(cause, "sqlstate", None)
    if state is None:
        is_unreached = hasattr(cause, "sqlstate") and isinstance(error, (InterfaceError, OperationalError))
        return Outage.GONE if is_unreached else None
    return next((POSTGRES[state[:length]] for length in (5, 3, 2) if state[:length] in POSTGRES), None)


def leave_connections() -> None:
    """Let the next request open the database anew: a file that was read-only when it was opened stays so for ever."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()
