"""When a message may reach somebody: by day, as the clocks at the location say."""

from datetime import time

EARLIEST, LATEST = time(8), time(20)


def may_send(local: time) -> bool:
    """Say whether it is daytime: from 8 o'clock on, before 20 o'clock."""
    return EARLIEST <= local < LATEST
