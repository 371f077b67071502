import json
import re
from html.parser import HTMLParser

import pytest
from django.template import engines

from treatments.bodymap import AreaRow, LastTime, in_words, totals_in_words
from treatments.models import TreatmentArea

REGIONS = {
    "buttock": "Buttock",
    "thigh-back": "Back thigh",
    "hip": "Hip",
    "abdomen": "Abdomen",
    "shoulder": "Shoulder",
}


class Tags(HTMLParser):
    """Collect every tag as (name, attributes)."""

    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def having(self, name, value=None):
        return [attrs for _tag, attrs in self.found if name in attrs and value in {None, attrs[name]}]

    def of_class(self, name):
        return [attrs for _tag, attrs in self.found if name in attrs.get("class", "").split()]

    def inputs(self):
        return {attrs["name"]: attrs for tag, attrs in self.found if tag == "input"}


def area(code):
    region, _dash, side = code.rpartition("-") if code.endswith(("left", "right")) else (code, "", "")
    pk = sum(map(ord, code))  # any number of its own: nothing here asks the database
    return TreatmentArea(pk=pk, code=code, region=REGIONS[region], side=side)


def row(code="buttock-left", **facts):
    return AreaRow(area(code), **facts)


def rendered(tag, rows, **more):
    source = "{% load bodymap %}{% " + tag + " %}"
    return engines["django"].from_string(source).render({"rows": rows} | more)


def picture(*rows):
    return rendered('body_map rows when="session 4" today="Session 5"', rows)


def editor(*rows, options=""):
    return rendered(f'body_map_editor rows when="session 4" {options}', rows)


def test_map_says_in_words_all_that_it_shows():
    rows = [
        row("buttock-left", chosen=True, volume="2.4"),
        row("thigh-back-left", last=LastTime("2.6", "52")),
        row("hip-right", open_reaction=True),
        row("abdomen", blocked="Hernia"),
    ]

    assert in_words(rows, "session 4") == (
        "Body map. Treated: Buttock, left, 2.4 ml, 46 points. Session 4: Back thigh, left, 2.6 ml. "
        "Open reaction: Hip, right. Blocked: Abdomen, Hernia."
    )
    assert in_words(rows, "session 4") in picture(*rows)


def test_map_of_nothing_says_so():
    assert in_words([row()], "") == "Body map. No area is marked."
    assert "bodymap-skin" in picture()


def test_zone_carries_its_states():
    tags = Tags(
        picture(
            row("buttock-left", chosen=True, map_points=[("back", 0.42, 0.5)]),
            row("thigh-back-left", last=LastTime(), blocked="Veins", open_reaction=True),
        )
    )
    (buttock,) = tags.having("data-zone", "buttock-left")
    (thigh,) = tags.having("data-zone", "thigh-back-left")

    assert buttock["class"] == "bodymap-zone is-chosen is-placed"
    assert thigh["class"] == "bodymap-zone is-last is-blocked has-reaction"
    assert len(tags.of_class("bodymap-mark")) == 1


def test_area_seen_from_both_sides_is_on_both_figures():
    assert len(Tags(picture(row("hip-left"))).having("data-zone", "hip-left")) == 2


def test_points_placed_by_hand_take_the_place_of_the_grid():
    html = picture(row(chosen=True, map_points=[("back", 0.42, 0.5), ("back", 0.44, 0.5)]))

    assert [tag for tag, _attrs in Tags(html).found].count("circle") == 2
    assert '<circle cx="84.0" cy="244.0" r="1.35" />' in html


def test_points_of_last_time_are_where_they_were_placed():
    html = picture(row(last=LastTime(map_points=[("back", 0.42, 0.5)])))

    assert 'class="bodymap-ring" d="M84.0 244.0h.01"' in html


def test_legend_explains_only_what_is_there():
    html = picture(row(chosen=True))

    assert "Session 5" in html
    assert "Open reaction" not in html
    assert "Session 4" not in html


def test_two_maps_on_a_page_do_not_share_their_ids():
    source = '{% load bodymap %}{% body_map rows name="one" %}{% body_map rows name="two" %}{% body_map_editor rows %}'
    tags = Tags(engines["django"].from_string(source).render({"rows": [row()]}))

    ids = [attrs["id"] for attrs in tags.having("id")]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("html", [picture, editor])
def test_map_carries_no_inline_style_or_script(html):
    drawn = html(row(chosen=True, last=LastTime(), blocked="Veins", open_reaction=True, errors=["Too much."]))

    assert not re.search(r"\sstyle=|<style|<script|\son\w+=", drawn)


def test_what_was_typed_cannot_carry_markup():
    bad = '"><script>'
    html = editor(row(chosen=True, volume=bad, points=bad, blocked=bad, last=LastTime(bad, bad), errors=[bad]))

    assert "<script>" not in html


def test_row_has_the_inputs_of_its_area():
    inputs = Tags(editor(row(chosen=True, volume="2.4", points="50", map_points=[("back", 0.42001, 0.5)]))).inputs()

    assert inputs["areas"]["value"] == str(area("buttock-left").pk)
    assert "checked" in inputs["areas"]
    assert (inputs["ml-buttock-left"]["value"], inputs["ml-buttock-left"]["step"]) == ("2.4", "0.1")
    assert inputs["ml-buttock-left"]["min"] == "0"
    assert inputs["points-buttock-left"]["value"] == "50"
    assert inputs["points-buttock-left"]["placeholder"] == "46"
    assert inputs["map-buttock-left"]["type"] == "hidden"
    assert json.loads(inputs["map-buttock-left"]["value"]) == [["back", 0.42, 0.5]]


def test_names_take_the_prefix_of_the_form():
    inputs = Tags(editor(row(), options='prefix="s-"')).inputs()

    assert set(inputs) == {"areas", "s-ml-buttock-left", "s-points-buttock-left", "s-map-buttock-left"}


def test_area_without_a_zone_is_in_the_list_alone():
    tags = Tags(editor(row("shoulder-left", chosen=True)))

    assert not tags.having("data-zone")
    assert set(tags.inputs()) == {"areas", "ml-shoulder-left", "points-shoulder-left"}
    assert "placeholder" not in tags.inputs()["points-shoulder-left"]


def test_area_of_last_time_says_what_it_got_then():
    assert "2.6 ml in session 4" in editor(row(last=LastTime("2.6")))
    assert "treated in session 4" in editor(row(last=LastTime()))


def test_areas_that_were_never_used_fold_behind_those_that_were():
    used, unused = editor(row(chosen=True), row("hip-left")).split("<details")

    assert 'data-area="buttock-left"' in used
    assert 'data-area="hip-left"' in unused


def test_first_session_shows_every_area():
    assert "<details" not in editor(row(), row("hip-left"))


def test_blocked_area_cannot_be_added_but_can_be_taken_out():
    added = Tags(editor(row(chosen=True, blocked="Veins"))).inputs()["areas"]
    not_added = Tags(editor(row(blocked="Veins"))).inputs()

    assert "disabled" not in added
    assert "disabled" in not_added["areas"]
    assert set(not_added) == {"areas"}


def test_errors_of_a_row_are_tied_to_its_inputs():
    tags = Tags(editor(row(chosen=True, volume="x", errors=["A volume is a number, for example 2.4."])))

    assert tags.inputs()["ml-buttock-left"]["aria-invalid"] == "true"
    described = tags.inputs()["ml-buttock-left"]["aria-describedby"]
    assert tags.having("id", described)


def test_editor_offers_the_close_up_of_its_areas():
    (component,) = Tags(editor(row(), row("thigh-back-left"), options="total_ml=7.4")).having("data-bodymap")

    assert re.fullmatch(r"\d+ \d+ \d+ \d+", component["data-region"])
    assert component["data-total-ml"] == "7.4"
    assert "{name}" in json.loads(component["data-words"])["added"]


def test_editor_without_any_zone_offers_no_close_up():
    assert "data-bodymap-switch" not in editor(row("shoulder-left"))


def test_totals_are_of_what_is_chosen():
    rows = [row(chosen=True, volume="2.40", points="50"), row("hip-left", chosen=True, volume="5"), row("abdomen")]

    assert totals_in_words(rows) == "7.4 ml over 59 points is 0.13 ml a point."


@pytest.mark.parametrize("volume", ["", "0", "x", "NaN", "Infinity", "-3", "1e999999"])
def test_totals_are_silent_without_a_volume(volume):
    assert totals_in_words([row(chosen=True, volume=volume)]) == ""


@pytest.mark.parametrize(("points", "counted"), [("", 46), ("50", 50), ("many", 46), ("9" * 5000, 46), ("-1", 46)])
def test_points_are_those_typed_else_the_grid(points, counted):
    assert row(points=points).count == counted


def test_points_placed_by_hand_count_before_the_grid():
    assert row(map_points=[("back", 0.42, 0.5)]).count == 1
