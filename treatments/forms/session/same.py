"""Same as last time: what was given at the last session, said again from lots that may be used today."""

from datetime import datetime
from decimal import Decimal

from django.http import QueryDict
from django.utils.translation import gettext as _

from clinic.units import plain
from treatments.drawn import Line, drawn_of
from treatments.forms.session.areas import initial_areas
from treatments.forms.session.parts import told_at
from treatments.forms.session.products import initial_rows
from treatments.models import Course, Lot, Preparation, Session, TreatmentArea
from treatments.rules.stock import Fault
from treatments.sources import Sources

COPIED = ("technique", "needle", "depth_mm", "antiseptic", "device")
GIVEN = ("source-", "drawn-", "ml-", "points-", "map-", "areas")


def as_last_time(
    typed: QueryDict, course: Course, session: Session | None, now: datetime
) -> tuple[QueryDict, list[str]]:
    """Return what the form says once it says what was given last time, and what could not be said again, in words.

    Reactions, answers, weight and notes stay as they are typed: those are facts of today.
    """
    data = typed.copy()
    this = session or Session(course=course)
    given_at = told_at(typed.get("performed_at"), otherwise=this.performed_at or now, now=now)
    last = Session.objects.preceding(this, given_at).select_related("course").first()
    if last is None:
        return data, []
    for name in [name for name in data if name.startswith(GIVEN)]:
        del data[name]
    before = drawn_of(last)
    lines, notes = drawn_again(before.lines, Sources(course.location, course.location.today(now), now), course, now)
    offered = set(TreatmentArea.objects.of_session(this))
    areas = [part.area for part in before.shares] or list(last.areas.all())
    text = _("%(area)s is not in the plan any more and is left out.")
    notes += [text % {"area": area} for area in areas if area not in offered]
    given = initial_areas([part for part in before.shares if part.area in offered], last)
    given["areas"] = [area.pk for area in areas if area in offered]
    data.setlist("areas", [str(key) for key in given.pop("areas")])
    for name, value in (initial_rows(lines) | given).items():
        data[name] = str(value)
    for name in COPIED:
        value = getattr(last, name)
        data[name] = plain(value) if isinstance(value, Decimal) else str(value or "")
    return data, notes


def drawn_again(before: list[Line], sources: Sources, course: Course, now: datetime) -> tuple[list[Line], list[str]]:
    """Return the lines from the lots that expire first and hold enough, and a word on each change."""
    lines, notes = [], []
    for line in before:
        source = usable(line, sources)
        if source is None:
            notes.append(_("%(why)s %(name)s is left out.") % {"why": why(line, course, now), "name": line.name})
            continue
        lines.append(Line(source, line.ml))
        if isinstance(line.source, Lot) and isinstance(source, Lot) and source != line.source:
            facts = {"why": why(line, course, now), "name": line.name, "lot": source.number}
            notes.append(_("%(why)s %(name)s now uses %(lot)s.") % facts)
    return lines, notes


def usable(line: Line, sources: Sources) -> Lot | Preparation | None:
    if isinstance(line.source, Lot):
        product = line.source.product_id
        enough = [lot for lot in sources.lots if lot.product_id == product and lot.remaining_ml >= line.ml]
        return min(enough, key=lambda lot: (lot.expires_on, lot.received_on, lot.pk), default=None)
    fresh = [each for each in sources.preparations if each.name == line.source.name and each.remaining_ml >= line.ml]
    return fresh[0] if fresh else None


def why(line: Line, course: Course, now: datetime) -> str:
    """Say what keeps the source of last time from being used again, as a sentence."""
    if not isinstance(line.source, Lot):
        return _("%(name)s of last time is used up or past its use-by.") % {"name": line.source.name}
    words = {
        Fault.HELD: _("Lot %(lot)s is on hold."),
        Fault.EXPIRED: _("Lot %(lot)s has expired."),
        Fault.BLOCKED: _("The product of lot %(lot)s is blocked."),
        None: _("Lot %(lot)s is not the first to use, or too little is left."),
    }
    return words[line.source.fault(course.location.today(now))] % {"lot": line.source.number}
