"""When a lot is suspected: too many patients with one reaction, or a rate above what the others have (design rule 8).

A signal is no diagnosis. It says where to look.
"""

from dataclasses import dataclass
from enum import StrEnum

from treatments.rules.rate import Rate
from treatments.rules.stock import ALERT_PATIENTS

DOUBT = 0.05  # a default of ours: at most one false alarm in twenty over all that is compared
LEAST_PATIENTS = 2  # one patient is no cluster, however rare the reaction is


class Reason(StrEnum):
    """Why a cluster is shown."""

    THREE = "three"  # patients with a reaction that is not to be expected
    ABOVE = "above"  # the others


@dataclass(frozen=True)
class Tally:
    """One kind of reaction among those who had something: by patients, each once, and by sessions."""

    patients: Rate
    sessions: Rate


def confidence(looks: int) -> float:
    """Return the confidence of each of so many comparisons that keeps the doubt over all of them (Bonferroni)."""
    return 1 - DOUBT / max(looks, 1)


def is_above(own: Rate, others: Rate, looks: int) -> bool:
    """Say whether the interval of one among `looks` lies wholly above that of the others.

    Both are exact. The one's is as wide as the number of comparisons asks for, since of a hundred intervals of 95 %
    five miss by chance. The others' is of 95 %: where they are few, their rate is not known either.
    """
    if own.share is None or others.share is None or own.share <= others.share:
        return False  # each is inside its own interval: there is no need to reckon them
    return own.interval(confidence(looks)).lower > others.interval().upper


def reasons(own: Tally, others: Tally, *, is_expected: bool, looks: int) -> list[Reason]:
    """Return why a kind of reaction on one lot is a cluster, none if it is not.

    To be above, it has to be so by patients and by sessions: one patient who always swells raises the sessions, and
    a lot that was used for long raises the patients.
    """
    found = []
    if not is_expected and own.patients.count >= ALERT_PATIENTS:
        found.append(Reason.THREE)
    if own.patients.count >= LEAST_PATIENTS and all(
        is_above(mine, theirs, looks)
        for mine, theirs in ((own.patients, others.patients), (own.sessions, others.sessions))
    ):
        found.append(Reason.ABOVE)
    return found
