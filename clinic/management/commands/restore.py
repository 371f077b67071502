from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import environ
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.backup.bar import Bar
from clinic.backup.errors import BackupError, DamagedError, NotSetUpError
from clinic.backup.manifest import Manifest
from clinic.backup.places import at_hand, is_bucket
from clinic.backup.restoring import Target, restore
from clinic.backup.runs import in_words, record_trial

FAILED, NOT_SET_UP, DAMAGED = 1, 2, 3


class Command(BaseCommand):
    help = (
        "Restores a backup into an empty place, or with --verify only tries it. The live clinic is never touched. "
        "Exits with 1 where it was not restored, 2 where something has to be set up first, 3 where it is damaged."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="the backup: a path, or s3://bucket/prefix/name")
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument(
            "--into", type=Path, help="an empty folder, which becomes MESOTRACK_VAR of the restored clinic"
        )
        what.add_argument(
            "--verify", action="store_true", help="restore into a place of its own, count, and remove that"
        )
        parser.add_argument("--database", default="", help="with --into, for PostgreSQL: the URL of an empty database")
        parser.add_argument(
            "--tombstones",
            type=Path,
            default=settings.TOMBSTONES,
            help="the newest list of who was erased, tombstones.jsonl of the clinic that was lost",
        )
        parser.add_argument("--no-migrate", action="store_true", help="leave the tables as the backup has them")

    def handle(self, *args: Any, **options: Any) -> None:
        settled: list[str] = []
        try:
            with at_hand(options["file"], timezone.now()) as file, Bar() as bar:
                if options["verify"]:
                    place = options["file"].rpartition("/")[0] if is_bucket(options["file"]) else ""
                    manifest = record_trial(file, clock=timezone.now, progress=bar, place=place)
                else:
                    target = self.target(options)
                    manifest = restore(
                        file,
                        target,
                        progress=bar,
                        migrate=not options["no_migrate"],
                        tombstones=options["tombstones"],
                        tell=settled.append,
                    )
        except DamagedError as error:
            raise CommandError(_("Refused. %(reason)s") % {"reason": error}, returncode=DAMAGED) from error
        except NotSetUpError as error:
            raise CommandError(str(error), returncode=NOT_SET_UP) from error
        except (BackupError, OSError) as error:
            raise CommandError(
                _("Not restored. %(reason)s") % {"reason": in_words(error)}, returncode=FAILED
            ) from error
        self.say(manifest, options["into"])
        for said in settled:
            self.stdout.write(said)

    def target(self, options: dict[str, Any]) -> Target:
        url = options["database"]
        if not url:
            return Target(options["into"])
        database = environ.Env.db_url_config(url)
        if database.get("ENGINE") != "django.db.backends.postgresql":
            raise NotSetUpError(_("--database takes a postgres:// URL."))
        return Target(options["into"], {"OPTIONS": {}} | database, url)

    def say(self, manifest: Manifest, into: Path | None) -> None:
        self.stdout.write(
            _(
                "Made %(moment)s by version %(version)s. All is there: %(rows)s rows in %(tables)s tables, "
                "%(files)s files."
            )
            % {
                "moment": manifest.head.started_at,
                "version": manifest.head.program,
                "rows": manifest.rows,
                "tables": len(manifest.tables),
                "files": manifest.files,
            }
        )
        for path in manifest.missing:
            self.stderr.write(_("It was missing already when the backup was made: %(path)s") % {"path": path})
        if into:
            self.stdout.write(_("Restored. Start the program with MESOTRACK_VAR=%(path)s.") % {"path": into.resolve()})
            self.stdout.write(
                _(
                    "What went out after that moment is not known here. Invitations that waited then are "
                    "“Perhaps sent” on the page “Staff”: ask each person whether theirs came, and send again what did "
                    "not. Messages to patients that are due go out once the worker starts, and may reach somebody a "
                    "second time; those of which nobody knows whether they went are under “To settle” on the page "
                    "“Messages”."
                )
            )
