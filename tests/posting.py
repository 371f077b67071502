"""The letters about accounts, as the worker sends them when the bell rings."""

from django.core import mail
from django.utils import timezone

from clinic.actions.letters import send_all


def sent(at=None):
    """Let the worker send what waits, and return all letters that went."""
    send_all(lambda: at or timezone.now())
    return mail.outbox
