"""Moments as the clock on the wall shows them."""

from datetime import UTC, datetime

import pytest
from django.utils import timezone

from clinic.wall_clock import on_the_wall


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("UTC", "2026-09-15 23:45"),
        ("America/Los_Angeles", "2026-09-15 16:45"),
        ("Europe/Berlin", "2026-09-16 01:45"),
        ("Pacific/Chatham", "2026-09-16 12:30"),
    ],
)
def test_moment_is_named_in_the_zone_in_use(zone, shown):
    with timezone.override(zone):
        assert on_the_wall(datetime(2026, 9, 15, 23, 45, tzinfo=UTC)) == shown
