"""Weights as a location shows and types them."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from clinic.models import Location
from clinic.units import WeightField, show_weight, show_weight_change, weight_number

METRIC = Location(unit_system=Location.UnitSystem.METRIC)
IMPERIAL = Location(unit_system=Location.UnitSystem.IMPERIAL)
TENTHS = st.decimals(Decimal(60), Decimal(770), places=1)


@given(TENTHS)
def test_a_tenth_of_a_pound_survives_being_kept_in_kilograms(pounds):
    kept = WeightField(location=IMPERIAL).clean(str(pounds))

    assert weight_number(kept, IMPERIAL) == pounds


@given(st.decimals(Decimal(25), Decimal(350), places=1))
def test_a_tenth_of_a_kilogram_is_kept_as_it_is(kilograms):
    assert WeightField(location=METRIC).clean(str(kilograms)) == kilograms


@given(TENTHS)
def test_what_a_form_shows_cleans_to_what_it_showed(pounds):
    field = WeightField(location=IMPERIAL)
    kept = field.clean(str(pounds))

    assert field.clean(str(field.prepare_value(kept))) == kept


@pytest.mark.parametrize(
    ("kilograms", "metric", "imperial"),
    [
        (Decimal("69.20"), "69.2\N{NO-BREAK SPACE}kg", "152.6\N{NO-BREAK SPACE}lb"),
        (Decimal(70), "70.0\N{NO-BREAK SPACE}kg", "154.3\N{NO-BREAK SPACE}lb"),
        (None, "not weighed", "not weighed"),
    ],
)
def test_weight_is_shown_in_the_units_of_the_place(kilograms, metric, imperial):
    assert show_weight(kilograms, METRIC) == metric
    assert show_weight(kilograms, IMPERIAL) == imperial


@pytest.mark.parametrize(
    ("change", "shown"), [(Decimal("1.4"), "+1.4"), (Decimal("-0.8"), "−0.8"), (Decimal("0.04"), "±0.0")]
)
def test_change_of_weight_has_its_sign(change, shown):
    assert show_weight_change(change, METRIC) == f"{shown}\N{NO-BREAK SPACE}kg"


@pytest.mark.parametrize("typed", ["heavy", "70.25", "1e999", "NaN", "Infinity", "7\x000"])
def test_what_is_no_weight_is_refused(typed):
    with pytest.raises(ValidationError):
        WeightField(location=METRIC).clean(typed)
