"""Nobody and nothing is booked twice: one constraint that says the form's sentence and holds in either database.

Its path is frozen into migrations: it does not move. How it is kept on each database: docs/adr/0032.
"""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.ddl_references import Statement, Table
from django.db.models.constraints import BaseConstraint
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

LONGEST_MINUTES = 480  # of an appointment: how far back another may have begun and still overlap

EXCLUDES = (
    "EXCLUDE USING gist ({column} WITH =, tsrange(starts_at AT TIME ZONE 'UTC', "
    "(starts_at AT TIME ZONE 'UTC') + minutes * interval '1 minute') WITH &&) WHERE (status IN ({statuses}))"
)
# SQLite has no exclusion. Its moments are text in UTC, and so compare as they follow each other.
TRIGGER = (
    "CREATE TRIGGER %(name)s BEFORE %(event)s ON %(table)s FOR EACH ROW "
    "WHEN NEW.%(column)s IS NOT NULL AND NEW.status IN (%(statuses)s) AND EXISTS (SELECT 1 FROM %(table)s AS other "
    "WHERE other.%(column)s = NEW.%(column)s AND other.status IN (%(statuses)s)%(but_itself)s "
    "AND other.starts_at < datetime(NEW.starts_at, '+' || NEW.minutes || ' minutes') "
    "AND other.starts_at > datetime(NEW.starts_at, '-%(longest)s minutes') "
    "AND datetime(other.starts_at, '+' || other.minutes || ' minutes') > NEW.starts_at) "
    "BEGIN SELECT RAISE(ABORT, '%(constraint)s'); END"
)


class TakenOnce(BaseConstraint):
    """No two appointments of these statuses have the same `field` at overlapping times.

    `field` is a foreign key; `shown_at` is the form's field that the sentence belongs to. A form refuses a little more
    than the database: it holds what is booked against every appointment that stands, whatever its status.
    """

    def __init__(self, *, field: str, shown_at: str, statuses: Collection[str], name: str) -> None:
        self.field, self.shown_at, self.statuses = field, shown_at, tuple(statuses)
        super().__init__(name=name)

    def deconstruct(self) -> Any:
        path, args, kwargs = super().deconstruct()
        return path, args, kwargs | {"field": self.field, "shown_at": self.shown_at, "statuses": self.statuses}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TakenOnce) and self.deconstruct() == other.deconstruct()

    def __hash__(self) -> int:
        return hash(self.name)

    # The database.

    def constraint_sql(self, model: Any, schema_editor: Any) -> Any:
        """Return the clause of the table where there is one; on SQLite let the triggers follow the table.

        They are made with it whenever a migration makes the table anew, as SQLite's do.
        """
        if schema_editor.connection.vendor == "postgresql":
            return f"CONSTRAINT {schema_editor.quote_name(self.name)} {self._excludes(schema_editor)}"
        schema_editor.deferred_sql.extend(self._triggers(model, schema_editor))
        return None

    def create_sql(self, model: Any, schema_editor: Any) -> Any:
        name = schema_editor.quote_name(self.name)
        return Statement(
            "ALTER TABLE %(table)s ADD CONSTRAINT %(name)s %(excludes)s",
            table=Table(model._meta.db_table, schema_editor.quote_name),
            name=name,
            excludes=self._excludes(schema_editor),
        )

    def remove_sql(self, model: Any, schema_editor: Any) -> Any:
        return Statement(
            "ALTER TABLE %(table)s DROP CONSTRAINT %(name)s",
            table=Table(model._meta.db_table, schema_editor.quote_name),
            name=schema_editor.quote_name(self.name),
        )

    def _excludes(self, schema_editor: BaseDatabaseSchemaEditor) -> str:
        column = schema_editor.quote_name(self._column)
        return EXCLUDES.format(column=column, statuses=self._listed())

    def _triggers(self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> list[Statement]:
        return [
            Statement(
                TRIGGER,
                name=schema_editor.quote_name(f"{self.name}_{event.lower()}"),
                event=event,
                table=Table(model._meta.db_table, schema_editor.quote_name),
                column=self._column,
                statuses=self._listed(),
                # A row being inserted has no number yet.
                but_itself=" AND other.id <> OLD.id" if event == "UPDATE" else "",
                longest=LONGEST_MINUTES,
                constraint=self.name,
            )
            for event in ("INSERT", "UPDATE")
        ]

    @property
    def _column(self) -> str:
        return f"{self.field}_id"

    def _listed(self) -> str:
        return ", ".join(f"'{status}'" for status in self.statuses)

    # The sentence.

    def validate(
        self,
        model: type[models.Model],
        instance: Any,
        exclude: Collection[str] | None = None,
        using: str = DEFAULT_DB_ALIAS,
    ) -> None:
        """Raise `ValidationError` at `shown_at` when the person or room is taken by an appointment that stands."""
        value = getattr(instance, f"{self.field}_id")
        needed = (value, instance.starts_at, instance.minutes)
        unasked = {self.field, "starts_at", "minutes"} & set(exclude or ())
        if unasked or None in needed or instance.status not in self.statuses:
            return
        others = model._default_manager.using(using).standing().overlapping(instance.starts_at, instance.minutes)  # type: ignore[attr-defined]
        others = others.exclude(pk__in=[key for key in (instance.pk, *instance.moves_along) if key])
        taken = others.taking(self.field, value).select_related(self.field).first()
        if taken:
            raise ValidationError({self.shown_at: [self.in_words(taken)]})

    def shares(self, one: Any, other: Any) -> bool:
        """Say whether two appointments want the same person or room."""
        value = getattr(one, f"{self.field}_id")
        return value is not None and value == getattr(other, f"{self.field}_id")

    def in_words(self, taken: Any) -> str:
        who = getattr(taken, self.field)
        start, end = taken.starts_at, taken.starts_at + timedelta(minutes=taken.minutes)
        return _("%(who)s is taken from %(start)s to %(end)s.") % {
            "who": getattr(who, "full_name", str(who)),
            "start": date_format(timezone.localtime(start), "H:i"),
            "end": date_format(timezone.localtime(end), "H:i"),
        }
