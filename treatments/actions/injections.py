"""Writing what a session injected, without drawing more than there is."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from simple_history.utils import bulk_create_with_history

from treatments.actions.stock import lock_sources, refuse_overdraw
from treatments.drawn import Drawn
from treatments.models import Injection, Session

FACTS = ("volume_ml", "points", "technique", "needle", "depth_mm")


def keep_injections(session: Session, drawn: Drawn) -> None:
    """Make the session's injections those that `drawn` says: rows that say the same stay, others change, come or go.

    Must run in the transaction that saves the session. Raises `ValidationError` when more is drawn than a lot has
    left, or when the areas do not add up to what was drawn up.
    """
    stored = {(row.area_id, row.lot_id, row.preparation_id): row for row in session.injections.all()}
    try:
        wanted = drawn.injections(session) if drawn.shares and drawn.lines else []
    except ValueError:
        text = _("As much has to be given as was drawn up.")
        raise ValidationError({"areas": text}) from None
    lots = {key for row in (*stored.values(), *wanted) if (key := row.lot_id)}
    preparations = {key for row in (*stored.values(), *wanted) if (key := row.preparation_id)}
    lock_sources(lots=lots, preparations=preparations)
    new = []
    for row in wanted:
        known = stored.pop((row.area_id, row.lot_id, row.preparation_id), None)
        if known is None:
            new.append(row)
        elif any(getattr(known, fact) != getattr(row, fact) for fact in FACTS):
            for fact in FACTS:
                setattr(known, fact, getattr(row, fact))
            known.save()
    for row in stored.values():
        row.delete()  # of a draft, or amended: the history and the amendment keep it
    bulk_create_with_history(new, Injection)
    refuse_overdraw(lots=lots, preparations=preparations, taker=session)
