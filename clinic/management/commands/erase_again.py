from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from clinic import tombstones


class Command(BaseCommand):
    help = (
        "Erases again whoever was erased after a backup was made. A restore does this by itself; "
        "running it twice changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tombstones", type=Path, default=settings.TOMBSTONES, help="the list of who was erased")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            count = tombstones.erase_again(options["tombstones"])
        except tombstones.StillKnownError as error:
            words = _("%(count)s could not be erased again and are here by name: %(patients)s. The log says where.")
            raise CommandError(words % {"count": len(error.patients), "patients": error}) from error
        self.stdout.write(_("Erased again: %(count)s.") % {"count": count})
