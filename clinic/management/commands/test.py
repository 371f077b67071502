import subprocess
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Takes the place of Django's own `test`, whose runner would pass over this suite's fixtures."""

    help = "Runs the tests with pytest, which gets every argument as it is: test -x -k follow_up"
    requires_system_checks = []

    def run_from_argv(self, argv: list[str]) -> None:
        # argparse would refuse pytest's own options, so it is left out.
        sys.exit(run_pytest(argv[2:]))

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(run_pytest(list(args)))


def run_pytest(arguments: list[str]) -> int:
    # A process of its own: here Django is set up already, before pytest's warning filters and coverage could see it.
    try:
        return subprocess.call([sys.executable, "-m", "pytest", *arguments], cwd=settings.BASE_DIR)
    except KeyboardInterrupt:
        return 130
