"""When people may be booked, by the clock on the wall: opening and working hours less closures and absences.

Times of a day are minutes since its midnight, 0 to 1440.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import time

A_DAY = 24 * 60


@dataclass(frozen=True, order=True)
class Stretch:
    """A part of a day; 0 ≤ start < end ≤ 1440."""

    start: int
    end: int


WHOLE_DAY = Stretch(0, A_DAY)


def minute_of(moment: time) -> int:
    """Return the minute of the day; what is left of a minute counts as begun."""
    return moment.hour * 60 + moment.minute


def merged(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Return the stretches in order, those that meet or overlap as one."""
    whole: list[Stretch] = []
    for each in sorted(stretches):
        if whole and each.start <= whole[-1].end:
            whole[-1] = Stretch(whole[-1].start, max(whole[-1].end, each.end))
        else:
            whole.append(each)
    return whole


def without(stretches: Iterable[Stretch], closed: Iterable[Stretch]) -> list[Stretch]:
    """Return what is left of the stretches when what is closed is cut out of them."""
    left = merged(stretches)
    for gap in closed:
        left = [part for each in left for part in _cut(each, gap)]
    return left


def _cut(stretch: Stretch, gap: Stretch) -> list[Stretch]:
    if gap.end <= stretch.start or gap.start >= stretch.end:
        return [stretch]
    parts = []
    if gap.start > stretch.start:
        parts.append(Stretch(stretch.start, gap.start))
    if gap.end < stretch.end:
        parts.append(Stretch(gap.end, stretch.end))
    return parts


def closed_of_day(open_stretches: Iterable[Stretch]) -> list[Stretch]:
    """Return what is left of the day outside the open stretches."""
    return without([WHOLE_DAY], open_stretches)


def lies_within(stretch: Stretch, open_stretches: Iterable[Stretch]) -> bool:
    """Say whether a stretch lies inside one open stretch."""
    return any(each.start <= stretch.start and stretch.end <= each.end for each in merged(open_stretches))


def meet(one: Stretch, other: Stretch) -> bool:
    return one.start < other.end and other.start < one.end


def lanes(stretches: list[Stretch]) -> list[tuple[int, int]]:
    """Return for each stretch, given in order of its start, its lane from 1 and how many lanes those it meets need.

    What meets stands side by side; a lane is used again once it is free.
    """
    placed: list[tuple[int, int]] = []
    cluster: list[int] = []
    ends: list[int] = []
    for number, each in enumerate(stretches):
        if cluster and each.start >= max(ends):
            cluster, ends = [], []
        lane = next((at for at, end in enumerate(ends) if end <= each.start), len(ends))
        ends[lane : lane + 1] = [each.end]
        placed.append((lane + 1, len(ends)))
        cluster.append(number)
        for member in cluster:
            placed[member] = (placed[member][0], len(ends))
    return placed
