"""Where it is noon: what was an hour ago is today, whatever the hour of the run."""

from django.utils import timezone


def zone_at_noon():
    """Return the name of a time zone in which it is between 12:00 and 13:00."""
    ahead = 12 - timezone.now().hour
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"  # these are named the other way round
