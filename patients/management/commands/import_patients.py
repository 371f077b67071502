import sys
from argparse import ArgumentParser
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from tqdm import tqdm

from clinic.models import Location
from patients.imports.columns import read_mapping
from patients.imports.reading import UnusableFileError
from patients.imports.run import PatientImport, Report
from patients.imports.values import DateOrder


class Command(BaseCommand):
    help = "Take patients over from a CSV file. Importing the same file again changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file", type=Path, help="CSV with a head; UTF-8, UTF-16 or Windows-1252; comma, semicolon or tab"
        )
        parser.add_argument(
            "--mapping", type=Path, help="JSON {column: field} or CSV of two columns, before the known names"
        )
        parser.add_argument("--location", help="name of the location the patients are treated at")
        parser.add_argument(
            "--date-format", choices=[order.value for order in DateOrder], help="what 03/04/1980 means"
        )
        parser.add_argument("--rejects", type=Path, help="write the rows not taken to this CSV, with the errors")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen and write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with ExitStack() as stack:
                report = self.take_over(stack, options)
        except UnusableFileError as error:
            raise CommandError(str(error)) from error
        self.say(report, options)

    def take_over(self, stack: ExitStack, options: dict[str, Any]) -> Report:
        order = DateOrder(options["date_format"]) if options["date_format"] else None
        taking = PatientImport(
            options["file"],
            location=self.location(options["location"]),
            mapping=read_mapping(options["mapping"]) if options["mapping"] else None,
            order=order,
        )
        rejects = None
        if options["rejects"] and not options["dry_run"]:
            # A byte order mark, so that spreadsheets read accents; the newlines are the csv module's own.
            rejects = stack.enter_context(options["rejects"].open("w", encoding="utf-8-sig", newline=""))
        bar = stack.enter_context(
            tqdm(total=taking.total, unit=" rows", disable=not sys.stderr.isatty(), file=sys.stderr)
        )
        return taking.run(write=not options["dry_run"], rejects=rejects, tick=bar.update)

    def location(self, name: str | None) -> Location | None:
        if not name:
            return None
        found = Location.objects.filter(name__iexact=name).first()
        if found is None:
            names = ", ".join(Location.objects.values_list("name", flat=True)) or "–"
            raise CommandError(
                _("There is no location “%(name)s”. There are: %(names)s.") % {"name": name, "names": names}
            )
        return found

    def say(self, report: Report, options: dict[str, Any]) -> None:
        for problem in report.problems:
            self.stdout.write(str(problem))
        if report.not_shown:
            self.stdout.write(_("… and %(count)s more rows.") % {"count": report.not_shown})
        lines = [
            (_("read"), report.read),
            (_("would be new") if options["dry_run"] else _("new"), report.new),
            (_("already here"), report.here),
            (_("repeated in the file"), report.repeated),
            (_("differing, not changed"), report.differing),
            (_("rejected"), report.rejected),
        ]
        for label, count in lines:
            self.stdout.write(f"{count:>8}  {label}")
        if report.columns.ignored:
            self.stdout.write(_("Columns not used: %(names)s.") % {"names": ", ".join(report.columns.ignored)})
        if report.not_taken and options["rejects"] and not options["dry_run"]:
            self.stdout.write(_("The rows not taken are in %(path)s.") % {"path": options["rejects"]})
        if options["dry_run"]:
            self.stdout.write(_("Nothing was written."))
