"""What the worker does; `clinic.background` says how it gets there."""

from django.utils import timezone

from clinic.background import every_minute, task
from treatments.actions.aftercare_letters import send_all
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


@task
def send_aftercare() -> None:
    """Send the links that are wanted by e-mail, and tell clinics of danger signs."""
    send_all(timezone.now)


def sweep_aftercare() -> None:
    """Send what no bell was heard for, or was refused before."""
    send_all(timezone.now)


every_minute(sweep_aftercare)
