from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from clinic.backup import afterwards


class Command(BaseCommand):
    help = (
        "Gives anew the time in which an erasure can be withdrawn, to all that wait in a restored clinic. "
        "A restore does this by itself."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        for said in afterwards.settle(timezone.now()):
            self.stdout.write(said)
