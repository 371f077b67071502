"""The body map as a form, in the clinic's own frame: by finger, by mouse, by keys, and without a script."""

import json
from decimal import Decimal

import pytest

from clinic.roles import Role
from tests.browser.test_csp_and_axe import grave_faults, look_at_twice
from tests.factories import LocationFactory, UserFactory
from treatments.models import TreatmentArea

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

ADDRESS = "/body-map/"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
HEAR = "window.heard = []; for (const kind of ['input', 'change']) document.getElementById('map-form')"
HEAR += ".addEventListener(kind, (event) => window.heard.push(`${kind} ${event.target.name}`))"


@pytest.fixture
def doctor(settings):
    settings.ROOT_URLCONF = "tests.browser.bodymap_page"
    return UserFactory(title="Dr", role=Role.CLINICIAN, locations=[LocationFactory()])


@pytest.fixture
def desk(visit, doctor):
    desk = visit(doctor, reduced_motion="reduce")
    desk.go(ADDRESS)
    return desk


@pytest.fixture
def phone(visit, doctor):
    phone = visit(doctor, reduced_motion="reduce", **PHONE)
    phone.go(ADDRESS)
    return phone


def editor(visitor):
    return visitor.page.locator(".bodymap-editor")


def zone(visitor, code, figure="back"):
    return editor(visitor).locator(f"[data-figure={figure}] [data-zone={code}]")


def row(visitor, code):
    return visitor.page.locator(f"[data-area={code}]")


def field(visitor, name):
    return visitor.page.locator(f"[name='{name}']")


def said(visitor):
    return visitor.page.locator("[data-bodymap-said]").inner_text()


def placed(visitor, code):
    return json.loads(field(visitor, f"map-{code}").input_value() or "[]")


def start_placing(visitor, code):
    row(visitor, code).get_by_role("button", name="Place points").click()


def tap_at(visitor, figure, x, y):
    """Tap the picture at these fractions of it."""
    at = visitor.page.evaluate(
        """([figure, x, y]) => {
          const svg = document.querySelector(`.bodymap-editor [data-figure=${figure}] svg`);
          svg.scrollIntoView({ block: "center" });
          const point = svg.createSVGPoint();
          point.x = x * 200;
          point.y = y * 488;
          const at = point.matrixTransform(svg.getScreenCTM());
          return [at.x, at.y];
        }""",
        [figure, x, y],
    )
    visitor.page.mouse.click(*at)


def chosen(visitor):
    return [box.get_attribute("aria-labelledby")[8:] for box in visitor.page.locator("[name=areas]:checked").all()]


def test_map_keeps_the_policy_and_keeps_nobody_out(visit, doctor):
    visitor = visit(doctor, reduced_motion="reduce")

    assert look_at_twice(visitor, [ADDRESS]) == []
    start_placing(visitor, "buttock-left")
    visitor.page.get_by_role("button", name="Add point").click()
    assert grave_faults(visitor.page) == []
    assert visitor.complaints == []


def test_tapping_a_zone_ticks_its_area_and_the_form_hears_of_it(desk):
    desk.page.evaluate(HEAR)

    zone(desk, "thigh-back-right").click()

    assert "thigh-back-right" in chosen(desk)
    assert desk.page.evaluate("window.heard") == ["input areas", "change areas"]
    assert zone(desk, "thigh-back-right").get_attribute("aria-checked") == "true"
    assert said(desk) == "Back thigh, right added."

    zone(desk, "thigh-back-right").click()
    assert "thigh-back-right" not in chosen(desk)
    assert said(desk) == "Back thigh, right taken out."


def test_ticking_the_list_colours_the_map_on_both_figures(desk):
    desk.page.get_by_text("Other areas").click()
    row(desk, "hip-left").get_by_role("checkbox").check()

    assert zone(desk, "hip-left", "front").get_attribute("aria-checked") == "true"
    assert zone(desk, "hip-left", "back").get_attribute("aria-checked") == "true"


def test_area_chosen_on_the_map_comes_forward_in_the_list(desk):
    zone(desk, "abdomen", "front").click()

    row(desk, "abdomen").wait_for()
    field(desk, "ml-abdomen").wait_for()


def test_zone_is_a_checkbox_to_the_keyboard_and_says_its_volume(desk):
    left = desk.page.get_by_role("checkbox", name="Buttock, left, 2.4 ml")
    left.focus()
    desk.page.keyboard.press("Space")
    assert "buttock-left" not in chosen(desk)

    desk.page.keyboard.press("Enter")
    field(desk, "ml-buttock-left").fill("2.7")

    assert "buttock-left" in chosen(desk)
    assert zone(desk, "buttock-left").get_attribute("aria-label") == "Buttock, left, 2.7 ml"
    assert "open reaction" in zone(desk, "buttock-right").get_attribute("aria-label")


def test_blocked_zone_says_why_and_stays_as_it_is(desk):
    zone(desk, "knee-right").click(force=True)

    assert said(desk) == "Knee, right is blocked: Varicose veins at the knee"
    assert zone(desk, "knee-right").get_attribute("aria-disabled") == "true"
    assert "knee-right" not in chosen(desk)


def test_points_are_placed_inside_the_zone_and_nowhere_else(desk):
    desk.page.evaluate(HEAR)
    start_placing(desk, "buttock-left")

    tap_at(desk, "back", 0.42, 0.5)
    tap_at(desk, "back", 0.45, 0.52)
    assert placed(desk, "buttock-left") == [
        ["back", pytest.approx(0.42, abs=0.003), pytest.approx(0.5, abs=0.003)],
        ["back", pytest.approx(0.45, abs=0.003), pytest.approx(0.52, abs=0.003)],
    ]
    assert field(desk, "points-buttock-left").input_value() == "2"
    assert {"input map-buttock-left", "change points-buttock-left"} <= set(desk.page.evaluate("window.heard"))

    tap_at(desk, "back", 0.33, 0.435)
    assert said(desk) == "That is outside Buttock, left. No point was added or moved."
    assert len(placed(desk, "buttock-left")) == 2

    desk.page.get_by_role("button", name="Clear").click()
    assert placed(desk, "buttock-left") == []
    assert field(desk, "points-buttock-left").input_value() == ""

    desk.page.get_by_role("button", name="Done").click()
    assert desk.page.evaluate("document.activeElement.matches('[data-bodymap-place]')")
    assert desk.complaints == []


def test_points_are_placed_moved_and_removed_by_keys_alone(desk):
    row(desk, "buttock-left").get_by_role("button", name="Place points").focus()
    desk.page.keyboard.press("Enter")
    desk.page.keyboard.press("Tab")
    desk.page.keyboard.press("Enter")
    (start,) = placed(desk, "buttock-left")

    desk.page.keyboard.press("ArrowDown")
    desk.page.keyboard.press("ArrowRight")
    (moved,) = placed(desk, "buttock-left")
    assert moved[1:] == [pytest.approx(start[1] + 0.005, abs=1e-4), pytest.approx(start[2] + 0.005, abs=1e-4)]

    for _press in range(60):
        desk.page.keyboard.press("ArrowUp")
    assert "outside" in said(desk)
    (stopped,) = placed(desk, "buttock-left")
    assert stopped[2] < moved[2]

    desk.page.get_by_role("button", name="Add point").press("Enter")
    assert len(placed(desk, "buttock-left")) == 2
    assert desk.page.evaluate("document.activeElement.getAttribute('aria-label')") == "Point 2 of 2"
    desk.page.keyboard.press("Delete")
    desk.page.keyboard.press("Delete")
    assert placed(desk, "buttock-left") == []

    desk.page.keyboard.press("Escape")
    assert desk.page.locator("[data-bodymap-bar]").is_hidden()


def test_point_is_dragged_and_stops_at_the_edge(desk):
    start_placing(desk, "buttock-left")
    tap_at(desk, "back", 0.42, 0.5)
    box = desk.page.locator(".bodymap-point").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    desk.page.mouse.move(x, y)
    desk.page.mouse.down()
    desk.page.mouse.move(x + 30, y + 10, steps=4)
    desk.page.mouse.move(x + 900, y, steps=20)
    desk.page.mouse.up()

    ((_figure, at, _height),) = placed(desk, "buttock-left")
    assert 0.43 < at < 0.5


def test_chosen_area_that_is_taken_out_ends_the_placing(desk):
    start_placing(desk, "buttock-left")
    row(desk, "buttock-left").get_by_role("checkbox").uncheck()

    assert desk.page.locator("[data-bodymap-bar]").is_hidden()


def test_left_is_mirrored_to_the_right(desk):
    start_placing(desk, "thigh-back-left")
    tap_at(desk, "back", 0.4, 0.62)
    desk.page.get_by_role("button", name="Done").click()

    desk.page.get_by_role("button", name="Mirror left to right").click()

    ((figure, x, y),) = placed(desk, "thigh-back-left")
    assert placed(desk, "thigh-back-right") == [[figure, pytest.approx(1 - x), y]]
    assert "thigh-back-right" in chosen(desk)
    assert field(desk, "ml-thigh-back-right").input_value() == "2.6"
    assert field(desk, "points-thigh-back-right").input_value() == "1"
    assert said(desk) == "Mirrored from left to right: Buttock, right; Back thigh, right."


@pytest.mark.parametrize(
    ("total", "points", "shares"),
    [
        ("7.4", ("46", "46", "52"), ("2.37", "2.36", "2.67")),
        ("0.02", ("1", "1", "1"), ("0.01", "0.01", "0.0")),
        ("10", ("1", "1", "1"), ("3.34", "3.33", "3.33")),
        ("6", ("10", "20", "30"), ("1.0", "2.0", "3.0")),
        ("3", ("0", "20", "30"), ("1.0", "1.0", "1.0")),
    ],
)
def test_volume_is_split_by_points_to_the_last_hundredth(desk, total, points, shares):
    codes = ("buttock-left", "buttock-right", "thigh-back-left")
    editor(desk).evaluate("(map, total) => { map.dataset.totalMl = total }", total)
    for code, number in zip(codes, points, strict=True):
        field(desk, f"points-{code}").fill(number)

    desk.page.get_by_role("button", name="Split evenly").click()

    found = tuple(field(desk, f"ml-{code}").input_value() for code in codes)
    assert found == shares
    assert sum(map(Decimal, found)) == Decimal(total)


def test_nothing_is_split_before_the_products_have_a_volume(desk):
    editor(desk).evaluate("(map) => { map.dataset.totalMl = '' }")

    desk.page.get_by_role("button", name="Split evenly").click()

    assert said(desk) == "Enter the products and their volumes first."
    assert field(desk, "ml-buttock-left").input_value() == "2.4"


def test_totals_follow_what_is_typed(desk):
    field(desk, "ml-thigh-back-left").fill("5.4")
    field(desk, "points-thigh-back-left").fill("4")

    assert "10.2 ml over 96 points is 0.11 ml a point." in desk.page.locator(".bodymap-sum").inner_text()


def test_phone_shows_the_region_large_enough_for_a_thumb(phone):
    svg = editor(phone).locator("[data-figure=back] svg")
    assert svg.get_attribute("viewBox") == "48 156 104 232"
    box = zone(phone, "buttock-left").locator(".bodymap-area").bounding_box()
    assert min(box["width"], box["height"]) >= 44

    zone(phone, "thigh-back-right").tap()
    assert "thigh-back-right" in chosen(phone)

    phone.page.get_by_role("button", name="Whole body").tap()
    assert svg.get_attribute("viewBox") == "16 6 168 478"
    assert phone.complaints == []


def test_thumb_beside_a_narrow_zone_still_meets_it(phone):
    tap_at(phone, "front", 0.685, 0.37)  # beside the waist, off the body

    assert chosen(phone)[-1] == "flank-left"


def test_points_are_placed_by_thumb(phone):
    start_placing(phone, "buttock-right")
    tap_at(phone, "back", 0.58, 0.5)
    phone.page.get_by_role("button", name="Remove point").tap()
    assert placed(phone, "buttock-right") == []

    tap_at(phone, "back", 0.58, 0.5)
    assert len(placed(phone, "buttock-right")) == 1
    box = phone.page.locator(".bodymap-point").bounding_box()
    assert box["width"] >= 24


def test_list_alone_is_the_whole_form_without_a_script(visit, doctor):
    desk = visit(doctor, java_script_enabled=False)
    desk.go(ADDRESS)
    desk.page.get_by_role("img", name="Body map. Treated: Buttock, left, 2.4 ml, 46 points").first.wait_for()

    row(desk, "buttock-right").get_by_role("checkbox").uncheck()
    row(desk, "thigh-back-right").get_by_text("Add", exact=True).click()
    field(desk, "ml-thigh-back-right").fill("2.5")
    field(desk, "points-thigh-back-right").fill("50")
    desk.page.get_by_text("Other areas").click()
    row(desk, "abdomen").get_by_role("checkbox").check()
    field(desk, "ml-abdomen").fill("1.1")
    desk.page.get_by_role("button", name="Save draft").click()

    sent = json.loads(desk.page.locator("pre").inner_text())
    codes = TreatmentArea.objects.filter(pk__in=sent["areas"]).values_list("code", flat=True)
    assert set(codes) == {"buttock-left", "thigh-back-left", "thigh-back-right", "abdomen"}
    assert (sent["ml-thigh-back-right"], sent["points-thigh-back-right"]) == (["2.5"], ["50"])
    assert sent["ml-abdomen"] == ["1.1"]
    assert sent["map-buttock-left"] == [""]
