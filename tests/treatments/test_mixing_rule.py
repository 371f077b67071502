"""How a mixture is spread over areas: every bottle and every area adds up, to the microlitre."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treatments.rules.mixing import READ, UNIT, share, spread

microlitres = st.integers(min_value=1, max_value=100_000)


@st.composite
def levels(draw):
    """Products and areas of one total: the total cut at two independent sets of places."""
    total = draw(st.integers(min_value=10, max_value=200_000))
    return [
        [part * UNIT for part in parts(total, draw(st.lists(st.integers(1, total - 1), max_size=7, unique=True)))]
        for _side in range(2)
    ]


def parts(total, cuts):
    marks = [0, *sorted(cuts), total]
    return [end - start for start, end in pairwise(marks)]


@given(levels())
def test_every_product_and_every_area_adds_up_exactly(sides):
    products, areas = sides

    cells = spread(products, areas)

    assert [sum(row) for row in cells] == products
    assert [sum(column) for column in zip(*cells, strict=True)] == areas


@given(levels())
def test_no_area_gets_less_than_nothing_of_a_product(sides):
    assert all(cell >= 0 for row in spread(*sides) for cell in row)


@given(levels())
def test_every_area_gets_the_parts_of_the_mixture_to_within_some_microlitres(sides):
    products, areas = sides
    total = sum(products)

    cells = spread(products, areas)

    most = (len(products) + len(areas)) * UNIT
    for product, row in zip(products, cells, strict=True):
        for area, cell in zip(areas, row, strict=True):
            assert abs(cell - product * area / total) <= most


def test_two_products_in_two_unequal_areas():
    cells = spread([Decimal(3), Decimal(1)], [Decimal("2.5"), Decimal("1.5")])

    assert cells == [[Decimal("1.875"), Decimal("1.125")], [Decimal("0.625"), Decimal("0.375")]]


def test_one_microlitre_too_many_goes_where_it_was_cut_most():
    cells = spread([Decimal("0.010"), Decimal("0.010"), Decimal("0.010")], [Decimal("0.020"), Decimal("0.010")])

    assert [sum(row) for row in cells] == [Decimal("0.010")] * 3
    assert all(row in ([Decimal("0.007"), Decimal("0.003")], [Decimal("0.006"), Decimal("0.004")]) for row in cells)


@given(st.lists(microlitres, min_size=1, max_size=6), st.lists(microlitres, min_size=1, max_size=6))
def test_totals_that_differ_are_refused(products, areas):
    if sum(products) == sum(areas):
        areas = [*areas, 1]

    with pytest.raises(ValueError, match="different totals"):
        spread([each * UNIT for each in products], [each * UNIT for each in areas])


def test_nothing_is_spread_over_nothing():
    assert spread([], []) == []


@given(
    st.integers(min_value=1, max_value=1_000_000),
    st.lists(st.integers(min_value=0, max_value=2000), min_size=1, max_size=12).filter(any),
)
def test_shares_add_up_to_the_volume_and_are_close_to_their_weights(total, weights):
    volume = total * UNIT

    shares = share(volume, weights)

    unit = READ if volume % READ == 0 else UNIT
    assert sum(shares) == volume
    assert all(
        abs(part - volume * weight / sum(weights)) <= unit for part, weight in zip(shares, weights, strict=True)
    )


def test_ten_millilitres_over_three_areas_are_read_to_a_hundredth():
    assert share(Decimal(10), [1, 1, 1]) == [Decimal("3.34"), Decimal("3.33"), Decimal("3.33")]


def test_finer_volume_is_split_finer():
    assert share(Decimal("0.005"), [40, 40]) == [Decimal("0.003"), Decimal("0.002")]
