"""The history of any record in words: who changed what, from what to what, when."""

from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from django.db.models import Field, ForeignKey, ManyToManyField, Model
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _

MOST = 200  # savings on a page, the newest
# What a record has for the program's sake.
UNTOLD = frozenset({"id", "public_id", "version", "updated_at", "created_at"})


@dataclass(frozen=True)
class Difference:
    """One field of one saving."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Saving:
    """One time that a record was saved. The first has no differences: it is how the record began."""

    at: datetime
    who: str
    is_first: bool
    differences: list[Difference]
    reason: str


def savings(record: Model) -> list[Saving]:
    """Return the savings of a record that changed something, newest first."""
    rows = list(history_rows(record))
    fields = told(type(record))
    lists = lists_of(type(record))
    found = [saving(new, differences(old, new, fields, lists)) for new, old in pairwise(rows)]
    kept = [each for each in found if each.differences or each.reason]
    return kept + [saving(row, [], is_first=True) for row in rows[-1:] if row.history_type == "+"]


def history_rows(record: Any) -> Any:
    model = record.history.model
    keys = [field.name for field in model._meta.concrete_fields if isinstance(field, ForeignKey)]
    lists = [f"{accessor(model, field)}__{field.m2m_reverse_field_name()}" for field in lists_of(type(record))]
    rows = record.history.select_related(*keys).prefetch_related(*lists)
    return rows.order_by("-history_date", "-history_id")[: MOST + 1]


def lists_of(model: type[Model]) -> list[ManyToManyField]:
    history = model.history.model  # type: ignore[attr-defined]
    return [field for field in model._meta.many_to_many if hasattr(history, accessor(history, field))]


def accessor(history: type[Model], field: ManyToManyField) -> str:
    """Return the name under which a historical row has the rows of one of its lists."""
    return f"{history._meta.model_name}_{field.name}_set"


def told(model: type[Model]) -> list[Field]:
    kept = {field.name for field in model.history.model._meta.concrete_fields}  # type: ignore[attr-defined]
    return [field for field in model._meta.concrete_fields if field.name in kept and field.name not in UNTOLD]


def saving(row: Any, found: list[Difference], *, is_first: bool = False) -> Saving:
    who = row.history_user.get_full_name() if row.history_user else _("The program, or a patient's own link")
    return Saving(row.history_date, who, is_first, found, row.history_change_reason or "")


def differences(old: Any, new: Any, fields: list[Field], lists: list[ManyToManyField]) -> list[Difference]:
    changed = [field for field in fields if getattr(old, field.attname) != getattr(new, field.attname)]
    found = [Difference(label(field), said(old, field), said(new, field)) for field in changed]
    for field in lists:
        before, after = members(old, field), members(new, field)
        if before != after:
            found.append(Difference(label(field), before, after))
    return found


def label(field: Field | ManyToManyField) -> str:
    return capfirst(str(field.verbose_name))


def members(row: Any, field: ManyToManyField) -> str:
    rows = getattr(row, accessor(type(row), field)).all()
    return ", ".join(sorted(str(getattr(each, field.m2m_reverse_field_name())) for each in rows)) or _("nothing")


def said(row: Any, field: Field) -> str:
    """Return a value as people read it: a choice by its name, a moment by the clock here, "nothing" for none."""
    value = getattr(row, field.attname)
    if value is None or value == "":
        return _("nothing")
    if isinstance(field, ForeignKey):
        return str(getattr(row, field.name) or _("no longer here"))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return date_format(timezone.localtime(value), "j M Y, H:i")
    if isinstance(value, date):
        return date_format(value, "j M Y")
    return str(getattr(row, f"get_{field.name}_display")() if field.choices else value)
