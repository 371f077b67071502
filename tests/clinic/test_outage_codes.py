"""Which errors are an outage, by what the driver and the operating system say."""

import errno

import pytest
from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError

from clinic.outage import Outage, outage_of


class DriverError(Exception):
    def __init__(self, state):
        self.sqlstate = state


def from_driver(kind, state):
    error = kind("what the driver says")
    error.__cause__ = DriverError(state)
    return error


@pytest.mark.parametrize(
    ("error", "outage"),
    [
        (from_driver(OperationalError, "53100"), Outage.FULL),
        (from_driver(OperationalError, "53300"), Outage.BUSY),
        (from_driver(OperationalError, "40P01"), Outage.BUSY),
        (from_driver(OperationalError, "55P03"), Outage.BUSY),
        (from_driver(OperationalError, "57P01"), Outage.GONE),
        (from_driver(OperationalError, "57P03"), Outage.GONE),
        (from_driver(OperationalError, "08006"), Outage.GONE),
        (from_driver(OperationalError, "58030"), Outage.GONE),
        (from_driver(OperationalError, None), Outage.GONE),
        (from_driver(InterfaceError, None), Outage.GONE),
        (from_driver(DatabaseError, "25006"), Outage.READ_ONLY),
        (from_driver(OperationalError, "54001"), None),
        (from_driver(IntegrityError, "23505"), None),
        (OSError(errno.ENOSPC, "full"), Outage.FULL),
        (OSError(errno.EROFS, "read-only"), Outage.READ_ONLY),
        (FileNotFoundError(errno.ENOENT, "none"), None),
        (OSError("no number"), None),
        (ValueError("ours"), None),
        (None, None),
    ],
)
def test_outage_is_known_by_what_the_driver_says(error, outage):
    assert outage_of(error) is outage


def refuse():
    raise OSError(errno.ENOSPC, "full")


def keep_photo():
    try:
        refuse()
    except OSError as error:
        raise ValueError("the photo could not be kept") from error


def test_outage_is_known_through_what_was_raised_on_its_way():
    with pytest.raises(ValueError, match="could not be kept") as caught:
        keep_photo()

    assert outage_of(caught.value) is Outage.FULL
