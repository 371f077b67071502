"""JSON that is made to hurt, wherever a form takes some: refused in words, and in no time."""

import json

import pytest

from patients.signature import NotASignatureError, read_strokes
from treatments.rules.bodymap.points import read_map_points

BITES = {
    "a list in a list, a hundred thousand deep": "[" * 100_000 + "]" * 100_000,
    "an object in an object": '{"a":' * 100_000 + "1" + "}" * 100_000,
    "a number of a hundred thousand digits": f"[{'9' * 100_000}]",
    "no number": "[NaN]",
    "infinity": "[[Infinity, -Infinity]]",
    "a number beyond all": "[[1e309, 0.5]]",
    "many keys": json.dumps({f"k{n}": n for n in range(150_000)}),
    "half a letter": '["\\ud800"]',
    "a key twice": '{"a": 1, "a": 2}',
    "a point of half a letter": '[["\\ud800", 0.5, 0.5]]',
    "no end": "[[0.5, 0.5",
    "a word": "null",
    "truth": "true",
    "bytes that are no text": "\udcff",
    "NUL": "\x00",
}


@pytest.mark.parametrize("text", BITES.values(), ids=BITES)
def test_json_that_is_no_signature_is_refused(text):
    with pytest.raises(NotASignatureError):
        read_strokes(text)


@pytest.mark.parametrize("text", BITES.values(), ids=BITES)
def test_json_that_is_no_list_of_points_is_refused(text):
    with pytest.raises(ValueError, match=r"^(json|many|number|picture|zone)$"):
        read_map_points(text, "abdomen")
