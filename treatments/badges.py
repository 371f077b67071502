"""States in a word, a tone and an icon: the same everywhere."""

from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from treatments.models import Course, Lot, SideEffect
from treatments.rules.reaction import State
from treatments.rules.stock import Fault


@dataclass(frozen=True)
class Badge:
    """`tone` is a state class of the style sheet, `icon` the name of its picture."""

    word: str
    tone: str
    icon: str


def reaction_badge(effect: SideEffect, now: datetime) -> Badge:
    """Return how a reaction stands: that it never was, then urgent before all, then its clock."""
    if not effect.stands:
        return Badge(_("In error"), "is-urgent", "octagon-alert")
    if effect.is_urgent:
        return Badge(_("Urgent"), "is-urgent-solid", "octagon-alert")
    return {
        State.RUNNING: Badge(_("Running"), "is-running", "activity"),
        State.PROLONGED: Badge(_("Prolonged"), "is-prolonged", "timer"),
        State.IN_TIME: Badge(_("Gone in time") if effect.expected_end_at else _("Gone"), "is-in-time", "check"),
        State.RESOLVED_LATE: Badge(_("Gone late"), "is-resolved", "history"),
    }[effect.state(now)]


def lot_badges(lot: Lot, day: date) -> list[Badge]:
    """Return how a lot stands on a day, the gravest first; call `with_stock` and `with_alert` first."""
    found = []
    if lot.alert_patients:
        word = _("%(kind)s in %(count)s patients") % {"kind": lot.alert_kind, "count": lot.alert_patients}
        found.append(Badge(word, "is-urgent", "triangle-alert"))
    fault = lot.fault(day)
    if fault is Fault.BLOCKED:
        found.append(Badge(_("Blocked product"), "is-urgent", "octagon-alert"))
    elif fault is Fault.HELD:
        found.append(Badge(_("On hold"), "is-urgent", "circle-pause"))
    if day > lot.expires_on:
        found.append(Badge(_("Expired"), "is-prolonged", "timer"))
    elif lot.remaining_ml <= 0:
        found.append(Badge(_("Used up"), "is-resolved", "history"))
    elif lot.is_expiring(day):
        days = (lot.expires_on - day).days
        word = ngettext("%(days)s day left", "%(days)s days left", days) % {"days": days} if days else _("Last day")
        found.append(Badge(word, "is-prolonged", "timer"))
    return found or [Badge(_("Usable"), "is-in-time", "check")]


COURSE_TONES = {
    Course.Status.PLANNED: "is-resolved",
    Course.Status.ACTIVE: "is-primary",
    Course.Status.PAUSED: "is-prolonged",
    Course.Status.COMPLETED: "is-in-time",
    Course.Status.STOPPED: "is-resolved",
}
