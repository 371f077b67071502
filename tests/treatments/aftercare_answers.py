"""A patient behind an aftercare link: the moments, the birth date, and the answers as a phone sends them."""

from datetime import UTC, datetime, timedelta

from tests.factories import SideEffectKindFactory, TreatmentAreaFactory
from treatments.aftercare import token_of

DAY = timedelta(days=1)
PERFORMED = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)  # 7 o'clock in San Francisco
DAY_6 = datetime(2026, 3, 8, 19, 0, tzinfo=UTC)
BORN = {"day": "2", "month": "2", "year": "1988"}
TOKEN = "6c1f3f0e-8a51-4f5e-9a55-2d3b7f3f1a10"


def page_of(link):
    return f"/aftercare/{token_of(link)}/"


def report(client, link, **answers):
    """Send the form with these answers; return the response to it."""
    return client.post(page_of(link), {"form_token": TOKEN, **answers})


def swelling(**changes):
    kind, area = SideEffectKindFactory(), TreatmentAreaFactory()
    facts = {"how": "something", "kinds": [kind.pk], "areas": [area.pk], "since": "session", "severity": "moderate"}
    return facts | changes
