"""The history of a reaction in words: who changed what, when."""

from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from treatments.models import ClearedLot, SideEffect

# What a person reads; a review is said in one line of its own.
FIELDS = [
    *("kind", "area", "severity", "grade", "onset_at", "resolved_at", "reported_by", "action_taken", "note"),
    *("owner", "next_contact_on", "next_review_on"),
]


@dataclass(frozen=True)
class Change:
    """One saving: when, by whom, and a line for each thing that changed."""

    at: datetime
    who: str
    lines: list[str]
    reason: str


def changes(effect: SideEffect) -> list[Change]:
    """Return the savings of a reaction, newest first, the logging last."""
    records = list(
        effect.history.select_related("history_user", "kind", "area", "reviewed_by", "owner").order_by(
            "-history_date", "-pk"
        )
    )
    found = [_change(new, _differences(old, new)) for new, old in pairwise(records)]
    found += [_change(record, [_("Logged")]) for record in records[-1:]]
    return sorted(_clearings(effect) + found, key=lambda change: change.at, reverse=True)


def _clearings(effect: SideEffect) -> list[Change]:
    """Return what was said of its lots: ruled out, or suspected again."""
    rows = ClearedLot.history.filter(side_effect_id=effect.pk).select_related("history_user", "lot__product")
    words = {"+": _("Not suspected: %(lot)s"), "-": _("Suspected again: %(lot)s")}
    return [
        _change(row, [words[row.history_type] % {"lot": row.lot}])
        for row in rows.order_by("-history_date", "-pk")
        if row.history_type in words
    ]


def _change(record: Any, lines: list[str]) -> Change:
    who = record.history_user.get_full_name() if record.history_user else _by_nobody(record)
    return Change(record.history_date, who, lines, record.history_change_reason or "")


def _by_nobody(record: Any) -> str:
    """Say who saved without signing in: the patient through the aftercare link, else the system."""
    said = {_("Through the aftercare link"), _("Reported again by the patient: to be reviewed again")}
    return _("The patient") if record.history_change_reason in said else _("The system")


def _differences(old: Any, new: Any) -> list[str]:
    labels = {field.name: field.verbose_name for field in SideEffect._meta.fields}
    lines = []
    for name in FIELDS:
        before, after = _said(old, name), _said(new, name)
        if before != after:
            label = capfirst(labels[name])
            lines.append(
                _("%(label)s: %(after)s, before %(before)s") % {"label": label, "before": before, "after": after}
            )
    if new.reviewed_at and new.reviewed_at != old.reviewed_at:
        lines.append(_("Reviewed: %(note)s") % {"note": new.review_note})
    if old.reviewed_at and not new.reviewed_at:
        lines.append(
            _("Review withdrawn. %(name)s had written: %(note)s")
            % {"name": old.reviewed_by.get_full_name(), "note": old.review_note}
        )
    return lines


def _said(record: Any, name: str) -> str:
    value = getattr(record, name)
    if value in {None, ""}:
        return _("nothing")
    if isinstance(value, datetime):
        return date_format(timezone.localtime(value), "j M Y, H:i")
    if isinstance(value, date):
        return date_format(value, "j M Y")
    display = getattr(record, f"get_{name}_display", None)
    return str(display() if display else value)
