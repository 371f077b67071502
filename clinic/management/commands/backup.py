from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.backup.bar import Bar
from clinic.backup.errors import BackupError, NotSetUpError
from clinic.backup.making import Made
from clinic.backup.places import place_of
from clinic.backup.runs import in_words, record_backup

FAILED, NOT_SET_UP = 1, 2


def at_least_one(written: str) -> int:
    number = int(written)
    if number < 1:
        raise ValueError(written)
    return number


class Command(BaseCommand):
    help = (
        "Makes a backup of the database and of every file its rows name: sealed, restored into an empty place and "
        "counted, then given its name. Exits with 1 where none was made, 2 where something has to be set up first."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--to", default=settings.BACKUP_TO, help="a folder, or s3://bucket/prefix (default: BACKUP_TO)"
        )
        parser.add_argument("--keep", type=at_least_one, help="how many stay, this one among them (default: all)")
        parser.add_argument("--list", action="store_true", help="only name those that are there, the oldest first")
        parser.add_argument(
            "--no-verify", action="store_true", help="do not restore it; then nothing older goes either"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            place = place_of(options["to"])
            if options["list"]:
                for name in place.names():
                    self.stdout.write(name)
                return
            with Bar() as bar:
                made = record_backup(
                    place,
                    clock=timezone.now,
                    progress=bar,
                    keep=options["keep"],
                    verify=not options["no_verify"],
                )
        except NotSetUpError as error:
            raise CommandError(str(error), returncode=NOT_SET_UP) from error
        except (BackupError, OSError) as error:
            reason = in_words(error)
            said = reason if options["list"] else _("No backup was made. %(reason)s") % {"reason": reason}
            raise CommandError(said, returncode=FAILED) from error
        self.say(made)

    def say(self, made: Made) -> None:
        manifest = made.manifest
        self.stdout.write(
            _("%(name)s, %(size)s: %(rows)s rows in %(tables)s tables, %(files)s files.")
            % {
                "name": made.name,
                "size": filesizeformat(made.size_bytes),
                "rows": manifest.rows,
                "tables": len(manifest.tables),
                "files": manifest.files,
            }
        )
        self.stdout.write(
            _("Restored into an empty place and counted: all is there.") if made.is_tried else _("It was not tried.")
        )
        for path in manifest.missing:
            self.stderr.write(_("A row names a file that is not there: %(path)s") % {"path": path})
        for name in made.pruned:
            self.stdout.write(_("Removed: %(name)s") % {"name": name})
