"""Phone numbers: typed as at the desk, kept as they are dialled from anywhere."""

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from clinic.phones import PhoneFormField, parse_phone, show_phone

# Two digits of the area code that exist anywhere, then anything: the numbering plan grows faster than we update.
AMERICAN = st.from_regex(r"[2-9][0-8][0-9][2-9][0-9]{6}", fullmatch=True)


@given(AMERICAN)
def test_number_that_is_shown_reads_back_as_it_was_kept(digits):
    kept = parse_phone(digits, "US")

    assert parse_phone(show_phone(kept)) == kept == f"+1{digits}"


@given(AMERICAN, st.sampled_from([" ", "-", ".", " - "]))
def test_how_a_number_is_spaced_does_not_matter(digits, space):
    typed = f"({digits[:3]}){space}{digits[3:6]}{space}{digits[6:]}"

    assert parse_phone(typed, "US") == f"+1{digits}"


@given(st.text(max_size=30))
def test_whatever_is_typed_is_a_number_or_is_refused_with_words(text):
    try:
        kept = parse_phone(text, "US")
    except ValidationError as error:
        kept = ""
        refused = error.messages
    else:
        refused = []

    assert kept.startswith("+") or refused or not text.strip()


@pytest.mark.parametrize(
    ("typed", "region", "kept"),
    [
        ("415 555 0182", "US", "+14155550182"),
        ("030 23125000", "DE", "+493023125000"),
        ("+49 30 23125000", "US", "+493023125000"),
        ("0049 30 23125000", "DE", "+493023125000"),
        ("  ", "US", ""),
    ],
)
def test_number_is_dialled_from_the_place_where_it_is_typed(typed, region, kept):
    assert parse_phone(typed, region) == kept


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("415 555 018", "1 digit short for a US number."),
        ("415 555 01", "2 digits short for a US number."),
        ("415 555 01822", "1 digit too many for a US number."),
        ("call me", "“call me” is not a phone number."),
    ],
)
def test_number_that_cannot_be_dialled_says_why(typed, words):
    with pytest.raises(ValidationError) as refused:
        parse_phone(typed, "US")

    assert refused.value.messages == [words]


def test_number_without_a_country_asks_for_one():
    with pytest.raises(ValidationError, match=r"Start the number with \+ and the country code."):
        parse_phone("415 555 0182")


def test_field_shows_a_kept_number_and_leaves_a_typed_one_alone():
    field = PhoneFormField(region="US")

    assert field.prepare_value("+14155550182") == "+1 415-555-0182"
    assert field.prepare_value("415 555") == "415 555"
