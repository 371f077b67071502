"""Charts: one time axis, whole scales, labels that do not cover each other, and nothing that breaks the page."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic import charts
from clinic.charts import Scale, TimeFrame

FRAME = TimeFrame(date(2026, 3, 1), date(2026, 6, 9), width=860, left=40, right=120)


def test_days_are_spread_evenly_between_the_margins():
    assert [FRAME.x(day) for day in (date(2026, 3, 1), date(2026, 4, 20), date(2026, 6, 9))] == [40, 390, 740]


@given(st.dates(date(1900, 1, 1), date(2200, 1, 1)))
def test_no_day_is_drawn_outside(day):
    assert FRAME.left <= FRAME.x(day) <= FRAME.plot_end
    assert FRAME.shows(day) == (FRAME.start <= day <= FRAME.end)


def test_a_frame_of_one_day_has_room():
    assert TimeFrame(FRAME.start, FRAME.start, 360, 28, 10).x(FRAME.start) == 28


def test_months_inside_are_marked_and_thinned_to_their_room():
    assert FRAME.months() == [date(2026, month, 1) for month in (3, 4, 5, 6)]
    years = TimeFrame(date(2026, 1, 1), date(2029, 1, 1), 360, 28, 10).months()
    assert len(years) <= 7
    assert years[0] == date(2026, 1, 1)


def test_scale_is_never_cut():
    scale = Scale(0, 15, top=34, bottom=224)

    assert scale.ticks() == [0, 5, 10, 15]
    assert [scale.y(value) for value in (0, 15, 99, -1)] == [224, 34, 34, 224]


@given(st.floats(0, 100), st.floats(0.5, 100))
def test_ticks_are_few_and_inside(least, whole):
    ticks = Scale(least, least + whole, 0, 100).ticks()

    assert 1 <= len(ticks) <= charts.MOST_TICKS + 1
    assert all(least <= tick <= least + whole + 1e-9 for tick in ticks)


@given(st.lists(st.tuples(st.floats(0, 200), st.just("label"), st.just("")), max_size=8))
def test_labels_keep_their_distance_and_their_order(labels):
    placed = [y for y, _words, _name in charts.spread(labels)]

    assert all(lower - upper >= charts.LINE_HEIGHT - 1e-6 for upper, lower in pairwise(placed))


def test_words_of_people_are_escaped():
    assert "&lt;b&gt;" in charts.text(1, 2, "<b>", "chart-text")
    picture = charts.picture([], width=10, height=5, name="chart-wide", label='"><script>')
    assert "<script>" not in picture


def test_picture_has_a_name_and_no_style_of_its_own_unless_paper_brings_one():
    plain = charts.picture([], width=10, height=5, name="chart-wide", label="Course over time")
    paper = charts.picture([], width=10, height=5, name="chart-wide", label="x", sheet=".a{fill:red}")

    assert 'role="img" aria-label="Course over time"' in plain
    assert "style" not in plain
    assert "<style>.a{fill:red}</style>" in paper


def test_bar_has_no_width_below_nothing():
    assert 'width="0"' in charts.block(10, 0, -5, 10, "chart-open")


def test_days_before_the_frame_are_at_its_edge():
    assert FRAME.x(FRAME.start - timedelta(days=400)) == FRAME.left


@pytest.mark.parametrize(
    ("least", "most", "ticks"),
    [
        (0, 15, [0, 5, 10, 15]),
        (0, 10, [0, 5, 10]),
        (0, 12, [0, 3, 6, 9, 12]),
        (0, 3, [0, 1, 2, 3]),
        (1, 5, [1, 2, 3, 4, 5]),
        (0, 44, [0, 20, 40]),
    ],
)
def test_axis_names_both_ends_of_a_scale_where_a_round_step_reaches_them(least, most, ticks):
    assert Scale(least, most, 0, 100).ticks() == ticks
