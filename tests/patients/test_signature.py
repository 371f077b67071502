"""A drawn signature: what a browser sends is kept as it was drawn, and nothing else is kept."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.signature import (
    MOST_POINTS,
    MOST_STROKES,
    NotASignatureError,
    is_too_small,
    path_data,
    read_strokes,
    signature_svg,
)

fractions = st.floats(0, 1)
strokes = st.lists(st.lists(st.tuples(fractions, fractions).map(list), min_size=1, max_size=6), max_size=5)


@given(strokes)
def test_what_is_drawn_is_kept_to_four_decimals_inside_the_field(drawn):
    kept = read_strokes(json.dumps(drawn))

    assert [len(stroke) for stroke in kept] == [len(stroke) for stroke in drawn]
    for there, here in zip(drawn, kept, strict=True):
        for sent, point in zip(there, here, strict=True):
            assert point == pytest.approx(sent, abs=0.00005)
            assert all(0 <= value <= 1 for value in point)


@given(strokes)
def test_what_is_kept_is_read_again_as_the_same(drawn):
    kept = read_strokes(json.dumps(drawn))

    assert read_strokes(json.dumps(kept)) == kept


@pytest.mark.parametrize("nothing", ["", "  ", "[]", "[[]]", "[[], []]"])
def test_nothing_drawn_is_no_stroke(nothing):
    assert read_strokes(nothing) == []


def test_minus_zero_is_zero():
    assert str(read_strokes("[[[-0.0, 0]]]")) == "[[[0.0, 0.0]]]"


@pytest.mark.parametrize(
    "garbage",
    [
        "no JSON",
        "{}",
        "null",
        "7",
        '"text"',
        "[1]",
        "[[1]]",
        "[[[0.1]]]",
        "[[[0.1, 0.2, 0.3]]]",
        '[[["0.1", 0.2]]]',
        "[[[true, false]]]",
        "[[[0.1, null]]]",
        "[[[1.1, 0.5]]]",
        "[[[-0.1, 0.5]]]",
        "[[[NaN, 0.5]]]",
        "[[[Infinity, 0.5]]]",
        "[[[1e400, 0.5]]]",
        f"[[[{'9' * 4000}, 0.5]]]",
        f"[[[{'9' * 9000}, 0.5]]]",
        "\x00",
        "[" * 100_000,
        json.dumps([[[0.1, 0.2]]] * (MOST_STROKES + 1)),
        json.dumps([[[0.1, 0.2]] * (MOST_POINTS // 2 + 1)] * 2),
        " " * 1_000_000 + "[]",
    ],
    ids=lambda text: text[:24],
)
def test_garbage_and_too_much_are_refused(garbage):
    with pytest.raises(NotASignatureError):
        read_strokes(garbage)


def test_as_much_as_anybody_draws_is_kept():
    most = [[[0.1234, 0.5678]] * (MOST_POINTS // MOST_STROKES)] * MOST_STROKES

    assert read_strokes(json.dumps(most)) == most


@pytest.mark.parametrize(
    ("drawn", "small"),
    [
        ([[[0.5, 0.5]]], True),
        ([[[0.5, 0.5], [0.53, 0.53]]], True),
        ([[[0.5, 0.5], [0.55, 0.5]]], False),
        ([[[0.5, 0.5]], [[0.5, 0.9]]], False),
        ([], True),
    ],
)
def test_dot_is_no_signature(drawn, small):
    assert is_too_small(drawn) is small


def test_signature_is_drawn_again_as_a_picture_with_words():
    svg = signature_svg([[[0, 0], [1, 0.5]], [[0.5, 0.5]]], 'Signature of "Amara" <Okonkwo>')

    assert 'd="M0.0 0.0L500.0 100.0M250.0 100.0L250.0 100.0"' in svg
    assert "&lt;Okonkwo&gt;" in svg
    assert path_data([[0.5, 0.5]]) == "M250.0 100.0L250.0 100.0"
