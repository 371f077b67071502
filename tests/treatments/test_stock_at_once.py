"""Twenty people drawing on one bottle at the same moment, on the real database: never more than it held."""

import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction

from tests.factories import (
    CourseFactory,
    InjectionFactory,
    LotFactory,
    PreparationFactory,
    SessionFactory,
)
from treatments.actions.stock import lock_sources, refuse_overdraw
from treatments.models import Injection, Lot, Preparation

# Migrations' catalogue is data: a plain transactional test would leave an empty one behind.
pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

PEOPLE = 20


def all_at_once(act, things):
    """Run `act` on each thing in a thread of its own, all let go together; return what each answered."""
    gate = threading.Barrier(len(things))

    def run(thing):
        try:
            gate.wait(timeout=30)
            return act(thing)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(things)) as pool:
        return list(pool.map(run, things))


def drawing(volume_ml, **sources):
    """Return what a session does to save an injection of these sources: lock, write, look."""
    keys = {
        "lots": [source.pk for source in sources.values() if isinstance(source, Lot)],
        "preparations": [source.pk for source in sources.values() if isinstance(source, Preparation)],
    }

    @transaction.atomic
    def draw(session):
        lock_sources(**keys)
        for name, source in sources.items():
            InjectionFactory(session=session, **{"lot": None, name: source}, volume_ml=volume_ml)
        refuse_overdraw(**keys, taker=session)

    def tried(session):
        try:
            draw(session)
        except ValidationError as refusal:
            return [error.code for error in refusal.error_list]
        return "drawn"

    return tried


def sessions(count=PEOPLE):
    course = CourseFactory()
    return [SessionFactory(course=course) for _number in range(count)]


def test_twenty_draw_on_one_lot_and_it_never_holds_less_than_nothing():
    lot = LotFactory(received_ml=Decimal("25.000"))

    answers = all_at_once(drawing(Decimal("2.500"), lot=lot), sessions())

    assert (answers.count("drawn"), answers.count(["overdrawn"])) == (10, 10)
    assert Lot.objects.with_stock().get().remaining_ml == 0
    assert sum(Injection.objects.values_list("volume_ml", flat=True)) == Decimal("25.000")


def test_what_does_not_divide_leaves_the_rest_in_the_bottle():
    lot = LotFactory(received_ml=Decimal("10.000"))

    answers = all_at_once(drawing(Decimal("0.801"), lot=lot), sessions())

    assert answers.count("drawn") == 12
    assert Lot.objects.with_stock().get().remaining_ml == Decimal("0.388")


def test_twenty_draw_on_one_preparation_and_on_nothing_that_is_not_there():
    lot = LotFactory(received_ml=Decimal("50.000"))
    mixture = PreparationFactory(location=lot.location, ingredients=[(lot, Decimal("20.000"))])

    answers = all_at_once(drawing(Decimal("1.500"), preparation=mixture), sessions())

    assert answers.count("drawn") == 13
    assert Preparation.objects.with_stock().get().remaining_ml == Decimal("0.500")
    assert Lot.objects.with_stock().get().remaining_ml == Decimal("30.000")


def test_those_who_draw_on_the_same_lots_in_another_order_do_not_wait_for_each_other_for_ever():
    one, other = LotFactory(received_ml=100), LotFactory(received_ml=100)
    forwards, backwards = (self_locking([one.pk, other.pk]), self_locking([other.pk, one.pk]))
    acts = [forwards, backwards] * (PEOPLE // 2)

    assert all_at_once(lambda act: act(), acts) == ["done"] * PEOPLE


def self_locking(keys):
    @transaction.atomic
    def act():
        lock_sources(lots=keys, preparations=[])
        return "done"

    return act
