import json
import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treatments.models import TreatmentArea
from treatments.rules.bodymap import (
    Figure,
    close_up,
    default_points,
    figures_of,
    grid_points,
    inside,
    lines_path,
    mark_place,
    mirror_of,
    outline_path,
    read_map_points,
    zone_path,
)
from treatments.rules.bodymap.figure import HEIGHT, OUTLINE, SIDELESS, WIDTH, ZONES

REGIONS = {region for figure in Figure for region in ZONES[figure]}
SIDED = sorted(REGIONS - SIDELESS)
CODES = sorted(SIDELESS) + [f"{region}-{side}" for region in SIDED for side in ("left", "right")]
CELLULITE = [code for code in CODES if code.startswith(("buttock", "thigh", "hip", "flank", "abdomen", "knee"))]
SHOWN = [(code, figure) for code in CODES for figure in figures_of(code)]
FRACTION = st.integers(0, 996).map(lambda part: (part + 0.37) / 997)  # on no edge, where a rounding decides
WHYS = {"json", "many", "number", "picture", "zone"}
MIDDLE = ["back", 0.42, 0.5]


def numbers(path):
    return [float(number) for number in re.findall(r"-?[\d.]+", path)]


def why(text, code="buttock-left"):
    with pytest.raises(ValueError, match=r"^\w+$") as refused:
        read_map_points(text, code)
    return str(refused.value)


@pytest.mark.django_db
def test_every_area_of_the_catalogue_is_where_it_says_it_is_seen():
    for area in TreatmentArea.objects.all():
        seen = list(Figure) if area.view == "both" else [area.view]
        assert list(figures_of(area.code)) == seen, area.code


@pytest.mark.parametrize("code", ["shoulder-left", "abdomen-left", "buttock", "-left", "left", "", "scalp-right-left"])
def test_area_that_the_map_does_not_know_is_nowhere_and_breaks_nothing(code):
    assert figures_of(code) == ()
    assert default_points(code) == 0
    assert grid_points(code, Figure.FRONT) == ()
    assert not inside(code, "front", 0.5, 0.4)
    assert close_up([code]) is None


@pytest.mark.parametrize(("code", "figure"), SHOWN)
def test_points_of_the_grid_are_in_their_zone_and_on_the_body(code, figure):
    points = grid_points(code, figure)

    assert points
    assert all(inside(code, figure, x, y) for x, y in points)


@pytest.mark.parametrize(("code", "figure"), SHOWN)
def test_points_of_the_grid_keep_their_distance(code, figure):
    points = [(x * WIDTH, y * HEIGHT) for x, y in grid_points(code, figure)]

    gaps = [math.dist(one, two) for at, one in enumerate(points) for two in points[:at]]

    assert min(gaps) >= 6 - 1e-6


@pytest.mark.parametrize("region", SIDED)
def test_both_sides_have_the_same_points_mirrored(region):
    for figure in figures_of(f"{region}-left"):
        left, right = (grid_points(f"{region}-{side}", figure) for side in ("left", "right"))
        assert sorted((round(1 - x, 9), round(y, 9)) for x, y in left) == sorted(
            (round(x, 9), round(y, 9)) for x, y in right
        )


@given(st.sampled_from(SIDED), st.sampled_from(Figure), FRACTION, FRACTION)
def test_what_is_inside_at_the_left_is_inside_at_the_right(region, figure, x, y):
    assert inside(f"{region}-left", figure, x, y) == inside(f"{region}-right", figure, 1 - x, y)


def test_the_left_of_the_patient_is_at_the_right_in_front_and_at_the_left_behind():
    assert all(x > 0.5 for x, _y in grid_points("thigh-front-left", Figure.FRONT))
    assert all(x < 0.5 for x, _y in grid_points("buttock-left", Figure.BACK))
    assert all(x > 0.5 for x, _y in grid_points("hip-left", Figure.FRONT))
    assert all(x < 0.5 for x, _y in grid_points("hip-left", Figure.BACK))


def test_points_of_an_area_seen_from_both_sides_are_counted_on_both():
    front, back = (len(grid_points("knee-left", figure)) for figure in Figure)

    assert default_points("knee-left") == front + back


@pytest.mark.parametrize("code", CODES)
def test_the_other_side_of_the_other_side_is_this_one(code):
    if code in SIDELESS:
        assert mirror_of(code) == ""
    else:
        assert mirror_of(mirror_of(code)) == code != mirror_of(code)


@pytest.mark.parametrize(("code", "figure"), SHOWN)
def test_reaction_is_marked_at_its_zone(code, figure):
    x, y = mark_place(code, figure)

    assert inside(code, figure, x / WIDTH, y / HEIGHT)


@pytest.mark.parametrize("path", [outline_path(), *(zone_path(code, figure) for code, figure in SHOWN)])
def test_curves_are_closed_and_inside_the_picture(path):
    assert re.fullmatch(r"M[-\d. ]+(C[-\d. ]+)+Z", path)
    xs, ys = numbers(path)[::2], numbers(path)[1::2]
    assert 0 <= min(xs) <= max(xs) <= WIDTH
    assert 0 <= min(ys) <= max(ys) <= HEIGHT


def test_the_outline_passes_both_halves_of_every_point():
    drawn = outline_path()

    for x, y in OUTLINE:
        assert f" {100 + x:g} {y:g}" in f" {drawn[1:]}".replace("C", " ").replace("Z", "")
        assert f" {100 - x:g} {y:g}" in f" {drawn[1:]}".replace("C", " ").replace("Z", "")


def test_inner_lines_are_on_both_sides():
    xs = numbers(lines_path(Figure.BACK))[::2]

    assert sorted(xs) == sorted(200 - x for x in xs)


def test_close_up_on_cellulite_is_from_the_waist_to_the_knees():
    assert close_up(CELLULITE) == (48, 156, 104, 232)


def test_close_up_on_the_head_keeps_the_crown():
    _x, top, _width, height = close_up(["scalp", "nape", "neck", "face"])

    assert top <= 12
    assert height < 120


def test_close_up_on_one_area_still_shows_where_it_is():
    _x, _top, width, height = close_up(["neck"])

    assert (width, height) == (76, 96)


def test_areas_from_head_to_knee_need_no_close_up():
    assert close_up(CODES) is None


@given(st.lists(st.sampled_from(CODES), min_size=1))
def test_close_up_is_within_the_picture_and_even(codes):
    part = close_up(codes)

    if part is not None:
        x, y, width, height = part
        assert 2 * x + width == pytest.approx(WIDTH, abs=1.01)
        assert y >= 0
        assert y + height <= HEIGHT


@given(st.data(), st.sampled_from(SHOWN))
def test_points_that_were_placed_come_back_as_they_are(data, shown):
    code, figure = shown
    chosen = data.draw(st.lists(st.sampled_from(grid_points(code, figure)), max_size=40))
    points = [(str(figure), round(x, 4), round(y, 4)) for x, y in chosen]

    assert read_map_points(json.dumps(points), code) == points


@pytest.mark.parametrize("text", ["", "  ", "[]"])
def test_no_points_placed_is_no_point(text):
    assert read_map_points(text, "buttock-left") == []


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"front": 1}, "json"),
        ("front", "json"),
        ([["back", 0.4]], "json"),
        ([["back", 0.4, 0.5, 1]], "json"),
        ([[7, 0.4, 0.5]], "json"),
        ([None], "json"),
        ([["back", "0.4", 0.5]], "number"),
        ([["back", True, 0.5]], "number"),
        ([["back", None, 0.5]], "number"),
        ([["back", math.nan, 0.5]], "number"),
        ([["back", 0.4, math.inf]], "number"),
        ([["back", -0.01, 0.5]], "picture"),
        ([["back", 0.4, 1.01]], "picture"),
        ([["back", 10**400, 0.5]], "picture"),
        ([["front", 0.42, 0.5]], "zone"),
        ([["above", 0.42, 0.5]], "zone"),
        ([["back", 0.6, 0.5]], "zone"),
        ([MIDDLE, ["back", 0, 0]], "zone"),
        ([MIDDLE] * 401, "many"),
    ],
)
def test_points_that_cannot_be_are_refused_with_the_reason(value, reason):
    assert why(json.dumps(value)) == reason


@pytest.mark.parametrize("text", ["[", "points", "[" * 100_000, "1" * 5000, "\0"])
def test_text_that_is_no_json_is_refused(text):
    assert why(text) == "json"


def test_points_of_an_area_that_is_not_on_the_map_are_refused():
    assert why(json.dumps([MIDDLE]), "shoulder-left") == "zone"


def test_four_hundred_points_are_taken():
    assert len(read_map_points(json.dumps([MIDDLE] * 400), "buttock-left")) == 400


def test_point_just_outside_its_zone_is_taken_and_one_well_outside_is_not():
    edge = max(x for x, _y in grid_points("abdomen", Figure.FRONT)) + 0.012  # the grid keeps 2.4 units from the edge
    outside = next(
        edge + step / 1000 for step in range(50) if not inside("abdomen", "front", edge + step / 1000, 0.38)
    )

    assert read_map_points(json.dumps([["front", outside + 0.005, 0.38]]), "abdomen")
    assert why(json.dumps([["front", outside + 0.02, 0.38]]), "abdomen") == "zone"


def test_point_beside_the_body_is_refused_where_its_zone_is_loose():
    assert why(json.dumps([["front", 0.73, 0.57]]), "thigh-front-left") == "zone"


@given(st.text() | st.recursive(st.none() | st.floats() | st.text(), st.lists).map(json.dumps))
def test_whatever_is_sent_is_points_or_a_reason(text):
    try:
        found = read_map_points(text, "hip-right")
    except ValueError as refused:
        found = str(refused)

    assert isinstance(found, list) or found in WHYS
