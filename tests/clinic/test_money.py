"""Money as people read it."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.money import show_money, show_money_range

AMOUNTS = st.decimals(Decimal("-999999.99"), Decimal("999999.99"), places=2)


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        ("9300", "USD", "$9,300"),
        ("612.5", "EUR", "€612.50"),
        ("0", "GBP", "£0"),
        ("-12.00", "USD", "−$12"),
        ("500", "CHF", "CHF\N{NO-BREAK SPACE}500"),
    ],
)
def test_amount_is_shown_with_its_currency(amount, currency, shown):
    assert show_money(Decimal(amount), currency) == shown


@given(AMOUNTS)
def test_amount_loses_no_cent(amount):
    shown = show_money(amount, "USD").replace("$", "").replace(",", "").replace("−", "-")

    assert Decimal(shown) == amount


def test_range_of_one_amount_is_that_amount():
    assert show_money_range(Decimal(500), Decimal("500.00"), "USD") == "$500"
    assert show_money_range(Decimal(500), Decimal(800), "USD") == "$500 to $800"
