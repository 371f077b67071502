"""The products that a clinic starts with."""

from decimal import Decimal

import pytest

from treatments.models import Product

pytestmark = pytest.mark.django_db


def test_every_product_keeps_to_the_rules_of_what_is_typed():
    for product in Product.objects.all():
        product.full_clean()


def test_buflomedil_is_blocked_and_says_why():
    buflomedil = Product.objects.get(code="buflomedil")

    assert buflomedil.is_blocked
    assert "EMA" in buflomedil.blocked_reason
    assert buflomedil not in Product.objects.offered()


def test_what_is_withdrawn_or_warned_of_is_not_offered():
    codes = set(Product.objects.offered().values_list("code", flat=True))

    assert not codes & {"collagenase", "deoxycholate-gel", "lemon-bottle"}
    assert {"lidocaine-1", "deoxycholic-acid", "sodium-chloride", "water"} <= codes


def test_every_limit_names_its_source():
    limits = [
        "max_ml_per_point",
        "max_points_per_session",
        "max_ml_per_session",
        "max_mg_per_session",
        "max_mg_per_kg",
        "min_days_between",
    ]

    silent = [
        product.code
        for product in Product.objects.all()
        if any(getattr(product, limit) is not None for limit in limits) and not product.limit_source
    ]

    assert silent == []


def test_the_dose_of_lidocaine_is_the_published_one_and_stops():
    lidocaine = Product.objects.get(code="lidocaine-2")

    assert (lidocaine.mg_per_ml, lidocaine.max_mg_per_kg, lidocaine.max_mg_per_session) == (
        Decimal(20),
        Decimal("4.5"),
        Decimal(300),
    )
    assert lidocaine.limit_acts == Product.LimitActs.STOP


def test_a_product_of_known_milligrams_that_is_limited_in_them_can_be_judged():
    for product in Product.objects.exclude(max_mg_per_session=None, max_mg_per_kg=None):
        assert product.mg_per_ml
