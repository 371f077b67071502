"""The arithmetic of hours: open, closed, and side by side."""

from hypothesis import given
from hypothesis import strategies as st

from treatments.rules.hours import A_DAY, Stretch, closed_of_day, lanes, lies_within, meet, merged, without

stretches = st.lists(
    st.tuples(st.integers(0, A_DAY - 1), st.integers(1, 300)).map(
        lambda at: Stretch(at[0], min(at[0] + at[1], A_DAY))
    ),
    max_size=8,
)


def minutes_of(parts):
    return {minute for part in parts for minute in range(part.start, part.end)}


@given(stretches, stretches)
def test_what_is_closed_is_cut_out_of_what_is_open_minute_by_minute(opened, closed):
    assert minutes_of(without(opened, closed)) == minutes_of(opened) - minutes_of(closed)
    assert minutes_of(closed_of_day(opened)) == set(range(A_DAY)) - minutes_of(opened)


@given(stretches, st.integers(0, A_DAY - 5))
def test_stretch_lies_within_when_each_of_its_minutes_does(opened, start):
    stretch = Stretch(start, start + 5)

    assert lies_within(stretch, opened) == (minutes_of([stretch]) <= minutes_of(merged(opened)))


@given(stretches.map(sorted))
def test_no_two_that_meet_share_a_lane_and_all_of_a_group_know_its_width(parts):
    placed = lanes(parts)

    for one in range(len(parts)):
        assert 1 <= placed[one][0] <= placed[one][1]
        for other in range(one):
            if meet(parts[one], parts[other]):
                assert placed[one][0] != placed[other][0]
                assert placed[one][1] == placed[other][1]
