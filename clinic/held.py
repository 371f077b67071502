"""Checks that come to a table with rows: first which rows break them, in words, and then the checks."""

from collections.abc import Iterable
from typing import Any

from django.core.management import CommandError
from django.db.migrations import AddConstraint, RunPython
from django.db.migrations.operations.base import Operation
from django.db.models import CheckConstraint, Q
from django.utils.translation import gettext as _


def rows_first(app: str, operations: Iterable[Operation]) -> RunPython:
    """Return a step that stops, before anything is changed, at rows that the new constraints would refuse."""
    added = [
        (operation.model_name, operation.constraint.condition)
        for operation in operations
        if isinstance(operation, AddConstraint) and isinstance(operation.constraint, CheckConstraint)
    ]

    def look(apps: Any, schema_editor: Any) -> None:
        using = schema_editor.connection.alias
        said = [line for name, check in added for line in broken(apps.get_model(app, name), check, using)]
        if said:
            raise CommandError("\n".join([*said, _("Nothing was changed. Put this right, and migrate again.")]))

    return RunPython(look, RunPython.noop)


def broken(model: Any, condition: Any, using: str) -> list[str]:
    """Say of each column of a check which row breaks it first. What stands in it is nobody's but the clinic's."""
    parts: dict[tuple[str, ...], Q] = {}
    for child in condition.children:
        part = child if isinstance(child, Q) else Q(child)
        names = tuple(sorted({model._meta.get_field(name.split("__")[0]).column for name in named(part)}))
        parts[names] = parts.get(names, Q()) & part
    lines = []
    for columns, part in parts.items():
        filled = Q(*((f"{name.split('__')[0]}__isnull", False) for name in named(part)))  # a check passes over NULL
        rows = model.objects.using(using).filter(filled).exclude(part).order_by("pk").values_list("pk", flat=True)
        if key := rows.first():
            facts = {"table": model._meta.db_table, "key": key, "column": ", ".join(columns), "count": rows.count()}
            lines.append(
                _("In the table %(table)s, the row %(key)s breaks the limits of %(column)s (rows in all: %(count)s).")
                % facts
            )
    return lines


def named(part: Any) -> list[str]:
    """Return the lookups in a condition, however deep."""
    return [name for child in part.children for name in (named(child) if isinstance(child, Q) else [str(child[0])])]
