"""Names are taken out of texts, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treatments.rules.naming import MARK, parts, pattern_of, without_names

PATTERN = pattern_of(["Ana María", "O'Brien-Li"], ["ana@example.org", "Quay 7"], ["+44 20 7946 0018"])


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ("ANA MARÍA came", "[name] came"),
        ("María rang", "[name] rang"),
        ("Mariana is another", "Mariana is another"),
        ("O'Brien-Li, Quay 7.", "[name], [name]."),
        ("mail ana@example.org", "mail [name]"),
        ("call 020 7946-0018 after 5", "call [name] after 5"),
        ("call +44 (20) 7946.0018", "call [name]"),
        ("lot 79460019", "lot 79460019"),
        ("swelling 4 cm, 12 of 20", "swelling 4 cm, 12 of 20"),
    ],
)
def test_text_loses_its_names(text, without):
    assert without_names(text, PATTERN) == without


def test_lists_and_dicts_lose_them_and_keep_their_shape():
    value = {"note": ["for Ana María", 3, None], "n": True}

    assert without_names(value, PATTERN) == {"note": [f"for {MARK}", 3, None], "n": True}


def test_short_part_of_a_name_is_left_to_the_whole():
    assert parts(["Li Wu"]) == {"Li Wu"}
    assert without_names("Li Wu said: li is a word", pattern_of(["Li Wu"], [], [])) == f"{MARK} said: li is a word"


def test_without_any_name_there_is_nothing_to_find():
    assert pattern_of([""], [" "][:0], ["12"]) is None
    assert without_names("as it was", None) == "as it was"


@given(name=st.text(alphabet=st.characters(categories=["Lu", "Ll"]), min_size=3, max_size=30), around=st.text())
def test_no_name_is_left_whatever_stands_around_it(name, around):
    text = f"{around} {name} {around}"

    assert f" {name} " not in without_names(text, pattern_of([name], [], []))
