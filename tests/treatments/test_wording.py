"""Places in texts, and the length of an SMS."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treatments.rules.sms import BASIC, EXTENDED, length
from treatments.rules.wording import fill, places, stray_braces, unknown


def test_places_are_filled_in_and_nothing_else_is():
    assert fill("Dear {name}, {{ settings.SECRET_KEY }} {% load x %}", {"name": "Ana {place}"}) == (
        "Dear Ana {place}, {{ settings.SECRET_KEY }} {% load x %}"
    )


def test_line_without_anything_to_fill_in_is_left_out():
    assert fill("Hello.\n\nCall {phone}.\n\nBye.", {"phone": ""}) == "Hello.\n\nBye."


def test_unknown_places_and_lone_braces_are_found():
    assert unknown("{name} {nmae} { day}", ["name", "day"]) == ["nmae", " day"]
    assert places("{a}{b}{a}") == ["a", "b"]
    assert [stray_braces(text) for text in ("{name", "name}", "{name}")] == [True, True, False]


@pytest.mark.parametrize(
    ("text", "encoding", "units", "parts"),
    [
        ("", "GSM-7", 0, 0),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("€" * 80, "GSM-7", 160, 1),
        ("a" * 152 + "€" + "a" * 10, "GSM-7", 164, 2),
        ("é" * 160, "GSM-7", 160, 1),
        ("í" + "a" * 69, "UCS-2", 70, 1),
        ("í" + "a" * 70, "UCS-2", 71, 2),
        ("😀" * 35, "UCS-2", 70, 1),
        ("a" * 900, "GSM-7", 900, 6),
    ],
)
def test_sms_is_counted_as_networks_count(text, encoding, units, parts):
    counted = length(text)

    assert (counted.encoding, counted.units, counted.parts) == (encoding, units, parts)


@given(st.text())
def test_every_text_fits_its_parts(text):
    counted = length(text)
    room = {"GSM-7": (160, 153), "UCS-2": (70, 67)}[counted.encoding]

    assert counted.encoding == ("GSM-7" if set(text) <= set(BASIC + EXTENDED) else "UCS-2")
    assert counted.units <= (room[0] if counted.parts <= 1 else room[1] * counted.parts)
    assert counted.parts <= 1 or counted.units > room[0]
