"""Quantities past every form: the database holds none that a form refuses, nor one between two of its places."""

from decimal import Decimal

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, models, transaction

from tests.factories import (
    AppointmentFactory,
    InjectionFactory,
    MilestoneReviewFactory,
    PhotoFactory,
    PreparationFactory,
    ScoreFactory,
    SideEffectFactory,
    WaitingOfferFactory,
)
from tests.factories.treatments import FIRST_SESSION
from treatments.models import StockChange

pytestmark = pytest.mark.django_db

OUR_APPS = ("clinic", "patients", "treatments")
# What takes from a stock is less than nothing.
SIGNED = {"StockChange.volume_ml"}
NO_NUMBERS = {"postgresql": ("'NaN'", "'Infinity'"), "sqlite": ("9e999", "-9e999", "'much'", "x'00'")}


def limits(field):
    """Return the least and the most that a form takes, None where it has no limit of its own."""
    least = [check.limit_value for check in field._validators if check.code == "min_value"]
    most = [check.limit_value for check in field._validators if check.code == "max_value"]
    return (least or [None])[0], (most or [None])[0]


def columns():
    """Yield every column of a decimal number, and every one of a whole number that has a limit in the form."""
    for label in OUR_APPS:
        for model in apps.get_app_config(label).get_models():
            for field in model._meta.local_fields if model._meta.pk.name != "history_id" else ():
                is_whole = isinstance(field, models.IntegerField) and not field.is_relation
                if isinstance(field, models.DecimalField) or (is_whole and limits(field) != (None, None)):
                    yield field


COLUMNS = {f"{field.model.__name__}.{field.name}": field for field in columns()}
DECIMALS = {name: field for name, field in COLUMNS.items() if isinstance(field, models.DecimalField)}


@pytest.fixture
def one_of_each():
    """Make one of everything that has a quantity."""
    injection = InjectionFactory()
    for make in (AppointmentFactory, MilestoneReviewFactory, PhotoFactory, PreparationFactory, ScoreFactory):
        make()
    WaitingOfferFactory()
    SideEffectFactory(session=injection.session, grade=1)
    StockChange.objects.create(
        lot=injection.lot,
        kind="received",
        volume_ml=1,
        reason="A second box",
        made_at=FIRST_SESSION,
        made_by=injection.session.performed_by,
    )


def write(field, sql):
    """Write into the column of one row what no form wrote, and return what stands there then and stood before."""
    model, column = field.model, connection.ops.quote_name(field.column)
    row = model._base_manager.order_by("pk").first()
    before = getattr(row, field.attname)
    with transaction.atomic(), connection.cursor() as cursor:
        table = connection.ops.quote_name(model._meta.db_table)
        cursor.execute(f"UPDATE {table} SET {column} = {sql} WHERE id = {row.pk}")  # noqa: S608 -- names of our own
        cursor.execute(f"SELECT {column} FROM {table} WHERE id = {row.pk}")  # noqa: S608
        [after] = cursor.fetchone()
    return before, after


def beyond(field, name):
    """Return what lies just outside of a column: past each limit, or past the digits where there is none."""
    places = getattr(field, "decimal_places", 0)
    step = Decimal(1).scaleb(-places)
    least, most = limits(field)
    too_long = Decimal(10) ** (field.max_digits - places) if isinstance(field, models.DecimalField) else None
    least = -too_long + step if name in SIGNED else least or 0
    past = [] if most is None and too_long is None else [most + step if most is not None else too_long]
    return [least - step, *past, *([] if too_long is None else [Decimal("1e12"), Decimal("-1e12")])]


def test_every_quantity_of_the_forms_is_tried():
    assert {
        *("Injection.volume_ml", "Lot.received_ml", "Ingredient.volume_ml", "StockChange.volume_ml"),
        *("Session.weight_kg", "Injection.depth_mm", "Course.price", "Score.value", "Product.max_mg_per_kg"),
        *("Course.planned_sessions", "Appointment.minutes", "Location.appointment_reminder_days"),
    } <= set(COLUMNS)


def taken(field, sql):
    """Say whether the database took it."""
    try:
        write(field, sql)
    except DatabaseError:
        return False
    return True


def test_database_takes_no_quantity_beyond_its_limits(one_of_each):
    for field in COLUMNS.values():  # what is refused below is refused for its number
        before, kept = write(field, connection.ops.quote_name(field.column))
        assert kept is None or Decimal(str(kept)) == before

    assert [
        (name, number)
        for name, field in COLUMNS.items()
        for number in beyond(field, name)
        if taken(field, str(number))
    ] == []


def test_database_takes_no_number_between_two_of_its_places(one_of_each):
    """SQLite would hold it. PostgreSQL rounds to the places of its column."""
    found = {}
    for name, field in DECIMALS.items():
        step = Decimal(1).scaleb(-field.decimal_places)
        between = (limits(field)[0] or Decimal(0)) + step * Decimal("3.4")
        try:
            found[name] = write(field, str(between))[1] - between
        except DatabaseError:
            continue

    rounded = {name: Decimal(-4).scaleb(-DECIMALS[name].decimal_places - 1) for name in found}
    assert found == ({} if connection.vendor == "sqlite" else rounded)


def test_database_takes_nothing_that_is_no_number(one_of_each):
    assert [
        (name, sql) for name, field in DECIMALS.items() for sql in NO_NUMBERS[connection.vendor] if taken(field, sql)
    ] == []


@pytest.mark.parametrize(
    ("name", "most"), [("Injection.depth_mm", 250), ("Score.value", 999_999), ("Injection.volume_ml", 100_000_000)]
)
def test_numbers_that_a_computer_holds_by_halves_are_taken_all_the_same(one_of_each, name, most):
    field = DECIMALS[name]
    numbers = {1 + most * part // 151 for part in range(151)} | {most}

    for number in numbers:
        value = Decimal(number).scaleb(-field.decimal_places)
        assert Decimal(str(write(field, str(value))[1])) == value
