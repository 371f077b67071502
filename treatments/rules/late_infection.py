"""Late infection: what shows at an injection site one to 29 weeks after a session (design rule 7).

Source: infections by non-tuberculous mycobacteria after mesotherapy, docs/glossary.md, "Late-infection watch".
"""

from datetime import UTC, datetime, timedelta

FIRST_DAY, LAST_DAY = 7, 203  # full days after a session: 1 to 29 weeks
WATCH_BEGINS = timedelta(days=FIRST_DAY)
WATCH_IS_OVER = timedelta(days=LAST_DAY + 1)


def days_after(performed: datetime, onset: datetime) -> int:
    """Return the full days from a session to what came after it, in elapsed time; below zero for what came before."""
    return (onset.astimezone(UTC) - performed.astimezone(UTC)) // timedelta(days=1)


def is_watched(performed: datetime, onset: datetime) -> bool:
    """Say whether something that begins then lies in the watch of a session given then."""
    return FIRST_DAY <= days_after(performed, onset) <= LAST_DAY
