"""Limits of quantities that hold in the database as well, whatever wrote the row."""

from decimal import Decimal

from django.db.models import DecimalField, Q
from django.db.models.functions import Cast, Round

LARGEST_PRICE = Decimal("999999.99")


def held(name: str, least: Decimal | int, most: Decimal | int, places: int = 0) -> Q:
    """Return the rule that a column is empty or from `least` to `most`, in at most so many decimal places.

    Without places the column is of whole numbers. PostgreSQL's columns of decimals round to their own places;
    SQLite's take any number, and any text. The cast tells PostgreSQL that an empty value would be a number.
    """
    within = Q(**{f"{name}__gte": least, f"{name}__lte": most})
    if not places:
        return within
    number = Cast(name, DecimalField(max_digits=30, decimal_places=10))
    return within & Q(**{name: Round(number, precision=places)})
