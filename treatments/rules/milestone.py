"""When a clinician decides about a course: after the protocol's milestones, and at its planned end (design rule 3)."""

from collections.abc import Iterable, Sequence

DAYS_AFTER_END = 60  # a completed course waits so long for its last review; later it is history. A default of ours.


def milestones_of(milestones: Sequence[int], planned: int) -> list[int]:
    """Return the session numbers after which progress is reviewed, the planned end included."""
    return sorted({number for number in milestones if number < planned} | {planned})


def reached(done: int, milestones: Sequence[int], planned: int) -> int:
    """Return the last milestone that so many sessions reach, 0 for none."""
    return max((number for number in milestones_of(milestones, planned) if number <= done), default=0)


def due(done: int, milestones: Sequence[int], planned: int, reviewed: Iterable[int]) -> int | None:
    """Return the session after which a review is due, None when none is.

    Only the last milestone reached is asked for: a review after session 10 also answers for session 5.
    """
    last = reached(done, milestones, planned)
    return last if last > max(reviewed, default=0) else None
