"""Tables that are only ever added to: the audit trail and the history of every record.

Triggers refuse UPDATE and DELETE, on PostgreSQL TRUNCATE as well, whoever asks, a superuser included. After each
migration they are there on every such table, for on SQLite a changed table loses its own.

There is one door, for what the law wants rewritten: `opened`. It is a row that the triggers ask for. A row of a
transaction that is under way is seen by that transaction alone, and with the row in it none can be committed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connections, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from clinic import audit
from clinic.models import AppendOnlyDoor, AuditEvent, AuditSeal

DOOR = "clinic_appendonlydoor"
FUNCTION = "clinic_append_only"

# The path is fixed so that nobody opens the door with a temporary table of its name.
POSTGRES_FUNCTION = f"""
    CREATE OR REPLACE FUNCTION {FUNCTION}() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
    BEGIN
        IF EXISTS (SELECT 1 FROM {DOOR}) THEN
            IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
            RETURN NEW;
        END IF;
        RAISE EXCEPTION '% is only ever added to', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
    END $$
"""  # noqa: S608 -- names of our own


def guarded_models() -> list[type[models.Model]]:
    """Return the models whose rows are never changed: of the trail, and every history, those of its lists too.

    A model of an app above says so of itself: `is_only_added_to = True`.
    """
    histories = [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.pk.name in {"history_id", "m2m_history_id"}
    ]
    added_to = [model for model in apps.get_models() if getattr(model, "is_only_added_to", False)]
    return [AuditEvent, AuditSeal, *added_to, *histories]


def trigger_sql(vendor: str, table: str, key: str) -> dict[str, list[str]]:
    """Return for each trigger of a table its name and the statements that make it. `key` is the primary key's column.

    On SQLite INSERT OR REPLACE would put a row in another's place without deleting it, so it is refused by its key.
    """
    if vendor == "postgresql":
        return {
            f"{table}_{what.lower()}": [
                f'CREATE TRIGGER "{table}_{what.lower()}" BEFORE {what} ON "{table}"'
                f" FOR EACH {each} EXECUTE FUNCTION {FUNCTION}()",
                f'ALTER TABLE "{table}" ENABLE ALWAYS TRIGGER "{table}_{what.lower()}"',
            ]
            for what, each in [("UPDATE", "ROW"), ("DELETE", "ROW"), ("TRUNCATE", "STATEMENT")]
        }
    shut = f"NOT EXISTS (SELECT 1 FROM {DOOR})"  # noqa: S608 -- names of our own
    taken = f'EXISTS (SELECT 1 FROM "{table}" WHERE "{key}" = NEW."{key}")'  # noqa: S608
    conditions = {"UPDATE": shut, "DELETE": shut, "INSERT": f"{taken} AND {shut}"}
    return {
        f"{table}_{what.lower()}": [
            f'CREATE TRIGGER "{table}_{what.lower()}" BEFORE {what} ON "{table}" WHEN {condition}'
            f" BEGIN SELECT RAISE(ABORT, '{table} is only ever added to'); END"
        ]
        for what, condition in conditions.items()
    }


def key_of(model: type[models.Model]) -> str:
    return str(model._meta.pk.column)


def guard(connection: BaseDatabaseWrapper, guarded: list[type[models.Model]]) -> None:
    """Make the triggers that are missing."""
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
        if DOOR not in tables:
            return
        if connection.vendor == "postgresql":
            cursor.execute(POSTGRES_FUNCTION)
        for statement in missing(connection, [model for model in guarded if model._meta.db_table in tables]):
            cursor.execute(statement)


def missing(connection: BaseDatabaseWrapper, guarded: list[type[models.Model]]) -> list[str]:
    """Return the statements that make the triggers which these tables should have and have not."""
    there = triggers(connection)
    return [
        statement
        for model in guarded
        for name, made in trigger_sql(connection.vendor, model._meta.db_table, key_of(model)).items()
        if name not in there
        for statement in made
    ]


def unguard(_apps: Any, schema_editor: Any) -> None:
    """Take the triggers away before the door's table goes: for the way back of the migration that brought it."""
    connection = schema_editor.connection
    there = triggers(connection)
    for model in guarded_models():
        table = model._meta.db_table
        for name in there.intersection(trigger_sql(connection.vendor, table, key_of(model))):
            on = f' ON "{table}"' if connection.vendor == "postgresql" else ""
            schema_editor.execute(f'DROP TRIGGER "{name}"{on}')
    if connection.vendor == "postgresql":
        schema_editor.execute(f"DROP FUNCTION IF EXISTS {FUNCTION}()")


def triggers(connection: BaseDatabaseWrapper) -> set[str]:
    """Return the names of the triggers in the database."""
    found = {
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'A'",
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    }
    with connection.cursor() as cursor:
        cursor.execute(found[connection.vendor])
        return {name for [name] in cursor.fetchall()}


def guard_after_migration(*, using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> None:
    guard(connections[using], guarded_models())


@contextmanager
def opened(*, reason: str, at: datetime, **facts: Any) -> Iterator[None]:
    """Let this transaction rewrite what is only ever added to, and leave an event that says so and why.

    `reason` names the rule or the request it follows, no person. `facts` are those of `clinic.audit.write`. Raises
    `TransactionManagementError` outside a transaction; an error inside takes back what was rewritten.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("The door opens inside a transaction only.")
    with transaction.atomic():
        event = audit.write(AuditEvent.Act.DOOR, at=at, detail={"reason": reason}, **facts)
        door = AppendOnlyDoor.objects.create(event=event)
        yield
        door.delete()
