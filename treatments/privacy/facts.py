"""A patient's data as plain values: the same for every table, with the keys explained beside them."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import models
from django.utils.encoding import force_str
from django.utils.translation import gettext as _

from clinic.models import User
from patients.models import Patient
from treatments.privacy.holdings import TOLD, Holding

FORMAT, VERSION = "mesotrack-dossier", 1
# What only the program needs, or what would open something.
INTERNAL = frozenset(
    {
        "id",
        "form_token",
        "sort_name",
        "search_text",
        "stored_name",
        "lease_ends_at",
        "tries",
        "token",
        "wrong_tries",
        "open_again_at",
        "series",
    }
)
UNITS = {
    "_ml": "ml (UCUM mL)",
    "_kg": "kg",
    "_mm": "mm",
    "_cm": "cm",
    "_px": "pixels",
    "_minutes": "min",
    "_on": "ISO 8601 date",
    "_at": "ISO 8601 moment in UTC",
    "grace": "seconds",
}
Row = dict[str, Any]


def told_fields(model: type[models.Model]) -> list[models.Field]:
    """Return the fields of a table that a dossier tells."""
    fields = [*model._meta.concrete_fields, *model._meta.many_to_many]
    return [field for field in fields if field.name not in INTERNAL]


def everything(family: list[Patient], now: datetime) -> Row:
    """Return all that is kept of a person, `family` being all records of the one."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "made_at": now.isoformat(),
        "about": _(
            "All that this clinic keeps of you. Each list has its rows under the key that “keys” explains. "
            "Who works here is named by role alone."
        ),
        "units": UNITS,
        "keys": keys(),
        "patient": [row_of(record) for record in family],
        **{holding.key: rows_of(holding, family) for holding in TOLD},
    }


def keys() -> Row:
    """Return for each list what its rows are, the FHIR R4 resource they are like, and what each key means."""
    explained = {"patient": _explained(Patient, "Patient")}
    for holding in TOLD:
        explained[holding.key] = _explained(holding.model, holding.fhir)
    return explained


def _explained(model: type[models.Model], fhir: str) -> Row:
    return {
        "what": force_str(model._meta.verbose_name_plural),
        "fhir": fhir,
        "keys": {field.name: force_str(getattr(field, "verbose_name", field.name)) for field in told_fields(model)},
    }


def rows_of(holding: Holding, family: list[Patient]) -> list[Row]:
    """Return the rows of one table, oldest first, with what they point to read along."""
    single = [
        field.name
        for field in told_fields(holding.model)
        if isinstance(field, (models.ForeignKey, models.OneToOneField))
    ]
    single += [f"{name}__product" for name in single if name == "lot"]
    many = [field.name for field in holding.model._meta.many_to_many]
    many += [f"{field.name}__groups" for field in told_fields(holding.model) if field.related_model is User]
    rows = holding.rows(family).select_related(*single).prefetch_related(*many).order_by("pk")
    return [row_of(row) for row in rows]


def row_of(row: models.Model) -> Row:
    told: Row = {}
    for field in told_fields(type(row)):
        if field.many_to_many:
            told[field.name] = [pointed(each) for each in getattr(row, field.name).all()]
        elif field.is_relation:
            told[field.name] = pointed(getattr(row, field.name))
        else:
            told[field.name] = plain(getattr(row, field.attname))
            if field.choices and told[field.name] not in {None, ""}:
                told[f"{field.name}_in_words"] = force_str(getattr(row, f"get_{field.name}_display")())
    return told


def pointed(row: models.Model | None) -> Any:
    """Return what a row points to: a colleague by role, a record by its public id, anything else by code and name."""
    if row is None:
        return None
    if isinstance(row, User):
        return {"role": row.role_name}
    if hasattr(row, "public_id"):
        return {"public_id": str(row.public_id)} | batch(row)
    code = getattr(row, "code", "")
    return ({"code": code} if code else {}) | {"name": str(row)}


def batch(row: Any) -> Row:
    """Return of a lot what stands on its vial, of a location where that is; nothing of other records."""
    if row._meta.model_name == "lot":
        return {"number": row.number, "product": str(row.product), "expires_on": row.expires_on.isoformat()}
    return {"name": row.name} if row._meta.model_name in {"location", "preparation"} else {}


def plain(value: Any) -> Any:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, (UUID, Decimal)):
        return str(value)
    return value


def as_table(rows: Iterable[Row]) -> tuple[list[str], list[list[Any]]]:
    """Return rows as (head, lines) for a spreadsheet: what is itself a list or pair of values becomes text."""
    found = list(rows)
    head = list(found[0]) if found else []
    for row in found:
        head.extend(key for key in row if key not in head)
    return head, [[_cell(row.get(key)) for key in head] for row in found]


def _cell(value: Any) -> Any:
    if isinstance(value, dict):
        return ", ".join(str(each) for each in value.values())
    if isinstance(value, list):
        return "; ".join(str(_cell(each)) for each in value)
    return value
