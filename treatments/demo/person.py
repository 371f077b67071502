"""What the demo tells of somebody: who they are, how they were treated, and how they reacted."""

from dataclasses import dataclass
from datetime import date, timedelta

D, H, M = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


@dataclass(frozen=True)
class Reaction:
    """A reaction after the `after`-th last session, from `onset` after it; `lasted` is None while it is open."""

    kind: str
    area: int | None = 0
    after: int = 1
    onset: timedelta = timedelta(0)
    lasted: timedelta | None = None
    severity: str = "mild"
    reported_by: str = "staff"
    note: str = ""


@dataclass(frozen=True)
class Treatment:
    """A course: `done` sessions, the last one `since` days ago, `every` days apart."""

    protocol: str
    areas: tuple[str, ...]
    done: int
    since: int = 7
    every: int = 7
    planned: int | None = None
    ended: str = ""  # completed, stopped or paused
    reason: str = ""
    draft: bool = False  # the last session is not signed yet
    gain: float = 0.0  # kg from the first session to the last
    has_baseline: bool = True  # scored before the first session
    reactions: tuple[Reaction, ...] = ()


@dataclass(frozen=True)
class Person:
    given: str
    family: str
    born: date
    sex: str
    treatments: tuple[Treatment, ...] = ()
    allergies: tuple[tuple[str, str, str], ...] = ()
    asked: bool = True
    channel: str = "phone"
    language: str = "en"
    permission: bool = True
    weight: float = 70.0
    today: str = ""  # how today's appointment stands; empty for none
    at: int = 0  # minutes from now to today's appointment
    kind: str = "session"
    call: str = ""  # the outcome of the last call about the follow-up
    booked: int = 0  # days until a booked follow-up appointment


THIGHS = ("thigh-front-left", "thigh-front-right", "thigh-back-left", "thigh-back-right")
BUTTOCKS = ("buttock-left", "buttock-right")
BURN = Reaction("burning", lasted=18 * M)
