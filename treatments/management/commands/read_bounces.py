import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from clinic.mailboxes import MailboxUnreadableError
from treatments.actions.returned_mail import read_letter, read_mailbox


class Command(BaseCommand):
    help = (
        "Reads mail that came back and notes it at the message: from BOUNCE_MAILBOX, as the worker does by itself "
        "every five minutes, or one letter from standard input."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", nargs="?", default="", help="- for standard input; a mailbox's URL")

    def handle(self, *, source: str, **options: Any) -> None:
        now = timezone.now()
        if source == "-":
            # Never an error: the mail server would send word of that back, to the server that sent this.
            self.stdout.write(
                "1 read." if read_letter(sys.stdin.buffer.read(), now=now) else "It reports nothing of ours."
            )
            return
        mailbox = source or settings.BOUNCE_MAILBOX
        if not mailbox:
            raise CommandError("BOUNCE_MAILBOX is not set. A single letter is read from standard input with -.")
        try:
            self.stdout.write(f"{read_mailbox(mailbox, now=now)} read.")
        except MailboxUnreadableError as error:
            raise CommandError(str(error)) from error
