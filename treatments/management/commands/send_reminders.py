import sys
from argparse import ArgumentParser
from collections import Counter
from itertools import islice
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone
from tqdm import tqdm

from treatments.actions.outbox import give_up_on_cut_off
from treatments.actions.reminders import due, remind
from treatments.models import Reminder


class Command(BaseCommand):
    help = "Sends the messages that are due, as the worker does by itself every five minutes. Each goes once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say who would get a message, and send none")
        parser.add_argument("--limit", type=int, help="send at most so many")
        parser.add_argument("--at-any-hour", action="store_true", help="also at night (else from 8 to 20 local time)")

    def handle(self, *, dry_run: bool, limit: int | None, at_any_hour: bool, **options: Any) -> None:
        now = timezone.now()
        if not dry_run:
            for reminder in give_up_on_cut_off(now):
                self.report(reminder)
        found = islice(due(now, at_any_hour=at_any_hour), limit)
        if dry_run:
            for letter in found:
                self.stdout.write(f"{letter.patient.record_number}, {letter.occasion}")
            return
        went: Counter[str] = Counter()
        for letter in tqdm(found, desc="Reminders", unit="message", total=limit, disable=not sys.stderr.isatty()):
            tried = remind(letter, now=timezone.now())
            if tried:
                went[tried.state] += 1
                self.report(tried)
        self.stdout.write(", ".join(f"{went[state]} {state}" for state in ("sent", "failed", "unknown")) + ".")

    def report(self, reminder: Reminder) -> None:
        """Name on standard error what a person must look at; cron mails it."""
        number = reminder.patient.record_number
        if reminder.state == Reminder.State.UNKNOWN:
            self.stderr.write(f"{number}: nobody knows whether the message went out. Ask the patient.")
        elif reminder.is_given_up:
            self.stderr.write(f"{number}: refused {reminder.attempts} times and not tried again. {reminder.error}")
