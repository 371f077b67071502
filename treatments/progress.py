"""A course as its cards and pages show it: how far, when next, what it costs."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from treatments.models import Course, Session
from treatments.models.milestone_review import waits_for_review
from treatments.rules import course as rule
from treatments.rules.course import DateRange, MoneyRange, Pace
from treatments.rules.milestone import due


@dataclass(frozen=True)
class Progress:
    """Everything that follows from a course and its sessions on one day; money in the course's currency."""

    done: int
    logged: int
    planned: int
    minimum: int
    milestones: list[int]
    last_on: date | None
    days_since: int | None
    next_session: DateRange | None
    pace: Pace
    spent: Decimal
    remaining: MoneyRange
    next_milestone: int | None
    review_due: int | None
    goes_on: bool

    @property
    def label(self) -> str:
        return _("%(done)s of %(planned)s") % {"done": self.done, "planned": self.planned}

    @property
    def long_label(self) -> str:
        """Return the accessible name of the course track."""
        return ngettext(
            "%(done)s of %(planned)s session done", "%(done)s of %(planned)s sessions done", self.planned
        ) % {"done": self.done, "planned": self.planned}

    @property
    def next_number(self) -> int:
        """Return the number that the next session logged will have: a draft before it has one already."""
        return self.logged + 1

    @property
    def to_sign(self) -> int:
        """Return how many sessions are logged and do not count yet."""
        return self.logged - self.done

    @property
    def is_lapsed(self) -> bool:
        return self.pace is Pace.LAPSED


@dataclass(frozen=True)
class WeightChange:
    """The weight since the course's first session, in kg, and whether it is more than the protocol's limit."""

    baseline: Decimal
    now: Decimal
    is_over: bool

    @property
    def change(self) -> Decimal:
        return self.now - self.baseline


def weight_change(course: Course, sessions: list[Session]) -> WeightChange | None:
    """Return the change over a course's sessions, given newest first; None before a weight was taken."""
    weighed = [session.weight_kg for session in sessions if session.weight_kg is not None]
    if not weighed:
        return None
    protocol = course.protocol
    over = rule.weight_alert(
        weighed[-1], weighed[0], percent=protocol.weight_gain_percent, kilograms=protocol.weight_gain_kg
    )
    return WeightChange(weighed[-1], weighed[0], over)


def progress(course: Course, today: date) -> Progress:
    """Return the progress of a course that `CourseQuerySet.with_progress` annotated and whose protocol is loaded."""
    protocol = course.protocol
    last_on = course.day_of(course.last_session_at) if course.last_session_at else None
    minimum = min(protocol.sessions_min, course.planned_sessions)
    waits = waits_for_review(course, today)
    return Progress(
        done=course.done,
        logged=course.logged,
        planned=course.planned_sessions,
        minimum=minimum,
        milestones=[number for number in protocol.milestones if number <= course.planned_sessions],
        last_on=last_on,
        days_since=rule.days_since(last_on, today),
        next_session=rule.next_session(last_on, protocol.interval) if course.takes_sessions else None,
        pace=rule.pace(last_on, protocol.interval, today),
        spent=rule.spent(course.done, course.price),
        remaining=rule.remaining_cost(course.done, course.planned_sessions, minimum, course.price),
        review_due=due(course.done, protocol.milestones, course.planned_sessions, [course.reviewed])
        if waits
        else None,
        goes_on=course.is_running,
        next_milestone=rule.next_milestone(course.done, protocol.milestones, course.planned_sessions),
    )
