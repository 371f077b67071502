"""The reaction's clock: how long it has run, how long it may, and who must look at it (design rule 5).

Moments are aware; a duration is elapsed time, so "5 days" are 120 hours whatever the clocks on the wall did.
Source of the maxima and of the review rule: docs/glossary.md, "Reaction clock".
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

SEVERE_GRADE = 3  # CTCAE: severe, medically significant
SEVERITY_OF_GRADE = {1: "mild", 2: "moderate", 3: "severe", 4: "severe", 5: "severe"}  # CTCAE's general grades


class State(StrEnum):
    RUNNING = "running"  # open, inside its expected time
    PROLONGED = "prolonged"  # open, past it
    IN_TIME = "in time"  # resolved inside it
    RESOLVED_LATE = "resolved late"  # resolved after it


class ReviewReason(StrEnum):
    KIND = "kind"  # this kind is always reviewed
    SEVERE = "severe"  # severe, or CTCAE grade 3 and up
    CAME_BACK = "came back"  # gone once, and there again
    SUSPECTED = "suspected"  # a sign of infection in the weeks after a session: rules/late_infection.py
    PROLONGED = "prolonged"  # past its expected maximum, open or resolved late
    DUE = "due"  # the day came that the last review named for the next


@dataclass(frozen=True)
class Clock:
    """One reaction in time. `maximum` is None for a kind without an expected end."""

    onset: datetime
    maximum: timedelta | None
    resolved: datetime | None = None

    @property
    def expected_end(self) -> datetime | None:
        # By UTC: between two moments of one zone Python reckons by the wall, which is put forward and back.
        return None if self.maximum is None else self.onset.astimezone(UTC) + self.maximum

    def is_open(self) -> bool:
        return self.resolved is None

    def elapsed(self, now: datetime) -> timedelta:
        """Return how long it lasted, or has lasted until now."""
        return (self.resolved or now).astimezone(UTC) - self.onset.astimezone(UTC)

    def over(self, now: datetime) -> timedelta:
        """Return how far past its maximum it went, zero when it did not."""
        if self.maximum is None:
            return timedelta(0)
        return max(self.elapsed(now) - self.maximum, timedelta(0))

    def state(self, now: datetime) -> State:
        """Return its state. Exactly at the maximum it is still inside its time."""
        late = self.over(now) > timedelta(0)
        if self.is_open():
            return State.PROLONGED if late else State.RUNNING
        return State.RESOLVED_LATE if late else State.IN_TIME


@dataclass(frozen=True)
class Judgement:
    """What a reaction is judged by, beside its clock. `grade` is CTCAE 1 to 5, None when not graded.

    `review_due` is the moment from which the next review is due, None when the last review named no day.
    """

    always_review: bool
    severe: bool
    grade: int | None = None
    reviewed: datetime | None = None
    came_back: bool = False
    suspected: bool = False
    review_due: datetime | None = None

    @property
    def severe_or_grave(self) -> bool:
        return self.severe or (self.grade or 0) >= SEVERE_GRADE


def review_reasons(clock: Clock, judgement: Judgement, now: datetime) -> list[ReviewReason]:
    """Return why a clinician must review this reaction; empty when nobody must, or somebody has.

    A review answers for what was there to see: one made while the reaction was inside its time does not answer for
    its running past it.
    """
    unseen = {
        ReviewReason.KIND: judgement.always_review,
        ReviewReason.SEVERE: judgement.severe_or_grave,
        ReviewReason.CAME_BACK: judgement.came_back,
        ReviewReason.SUSPECTED: judgement.suspected,
    }
    reasons = [] if judgement.reviewed else [reason for reason, holds in unseen.items() if holds]
    if clock.over(now) > timedelta(0) and not _seen_prolonged(clock, judgement):
        reasons.append(ReviewReason.PROLONGED)
    if judgement.review_due and judgement.review_due.astimezone(UTC) <= now.astimezone(UTC):
        reasons.append(ReviewReason.DUE)
    return reasons


def _seen_prolonged(clock: Clock, judgement: Judgement) -> bool:
    end = clock.expected_end
    return judgement.reviewed is not None and end is not None and judgement.reviewed > end


def interrupts(*, urgent_kind: bool, grade: int | None, reviewed: datetime | None) -> bool:
    """Say whether it heads every clinician's Today: an urgent kind, or CTCAE 3 and up, until reviewed."""
    return reviewed is None and (urgent_kind or (grade or 0) >= SEVERE_GRADE)


def may_be_there(
    elapsed: timedelta, onset_from: timedelta | None, onset_to: timedelta | None, maximum: timedelta | None
) -> bool:
    """Say whether a kind that begins and lasts as usual is there so long after the session.

    A kind without a usual onset never is; one without a maximum only while it may begin.
    """
    if onset_from is None or onset_to is None:
        return False
    return onset_from <= elapsed <= onset_to + (maximum or timedelta(0))


def grade_agrees(severity: str, grade: int | None) -> bool:
    """Say whether a severity and a CTCAE grade say the same; without a grade nothing disagrees."""
    return grade is None or SEVERITY_OF_GRADE[grade] == severity
