"""The 6–8 month return (design rule 11): when its window is, and how it stands.

Windows are calendar months: 31 August + 6 months is 28 or 29 February. Days are days at the location.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from dateutil.relativedelta import relativedelta


class State(StrEnum):
    UPCOMING = "upcoming"  # the window is not open yet
    DUE = "due"  # open now
    OVERDUE = "overdue"  # closed, and nobody came
    BOOKED = "booked"  # a future appointment exists
    ATTENDED = "attended"  # the patient came
    DECLINED = "declined"  # the patient said no this time
    UNREACHABLE = "unreachable"  # no way to reach the patient
    NOT_WANTED = "not wanted"  # the patient wants no calls, or has died or left


# What a call brought that ends the calling.
ANSWERS = {State.DECLINED, State.UNREACHABLE, State.NOT_WANTED}


@dataclass(frozen=True)
class Window:
    """The days on which the return is expected, both included."""

    opens: date
    closes: date


def window(last_session: date, *, months_min: int, months_max: int) -> Window:
    """Return the window after the last performed session, each end counted from that day itself."""
    return Window(
        last_session + relativedelta(months=months_min),
        last_session + relativedelta(months=months_max),
    )


def state(
    window: Window, today: date, *, attended: bool = False, booked: bool = False, answer: State | None = None
) -> State:
    """Return how a follow-up stands today.

    The strongest fact wins: having come, then being booked, then what the patient answered, then the calendar.
    `answer` is one of `ANSWERS` or None.
    """
    if attended:
        return State.ATTENDED
    if booked:
        return State.BOOKED
    if answer is not None:
        return answer
    if today < window.opens:
        return State.UPCOMING
    if today <= window.closes:
        return State.DUE
    return State.OVERDUE
