from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.backup.bar import Bar
from clinic.models import AuditCheck
from clinic.seals import check_and_note, seal_what_is_closed


class Command(BaseCommand):
    help = (
        "Compares the audit trail with its seals and says which range was changed; what is not sealed yet is sealed "
        "first. Exits with 1 where something is not as it was written."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        seal_what_is_closed(now)
        with Bar() as bar:
            findings = check_and_note(now, bar)
        for finding in findings:
            self.stderr.write(
                _("Events %(first)s to %(last)s: %(words)s (%(found)s found, %(expected)s sealed)")
                % {
                    "first": finding.first_id,
                    "last": finding.last_id,
                    "words": finding.words,
                    "found": finding.found,
                    "expected": finding.expected,
                }
            )
        if findings:
            count = len(findings)
            raise CommandError(
                ngettext(
                    "%(count)s range is not as it was sealed.", "%(count)s ranges are not as they were sealed.", count
                )
                % {"count": count}
            )
        check = AuditCheck.objects.latest()
        self.stdout.write(
            _("%(events)s events under %(seals)s seals are as they were written. The last seal is %(mac)s.")
            % {"events": check.event_count, "seals": check.seal_count, "mac": check.last_mac or "–"}
        )
