import re
from xml.etree import ElementTree

import pytest

from clinic.drawing import clock_svg, track_svg, window_svg


def parsed(svg):
    return ElementTree.fromstring(svg)  # noqa: S314 (a drawing of our own)


def classes(svg):
    """Return the class of each rectangle, in order."""
    return [rect.get("class", "") for rect in parsed(svg)]


def heights(svg):
    return [int(rect.get("height")) for rect in parsed(svg)]


def track(done, planned, minimum=0, milestones=(), *, large=False):
    label = f"{done} of {planned} sessions done"
    return track_svg(done=done, planned=planned, minimum=minimum, milestones=milestones, large=large, label=label)


def clock(elapsed, maximum, *, running=True, urgent=False):
    return clock_svg(elapsed=elapsed, maximum=maximum, running=running, urgent=urgent, label="day 2")


def test_a_track_shows_what_is_done_next_and_to_come():
    assert classes(track(2, 4)) == ["tick-done", "tick-done", "tick-next", "tick-to-come"]


def test_sessions_above_the_planned_end_are_hatched():
    svg = track(2, 5, minimum=3)
    assert classes(svg)[-2:] == ["tick-optional", "tick-optional"]
    assert svg.count("url(#hatch-optional)") == 2


def test_a_course_done_to_its_planned_end_has_no_next_session():
    assert "tick-next" not in classes(track(15, 20, minimum=15))


def test_milestones_and_the_last_session_stand_taller():
    assert heights(track(0, 6, milestones=(3,))) == [6, 6, 12, 6, 6, 12]


def test_the_end_that_stands_taller_is_the_planned_one():
    assert heights(track(0, 5, minimum=3, large=True)) == [14, 14, 26, 14, 14]


def test_sessions_beyond_the_plan_still_count():
    assert classes(track(3, 2)) == ["tick-done"] * 3


def test_a_course_without_a_plan_is_one_empty_tick():
    assert classes(track(0, 0)) == ["tick-to-come"]


def test_a_long_course_fits_the_width_of_a_short_one():
    root = parsed(track(20, 60))
    last = root[-1]
    assert root.get("width") == "280"
    assert float(last.get("x")[:-1]) + float(last.get("width")[:-1]) <= 100


def test_a_track_says_in_words_what_it_shows():
    root = parsed(track(10, 15))
    assert (root.get("role"), root.get("aria-label")) == ("img", "10 of 15 sessions done")


def test_a_label_cannot_carry_markup():
    svg = track_svg(done=0, planned=1, minimum=0, milestones=(), label='"><script>')
    assert "<script>" not in svg


def test_a_reaction_in_time_fills_up_to_today():
    svg = parsed(clock(7, 14))
    assert classes(clock(7, 14)) == ["bar-base", "bar-running", "bar-tick"]
    assert float(svg[1].get("width")[:-1]) == pytest.approx(float(svg[2].get("x")[:-1]) / 2, abs=0.1)


def test_what_is_past_the_maximum_is_hatched():
    svg = clock(10, 5)
    hatched = parsed(svg)[2]
    assert hatched.get("fill") == "url(#hatch-prolonged)"
    assert hatched.get("x") == hatched.get("width")


def test_a_reaction_at_its_maximum_is_not_past_it():
    assert "hatch" not in clock(5, 5)


def test_a_reaction_without_a_maximum_is_red_from_end_to_end():
    svg = clock(2, None)
    assert classes(svg) == ["bar-base", "bar-urgent"]
    assert parsed(svg)[1].get("width") == "100%"


@pytest.mark.parametrize(("elapsed", "fill"), [(3, "bar-in-time"), (9, "bar-resolved")])
def test_a_reaction_that_is_gone_shows_whether_it_kept_its_time(elapsed, fill):
    assert classes(clock(elapsed, 5, running=False))[1] == fill


def test_an_urgent_reaction_is_red_while_it_runs():
    assert classes(clock(1, 5, urgent=True))[1] == "bar-urgent"


def test_a_reaction_that_began_just_now_has_an_empty_bar():
    assert parsed(clock(0, 0))[1].get("width") == "0%"


def test_a_window_marks_today_between_its_ends():
    _base, window, today = parsed(window_svg(start=0.1, end=0.9, today=0.5, label="to 9 Jan"))
    assert (window.get("x"), window.get("width"), today.get("x")) == ("10%", "80%", "50%")


def test_a_window_keeps_inside_its_bar():
    _base, window, today = parsed(window_svg(start=-1, end=3, today=7, label="closed"))
    assert (window.get("x"), window.get("width"), today.get("x")) == ("0%", "100%", "99.2%")


@pytest.mark.parametrize("svg", [track(3, 15, 10, (5,), large=True), clock(9, 5), clock(2, None)])
def test_drawings_carry_no_inline_style(svg):
    assert not re.search(r"style=|<style|<script", svg)


def test_course_that_does_not_go_on_has_no_next_session():
    ended = track_svg(done=3, planned=15, minimum=15, milestones=(5, 10), label="3 of 15", goes_on=False)

    assert "tick-next" not in ended
    assert ended.count("tick-to-come") == 12
