"""What the worker does; `clinic.background` says how it gets there."""

from django.utils import timezone

from clinic.background import every_minute, task
from treatments.photo_files import develop_all, tidy


@task
def develop_photos() -> None:
    """Draw the photos that arrived."""
    develop_all(timezone.now)


def sweep_photos() -> None:
    """Draw what no bell was heard for, or whose worker died, and clear away what was left behind."""
    develop_all(timezone.now)
    tidy(timezone.now())


every_minute(sweep_photos)
