"""What the worker does; `clinic.background` says how it gets there."""

from django.conf import settings
from django.utils import timezone

from clinic.background import at_start, every_five_minutes, every_minute, ring, task
from treatments.actions.aftercare_letters import send_all
from treatments.actions.reminders import sweep
from treatments.actions.returned_mail import read_mailbox
from treatments.photo_files import develop_all, tidy
from treatments.privacy.dossier import make_all
from treatments.privacy.erasing import erase_all
from treatments.privacy.sweep import sweep_daily


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

# So that a thousand reminders do not keep the photos waiting that arrive meanwhile.
SECONDS = 15


@task
def send_reminders() -> None:
    """Send the messages that are due, some at a time, until none is left."""
    if not sweep(timezone.now, seconds=SECONDS):
        ring(send_reminders)


def sweep_reminders() -> None:
    """Look for messages that are due."""
    send_reminders.call()


every_five_minutes(sweep_reminders)


def sweep_returned_mail() -> None:
    """Read the mail that came back, where the clinic said in which mailbox it is."""
    if settings.BOUNCE_MAILBOX:
        read_mailbox(settings.BOUNCE_MAILBOX, now=timezone.now())


every_five_minutes(sweep_returned_mail)
at_start(send_reminders)


@task
def make_dossiers() -> None:
    """Make the dossiers that were asked for."""
    make_all(timezone.now)


@task
def erase_patients() -> None:
    """Do the erasures that were decided."""
    erase_all(timezone.now)


def sweep_privacy() -> None:
    """Do what no bell was heard for, or was cut off, remove dossiers in time, and look once a day at what is old."""
    make_all(timezone.now)
    erase_all(timezone.now)
    sweep_daily(timezone.now)


every_minute(sweep_privacy)
