"""Volumes past every form: the database takes none that nobody can inject."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction

from tests.factories import LotFactory, SessionFactory
from treatments.models import Injection

pytestmark = pytest.mark.django_db

NO_VOLUMES = [Decimal(-1), Decimal(0), Decimal("NaN"), Decimal("Infinity")]


@pytest.fixture
def session():
    return SessionFactory(given=True)


@pytest.mark.parametrize("volume", NO_VOLUMES, ids=str)
def test_database_takes_no_volume_that_nobody_injects(session, volume):
    given = session.injections.get()
    with pytest.raises((DatabaseError, ValidationError, ArithmeticError)), transaction.atomic():
        Injection.objects.filter(pk=given.pk).update(volume_ml=volume)

    assert Injection.objects.get(pk=given.pk).volume_ml == given.volume_ml


@pytest.mark.parametrize("volume", NO_VOLUMES, ids=str)
def test_database_takes_no_lot_of_such_a_volume(volume):
    lot = LotFactory()
    with pytest.raises((DatabaseError, ValidationError, ArithmeticError)), transaction.atomic():
        type(lot).objects.filter(pk=lot.pk).update(received_ml=volume)

    assert type(lot).objects.get(pk=lot.pk).received_ml == lot.received_ml
