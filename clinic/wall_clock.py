"""Moments as the clock on the wall shows them."""

from datetime import datetime

from django.utils import timezone


def on_the_wall(moment: datetime) -> str:
    """Return a moment as a row is named by it, in the time zone in use: "2026-09-15 10:15"."""
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}"
