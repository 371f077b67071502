"""How letters about accounts stand: what Today, the navigation and the staff page tell an admin of them."""

from datetime import datetime

from django.core.cache import caches

from clinic.http import Request
from clinic.models import Letter
from clinic.models.letter import Late
from clinic.navigation import Counts

SECONDS_KEPT = 60
KEY = "letters-astray"


def letters_late(now: datetime) -> Late:
    """Return how many letters do not go, and since when."""
    return Letter.objects.how_late(now)


def astray_count() -> int:
    """Return how many people wait for a link that did not go, or perhaps not, asked once a minute: every page asks."""
    found: int | None = caches["worker"].get(KEY)
    if found is None:
        found = Letter.objects.astray().count()
        caches["worker"].set(KEY, found, SECONDS_KEPT)
    return found


def count_anew() -> None:
    """Let the next page ask again: somebody sent a letter again, or it is not wanted any more."""
    caches["worker"].delete(KEY)


def counts(request: Request) -> Counts:
    return Counts(due=astray_count())
