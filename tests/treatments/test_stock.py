"""What is left of a bottle: what arrived less what was injected, mixed, thrown away or sent back."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from clinic.units import show_ml
from tests.factories import InjectionFactory, LotFactory, PreparationFactory, ProductFactory, SessionFactory
from treatments.actions.stock import refuse_overdraw

pytestmark = pytest.mark.django_db


def refused(**sources):
    with pytest.raises(ValidationError) as refusal:
        refuse_overdraw(**{"lots": [], "preparations": [], **sources})
    return refusal.value


@pytest.mark.parametrize(
    ("volume", "said"), [("2.500", "2.5 ml"), ("10.000", "10 ml"), ("0.001", "0.001 ml"), ("-0.500", "−0.5 ml")]
)
def test_a_volume_is_said_with_the_decimals_it_has(volume, said):
    assert show_ml(Decimal(volume)) == said.replace(" ", "\N{NO-BREAK SPACE}")


def test_taking_all_that_is_left_is_not_refused():
    lot = LotFactory(received_ml=10)
    InjectionFactory(lot=lot, volume_ml=10)

    refuse_overdraw(lots=[lot.pk], preparations=[])


def test_the_refusal_names_the_product_the_lot_and_what_is_left():
    lot = LotFactory(product=ProductFactory(name="Numbing mix", strength="1 %"), number="A-117", received_ml=10)
    InjectionFactory(lot=lot, volume_ml=Decimal("8.600"))
    session = SessionFactory()
    InjectionFactory(session=session, lot=lot, volume_ml=2)

    refusal = refused(lots=[lot.pk], taker=session)

    [error] = refusal.error_list
    assert refusal.messages == ["Numbing mix 1 %, lot A-117: only 1.4\xa0ml is left, 0.6\xa0ml too little."]
    assert (error.code, error.params["lot"], error.params["left"]) == ("overdrawn", lot, Decimal("1.4"))


def test_the_refusal_of_an_empty_lot_says_that_nothing_is_left():
    lot = LotFactory(product=ProductFactory(name="Coffee", strength=""), number="C-1", received_ml=10)
    InjectionFactory(lot=lot, volume_ml=10)
    session = SessionFactory()
    InjectionFactory(session=session, lot=lot, volume_ml=1)

    assert refused(lots=[lot.pk], taker=session).messages == ["Coffee, lot C-1: nothing is left."]


def test_without_a_taker_the_refusal_says_how_much_too_much_it_is():
    mixture = PreparationFactory(name="Morning mixture")
    InjectionFactory(lot=None, preparation=mixture, volume_ml=Decimal("10.250"))

    assert refused(preparations=[mixture.pk]).messages == ["Morning mixture: 0.25\xa0ml more than is left."]


def test_every_source_that_holds_too_little_is_named():
    lots = [LotFactory(received_ml=1) for _number in range(2)]
    for lot in lots:
        InjectionFactory(lot=lot, volume_ml=2)

    assert len(refused(lots=[lot.pk for lot in lots]).messages) == 2


def test_a_session_entered_in_error_takes_nothing():
    lot = LotFactory(received_ml=1)
    session = InjectionFactory(lot=lot, volume_ml=2).session
    session.entered_in_error_at, session.entered_in_error_by = session.performed_at, session.performed_by
    session.entered_in_error_reason = "Another patient."
    session.save()

    refuse_overdraw(lots=[lot.pk], preparations=[])
