"""States in a word, a tone and an icon: the same everywhere."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from treatments.models import Course, SideEffect
from treatments.rules.reaction import State


@dataclass(frozen=True)
class Badge:
    """`tone` is a state class of the style sheet, `icon` the name of its picture."""

    word: str
    tone: str
    icon: str


def reaction_badge(effect: SideEffect, now: datetime) -> Badge:
    """Return how a reaction stands: urgent before all, then its clock."""
    if effect.is_urgent:
        return Badge(_("Urgent"), "is-urgent-solid", "octagon-alert")
    return {
        State.RUNNING: Badge(_("Running"), "is-running", "activity"),
        State.PROLONGED: Badge(_("Prolonged"), "is-prolonged", "timer"),
        State.IN_TIME: Badge(_("Gone in time"), "is-in-time", "check"),
        State.RESOLVED_LATE: Badge(_("Gone late"), "is-resolved", "history"),
    }[effect.state(now)]


COURSE_TONES = {
    Course.Status.PLANNED: "is-resolved",
    Course.Status.ACTIVE: "is-primary",
    Course.Status.PAUSED: "is-prolonged",
    Course.Status.COMPLETED: "is-in-time",
    Course.Status.STOPPED: "is-resolved",
}
