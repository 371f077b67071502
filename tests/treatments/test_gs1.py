"""What the code on a package says, scanned or typed."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treatments.rules.gs1 import Package, UnreadableError, read

GS = "\x1d"
ALL = Package("04006381333931", "A-117", date(2027, 12, 31), "S9")


@pytest.mark.parametrize(
    "text",
    [
        f"01040063813339311727123110A-117{GS}21S9",
        f"010400638133393121S9{GS}1727123110A-117",
        f"]d2010400638133393110A-117{GS}1727123121S9",
        f"{GS}010400638133393110A-117{GS}{GS}1727123121S9{GS}",
        "(01)04006381333931(17)271231(10)A-117(21)S9",
        " (01) 04006381333931 (10) A-117 (17) 271231 (21) S9 ",
    ],
)
def test_a_code_is_read_scanned_or_typed(text):
    assert read(text, year=2026) == ALL


@pytest.mark.parametrize("gtin", ["4006381333931", "04006381333931", "96385074", "614141000036"])
def test_a_product_number_alone_is_read(gtin):
    assert read(gtin, year=2026) == Package(gtin=gtin)


@pytest.mark.parametrize(
    ("text", "year", "day"),
    [
        ("17260228", 2026, date(2026, 2, 28)),
        ("17270200", 2026, date(2027, 2, 28)),
        ("17280200", 2026, date(2028, 2, 29)),
        ("17760101", 2026, date(2076, 1, 1)),
        ("17770101", 2026, date(1977, 1, 1)),
        ("17010101", 2099, date(2101, 1, 1)),
    ],
)
def test_two_digits_of_a_year_are_of_the_nearest_century_and_day_00_ends_its_month(text, year, day):
    assert read(f"10B2{GS}{text}", year=year).expires_on == day


def test_what_else_a_package_carries_is_passed_over():
    text = f"010400638133393111250101240REF{GS}71012345{GS}305{GS}10B2"

    assert read(text, year=2026) == Package("04006381333931", "B2")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A-117",
        "(10)",
        "(99)x",
        "0104006381333932",  # its last digit does not check
        "4006381333932",
        "010400638133393",
        "17271331",
        "17270230",
        "1727123",
        "10" + "x" * 21,
        f"10{GS}17271231",
        "(01)abc",
        "(17)",
        "(1)2",
        "０１０４００６３８１３３３９３１",
        "\x00",
    ],
)
def test_what_is_no_code_is_told_apart(text):
    with pytest.raises(UnreadableError):
        read(text, year=2026)


@given(st.text(st.sampled_from("0123456789()]dC AB\x1d"), max_size=60), st.integers(2000, 2150))
def test_whatever_a_scanner_sends_it_is_read_or_refused(text, year):
    try:
        found = read(text, year=year)
    except UnreadableError:
        return
    assert len(found.number) <= 20
