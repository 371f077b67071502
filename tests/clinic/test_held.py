"""An upgrade that finds rows which its new checks refuse: it says which, and changes nothing."""

from importlib import import_module
from unittest.mock import Mock

import pytest
from django.apps import apps
from django.core.management import CommandError
from django.db import connection

from tests.factories import LocationFactory, ProductFactory, ProtocolFactory

pytestmark = pytest.mark.django_db


def look(app, name):
    [first, *_others] = import_module(f"{app}.migrations.{name}").Migration.operations
    first.code(apps, Mock(connection=connection))


def break_limits(row, check, **values):
    """Write past a check, as a clinic's rows were before there was one."""
    table = row._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA ignore_check_constraints = ON")
        else:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {check}")
        type(row)._base_manager.filter(pk=row.pk).update(**values)
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA ignore_check_constraints = OFF")


@pytest.mark.parametrize(
    ("app", "name"), [("clinic", "0007_reminder_days_held"), ("treatments", "0014_quantities_held")]
)
def test_rows_within_the_limits_are_passed_over(app, name):
    LocationFactory()
    ProtocolFactory()
    ProductFactory(max_ml_per_point=None)  # no limit is within the limits

    look(app, name)


def test_row_that_reminds_too_early_stops_the_upgrade_in_words():
    row = LocationFactory()
    break_limits(row, "location_reminds_within_two_weeks", appointment_reminder_days=15)

    with pytest.raises(CommandError) as stopped:
        look("clinic", "0007_reminder_days_held")

    first = f"In the table clinic_location, the row {row.pk} breaks the limits of appointment_reminder_days"
    assert str(stopped.value).startswith(first)


def test_every_column_outside_its_limits_is_named():
    row = ProtocolFactory()
    break_limits(row, "protocol_quantities_possible", interval_days_max=400, session_minutes=1)

    with pytest.raises(CommandError) as stopped:
        look("treatments", "0014_quantities_held")

    assert str(stopped.value).splitlines()[:-1] == [
        f"In the table treatments_protocol, the row {row.pk} breaks the limits of {column} (rows in all: 1)."
        for column in ("interval_days_max", "session_minutes")
    ]
