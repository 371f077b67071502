"""Money in words: Decimal amounts with the currency of their place (ISO 4217)."""

from decimal import Decimal

from django.utils.formats import number_format
from django.utils.translation import gettext as _

SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹", "CAD": "CA$", "AUD": "A$"}


def show_money(amount: Decimal, currency: str) -> str:
    """Return "$9,300" or "CHF 612.50": no cents where there are none."""
    places = 0 if amount == amount.to_integral_value() else 2
    number = number_format(abs(amount), places, use_l10n=True, force_grouping=True)
    symbol = SYMBOLS.get(currency, f"{currency}\N{NO-BREAK SPACE}")
    return f"{'−' if amount < 0 else ''}{symbol}{number}"


def show_money_range(least: Decimal, most: Decimal, currency: str) -> str:
    """Return "$3,100 to $6,200", or the one amount when both are the same."""
    if least == most:
        return show_money(least, currency)
    return _("%(least)s to %(most)s") % {
        "least": show_money(least, currency),
        "most": show_money(most, currency),
    }
