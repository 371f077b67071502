"""What the worker does on this floor; `clinic.background` says how it gets there."""

from datetime import timedelta

from django.utils import timezone

from clinic.actions.letters import send_all
from clinic.background import at_start, every_five_minutes, every_minute, task
from clinic.backup.schedule import make_what_is_due
from clinic.models import AuditCheck
from clinic.seals import check_and_note, seal_what_is_closed

CHECKED_EVERY = timedelta(days=1)


def sweep_backups() -> None:
    """Make the day's backup once it is due."""
    make_what_is_due(timezone.now)


every_minute(sweep_backups)


@task
def send_letters() -> None:
    """Send the letters about accounts."""
    send_all(timezone.now)


def sweep_letters() -> None:
    """Send what no bell was heard for, or no mail server took."""
    send_all(timezone.now)


every_minute(sweep_letters)
at_start(send_letters)


def seal_audit() -> None:
    """Seal what was written to the audit trail since, and once a day compare all of it with its seals."""
    now = timezone.now()
    seal_what_is_closed(now)
    if not AuditCheck.objects.filter(checked_at__gt=now - CHECKED_EVERY).exists():
        check_and_note(now)


every_five_minutes(seal_audit)
