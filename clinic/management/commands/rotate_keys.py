from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from clinic import field_keys
from clinic.rotating import Rotation, check, number_sealed, rotate

SHOWN = 10  # faults; of thousands the first say enough


class Command(BaseCommand):
    help = (
        "Seals the secrets of second factors, and letters that wait, anew with the first of MESOTRACK_FIELD_KEYS. "
        "Stopped anywhere, it goes on from there when run again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="only see whether every one opens; change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            name = field_keys.keys()[0].name
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        if options["check"]:
            self.refuse(check())
            self.stdout.write(f"All {number_sealed()} open.")
            return
        rotation = Rotation()
        total = number_sealed()
        for _done in tqdm(rotate(rotation), total=total, unit=" secrets", disable=not options["verbosity"]):
            pass
        self.stdout.write(f"Key {name}: {rotation.renewed} sealed anew, {rotation.current} were under it already.")
        self.refuse(rotation.faults)
        self.stdout.write("The other keys are not needed any more, but for backups made until now.")

    def refuse(self, faults: list[str]) -> None:
        """End with 1 where something does not open."""
        if not faults:
            return
        more = f"\n… and {len(faults) - SHOWN} more." if len(faults) > SHOWN else ""
        raise CommandError("Not every secret opens; those were left as they are.\n" + "\n".join(faults[:SHOWN]) + more)
