"""Which digits are no PIN."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic import pins
from clinic.pin_forms import PinForm


def errors(digits, again=None):
    return PinForm({"digits": digits, "again": digits if again is None else again}).errors


@pytest.mark.parametrize("digits", ["483920", "905673", "7382915", "4839205817"])
def test_mixed_digits_are_a_pin(digits):
    assert errors(digits) == {}


@pytest.mark.parametrize(
    ("digits", "words"),
    [
        ("48392", "At least 6 digits."),
        ("123456", "This one is among the first that are tried. Mix the digits."),
        ("987654", "This one is among the first that are tried. Mix the digits."),
        ("000000", "This one is among the first that are tried. Mix the digits."),
        ("890123", "This one is among the first that are tried. Mix the digits."),
        ("121212", "This one is among the first that are tried. Mix the digits."),
        ("483483", "This one is among the first that are tried. Mix the digits."),
        ("240388", "This reads as a date, and birthdays are tried first."),
        ("032488", "This reads as a date, and birthdays are tried first."),
        ("880324", "This reads as a date, and birthdays are tried first."),
        ("24031988", "This reads as a date, and birthdays are tried first."),
        ("19880324", "This reads as a date, and birthdays are tried first."),
        ("4839a0", "Digits alone, 12 at most."),
        ("٤٨٣٩٢٠", "Digits alone, 12 at most."),
        ("4839205817263", "Digits alone, 12 at most."),
        ("483 920", "Digits alone, 12 at most."),
        ("", "This field is required."),
    ],
)
def test_digits_that_are_tried_first_are_none(digits, words):
    assert errors(digits)["digits"] == [words]


def test_the_two_are_the_same():
    assert errors("483920", "483921") == {"again": ["The two are not the same."]}


@given(st.dates())
def test_no_day_is_a_pin_however_it_is_written(day):
    assert all(pins.is_date(day.strftime(form)) for form in ("%d%m%y", "%m%d%y", "%y%m%d"))


@given(st.text("0123456789", min_size=1, max_size=6), st.integers(2, 4))
def test_no_part_said_again_is_a_pin(part, times):
    assert pins.is_repeated(part * times)


@given(st.text("0123456789", min_size=2, max_size=12))
def test_every_run_is_known_from_both_ends(digits):
    assert pins.is_run(digits) == pins.is_run(digits[::-1])
