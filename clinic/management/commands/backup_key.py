from typing import Any

from django.core.management.base import BaseCommand

from clinic.backup.keys import new_key


class Command(BaseCommand):
    help = (
        "Makes a key for MESOTRACK_BACKUP_KEY. Without it no backup can be read: keep a copy away from this machine."
    )
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(new_key())
