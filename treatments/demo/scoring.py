"""What was scored, measured and decided in the demo: enough that a clinic's own median can be drawn."""

from datetime import datetime, timedelta
from decimal import Decimal

from clinic.models import User
from treatments.actions.assessments import Entry, record
from treatments.models import Assessment, Course, Instrument, InstrumentItem, MilestoneReview, Session
from treatments.models.assessment import places_of
from treatments.rules.measuring import settled
from treatments.rules.milestone import milestones_of

SCORED_AFTER = (0, 3, 5, 8, 10, 15)  # sessions; 0 is the baseline, taken on the day of the first one
STARTS = (11, 10, 9, 9, 8, 8)  # of the areas in turn
# How much better the course's score is by session 10, for one person after the other. Invented, and nothing expected.
RESPONSES = (0.46, 0.30, 0.52, 0.18, 0.38, 0.26, 0.44, 0.0, 0.34, 0.22, 0.40, -0.12)
FULL = 10
GIRTH = Decimal("59.4")
SATISFIED = ("3", "4", "4", "5")


def score(course: Course, number: int, *, has_baseline: bool, doctor: User, nurse: User, now: datetime) -> None:
    """Score the areas of a course at its milestones, without a baseline where it was forgotten."""
    sessions = list(course.sessions.counting().order_by("performed_at", "pk"))
    instrument = course.protocol.instrument
    if instrument is None or not sessions:
        return
    response = RESPONSES[(number - 1) % len(RESPONSES)]
    for after in SCORED_AFTER:
        if after > len(sessions) or (not after and not has_baseline):
            continue
        session = sessions[max(after - 1, 0)]
        share = response * min(after, FULL) / FULL
        entries = _scores(course, instrument, share)
        if course.protocol.indication.code == "cellulite":
            entries += _measures(course, share, after)
        _take(course, session, entries, by=nurse)
    _decide(course, sessions, doctor=doctor, waits=number % 4 == 1, now=now)


def _take(course: Course, session: Session, entries: list[Entry], *, by: User) -> None:
    day = course.day_of(session.performed_at)
    assessment = Assessment(course=course, assessed_on=day, assessed_by=by)

    def save() -> Assessment:
        assessment.save()
        return assessment

    record(assessment, save, entries=entries, by=by)
    Assessment.objects.filter(pk=assessment.pk).update(recorded_at=session.performed_at)


def _scores(course: Course, instrument: Instrument, share: float) -> list[Entry]:
    """Return the values of every place, better by this share of where each began."""
    items = list(instrument.items.all())
    whole = instrument.most - instrument.least
    entries = []
    for place, (area, side) in enumerate(places_of(course.areas.all(), instrument.scope)):
        start = float(whole) * STARTS[place % len(STARTS)] / 15
        total = int(instrument.least) + round(start * (1 - share))
        kept = _split(min(max(total, int(instrument.least)), int(instrument.most)), items)
        value = sum(kept.values())
        entries.append(Entry(instrument, area, side, Decimal(value), {code: str(each) for code, each in kept.items()}))
    return entries


def _split(total: int, items: list[InstrumentItem]) -> dict[str, int]:
    """Spread a total over the items, each as full as the others as far as it goes."""
    kept = {item.code: int(item.least) for item in items}
    while sum(kept.values()) < total:
        for item in items:
            if sum(kept.values()) < total and kept[item.code] < int(item.most):
                kept[item.code] += 1
    return kept


def _measures(course: Course, share: float, after: int) -> list[Entry]:
    """Return the thigh girths, the height at first, and later how content the patient is."""
    found: list[Entry] = []
    thigh = Instrument.objects.get(code="girth-thigh-upper")
    if any(area.code.startswith("thigh") for area in course.areas.all()):
        for place, (area, side) in enumerate(places_of([], thigh.scope)):
            middle = GIRTH - Decimal(place) * Decimal("0.4") - Decimal(str(round(share * (5 - place), 1)))
            readings = [middle - Decimal("0.1"), middle + Decimal("0.1")]
            found.append(Entry(thigh, area, side, settled(readings), readings=tuple(map(str, readings))))
    if not after:
        height = Decimal("167.0")
        found.append(Entry(Instrument.objects.get(code="height"), None, "", height, readings=(str(height),)))
        return found
    satisfaction = Instrument.objects.get(code="satisfaction")
    level = SATISFIED[min(max(int(share * 8), 0), len(SATISFIED) - 1)]
    return [*found, Entry(satisfaction, None, "", Decimal(level), {"level": level})]


def _decide(course: Course, sessions: list[Session], *, doctor: User, waits: bool, now: datetime) -> None:
    """Sign the decisions of the milestones reached; the last one still waits of some."""
    numbers = milestones_of(course.protocol.milestones, course.planned_sessions)
    reached = [number for number in numbers if number <= len(sessions)]
    for number in reached[:-1] if waits else reached:
        MilestoneReview.objects.create(
            course=course,
            after_session=number,
            decision=MilestoneReview.Decision.CONTINUE,
            reason="Response seen and tolerated. Watch the weight.",
            decided_by=doctor,
            decided_at=min(sessions[number - 1].performed_at + timedelta(hours=1), now),
        )
