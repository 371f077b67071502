"""What the worker does on this floor; `clinic.background` says how it gets there."""

from django.utils import timezone

from clinic.background import every_minute
from clinic.backup.schedule import make_what_is_due


def sweep_backups() -> None:
    """Make the day's backup once it is due."""
    make_what_is_due(timezone.now)


every_minute(sweep_backups)
