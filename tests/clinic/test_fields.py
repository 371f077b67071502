"""Text as it is kept and as it is searched."""

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from clinic.fields import fold, normalize
from clinic.validators import validate_plain_text, validate_time_zone

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@pytest.mark.parametrize(
    ("written", "searched"),
    [
        ("Ō'Brien", "o'brien"),
        ("İzmir", "izmir"),
        ("Işık", "isik"),
        ("Weiß", "weiss"),
        ("Søren", "soren"),
        ("MÜLLER", "muller"),
        ("  Ana   María ", "ana maria"),
        ("Ａｄａ", "ada"),
        ("李小龍", "李小龍"),
        ("", ""),
    ],
)
def test_a_name_folds_to_what_is_searched(written, searched):
    assert fold(written) == searched


def test_composed_and_decomposed_letters_fold_to_the_same():
    assert fold("Zo\u00eb") == fold("Zoe\u0308") == "zoe"


@given(TEXT)
def test_what_is_folded_folds_no_further(text):
    assert fold(fold(text)) == fold(text)


@given(TEXT)
def test_capitals_do_not_change_what_is_searched(text):
    assert fold(text.casefold()) == fold(text)


@given(st.lists(TEXT, max_size=4))
def test_spaces_around_words_do_not_change_what_is_searched(words):
    assert fold("  ".join(words) + " ") == fold(" ".join(words))


@given(TEXT)
def test_what_is_normal_stays(text):
    assert normalize(normalize(text)) == normalize(text)


@pytest.mark.parametrize("text", ["a\x00b", "\x1b[31m", "bell \x07", "\x7f"])
def test_control_characters_are_refused(text):
    with pytest.raises(ValidationError, match="cannot be shown"):
        validate_plain_text(text)


@pytest.mark.parametrize("text", ["two\nlines\tand a tab\r\n", "👩🏽‍⚕️ שלום", "", "“quoted” – and more"])
def test_what_people_type_is_plain_text(text):
    validate_plain_text(text)


@pytest.mark.parametrize("name", ["Mars/Olympus", "PST8", "", "../etc/passwd"])
def test_made_up_time_zones_are_refused(name):
    with pytest.raises(ValidationError, match="is not a time zone"):
        validate_time_zone(name)
