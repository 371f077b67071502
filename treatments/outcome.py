"""What became of a course: every number of the progress page and of its report, computed in one place."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import prefetch_related_objects

from treatments.models import Course, Instrument, MilestoneReview, Score, Session, SideEffect
from treatments.models.assessment import places_of
from treatments.models.milestone_review import waits_for_review
from treatments.progress import Progress, WeightChange, progress, weight_change
from treatments.rules import response as rule
from treatments.rules.measuring import bmi
from treatments.rules.milestone import due, milestones_of
from treatments.rules.response import Change, Point, Quartiles, Response, Unknown

MOST_COMPARED = 200  # courses, the newest: older ones were treated otherwise, and a page has to come soon


@dataclass(frozen=True)
class Line:
    """One instrument at one place, in one way of taking it; `points` rise by day."""

    instrument: Instrument
    key: str
    title: str
    photo_based: bool
    points: list[Point]
    labels: dict[date, str]
    baseline: Point | None
    change: Change | Unknown
    response: Response | None

    @property
    def latest(self) -> Point | None:
        return self.points[-1] if self.points else None

    @property
    def label(self) -> str:
        """Return the newest value in the scale's own word, where it has one."""
        return self.labels.get(self.points[-1].on, "") if self.points else ""

    def at(self, milestone: int, following: int | None) -> Point | None:
        """Return the first point from a milestone on and before the next one."""
        found = (
            point
            for point in self.points
            if point.done >= milestone and (following is None or point.done < following) and point is not self.baseline
        )
        return next(found, None)


@dataclass(frozen=True)
class Milestone:
    """A session after which a clinician decides: its day, once it was given, and the decision, once it was made."""

    number: int
    on: date | None
    review: MilestoneReview | None
    is_due: bool
    is_end: bool


@dataclass(frozen=True)
class Comparison:
    """What comparable courses of the clinic came to, as improvements, by milestone. `n` counts the courses."""

    n: int
    quartiles: dict[int, Quartiles]
    better_than: int | None = None
    among: int = 0

    @property
    def n_shown(self) -> str:
        """Return of how many courses the quartiles are: "11", or "11–14" where fewer reached a later milestone."""
        return counted(self.quartiles.values())


def counted(quartiles: Iterable[Quartiles]) -> str:
    counts = sorted({middle.n for middle in quartiles})
    if len(counts) > 1:
        return f"{counts[0]}–{counts[-1]}"
    return str(counts[0]) if counts else ""


@dataclass(frozen=True)
class Outcome:
    """A course with what was measured, claimed and decided, on one day."""

    course: Course
    today: date
    now: datetime
    progress: Progress
    days: list[date]
    sessions: list[Session]
    lines: list[Line]
    focus: Line | None
    others: list[Line]
    scores: list[Score]
    comparison: Comparison | None
    weights: list[tuple[date, Decimal]]
    weight: WeightChange | None
    height: Decimal | None
    reactions: list[SideEffect]
    milestones: list[Milestone]

    @property
    def instrument(self) -> Instrument | None:
        return self.course.protocol.instrument

    @property
    def first_on(self) -> date | None:
        return self.days[0] if self.days else None

    @property
    def due(self) -> Milestone | None:
        """Return the milestone that waits for a decision."""
        return next((milestone for milestone in self.milestones if milestone.is_due), None)

    @property
    def shows_others(self) -> bool:
        """Say whether the picture has lines beside the one shown."""
        return any(line.points for line in self.lines if line is not self.focus)

    @property
    def other_baseline(self) -> Point | None:
        """Return the baseline of what is shown as taken in the other way: by hand, or from photographs."""
        line = self.focus
        if line is None or not line.instrument.has_touch:
            return None
        ways = lines_of(
            self.course, self.scores, self.days, instrument=line.instrument, photo_based=not line.photo_based
        )
        return next((other.baseline for other in ways if other.key == line.key), None)

    @property
    def bmi(self) -> Decimal | None:
        return bmi(self.weight.now, self.height) if self.weight and self.height else None

    @property
    def weight_limit(self) -> Decimal | None:
        """Return the weight from which a gain is flagged: the nearer of the protocol's two limits."""
        if self.weight is None:
            return None
        protocol, start = self.course.protocol, self.weight.baseline
        return start + min(protocol.weight_gain_kg, protocol.weight_gain_percent * start / 100)

    def day_of(self, number: int) -> date:
        """Return the day of session `number`, 0 the baseline's; of one to come, when it would be at the usual pace."""
        if number <= 0:
            start = self.focus.baseline if self.focus else None
            return start.on if start else self.first_on or self.course.started_on
        if number <= len(self.days):
            return self.days[number - 1]
        interval = self.course.protocol.interval
        pace = timedelta(days=(interval.minimum + interval.maximum) // 2)
        last = self.days[-1] if self.days else self.course.started_on - pace
        return max(last + pace * (number - len(self.days)), self.course.started_on)


def outcome(course: Course, now: datetime, *, focus: str = "") -> Outcome:
    """Return what became of a course that `CourseQuerySet.for_page` loaded. `focus` is the key of the line shown."""
    today = course.location.today(now)
    prefetch_related_objects([course], "protocol__instrument__items")
    sessions = list(course.sessions.counting().order_by("performed_at", "pk"))
    days = [course.day_of(session.performed_at) for session in sessions]
    scores = list(Score.objects.followed().of_course(course).for_course_page())
    way = way_of(course, scores, days)
    own = course.protocol.instrument
    lines = lines_of(course, scores, days, instrument=own, photo_based=way) if own else []
    main = chosen(lines, focus)
    weighed = [session for session in sessions if session.weight_kg is not None]
    return Outcome(
        course=course,
        today=today,
        now=now,
        progress=progress(course, today),
        days=days,
        sessions=sessions,
        lines=lines,
        focus=main,
        others=other_lines(course, scores, days),
        scores=scores,
        comparison=comparison(course, own, lines, days, photo_based=way) if own else None,
        weights=[(course.day_of(session.performed_at), session.weight_kg) for session in weighed if session.weight_kg],
        weight=weight_change(course, sessions[::-1]),
        height=height_of(course),
        reactions=list(
            SideEffect.objects.of_course(course).standing().select_related("kind", "area").order_by("onset_at", "pk")
        ),
        milestones=milestones(course, days, today),
    )


def way_of(course: Course, scores: Sequence[Score], days: Sequence[date]) -> bool:
    """Return whether the course is followed from photographs: the way whose newest score has a baseline.

    Totals with and without what has to be felt do not compare, so one way is shown.
    """
    own = course.protocol.instrument
    if own is None or not own.has_touch:
        return False
    found = [
        (isinstance(line.change, Change), line.latest.on, photo_based)
        for photo_based in (False, True)
        for line in lines_of(course, scores, days, instrument=own, photo_based=photo_based)
        if line.latest
    ]
    return max(found, key=lambda each: each[:2])[2] if found else False


def lines_of(
    course: Course, scores: Iterable[Score], days: Sequence[date], *, instrument: Instrument, photo_based: bool
) -> list[Line]:
    """Return a line for each place of an instrument: those of the course, and those scored before its plan changed."""
    places = {place_key(area, side): (area, side) for area, side in places_of(course.areas.all(), instrument.scope)}
    found: dict[str, list[Score]] = {key: [] for key in places}
    for score in scores:
        if score.instrument_id != instrument.pk:
            continue
        if instrument.has_touch and score.assessment.photo_based != photo_based:
            continue
        found.setdefault(place_key(score.area, score.side), []).append(score)
    lines = []
    for key, taken in found.items():
        area, side = places[key] if key in places else (taken[0].area, taken[0].side)
        title = str(area) if area else str(Score.Side(side).label) if side else ""
        lines.append(
            line_of(course, taken, days, instrument=instrument, key=key, title=title, photo_based=photo_based)
        )
    return lines


def place_key(area: object, side: str) -> str:
    return getattr(area, "code", "") or side or "person"


def line_of(
    course: Course,
    scores: Sequence[Score],
    days: Sequence[date],
    *,
    instrument: Instrument,
    key: str,
    title: str,
    photo_based: bool,
) -> Line:
    points = [
        Point(score.on, score.value, rule.sessions_done(days, score.on)) for score in scores if score.value is not None
    ]
    changed = rule.change(points, days[0] if days else None, instrument.better)
    found = None
    if isinstance(changed, Change):
        found = rule.response(changed, course.protocol.claim, step=step_of(instrument), better=instrument.better)
    labels = {score.on: score.label for score in scores}
    start = rule.baseline(points, days[0] if days else None)
    return Line(instrument, key, title, photo_based, points, labels, start, changed, found)


def step_of(instrument: Instrument) -> Decimal:
    """Return the least change that counts as one: a step of the scale's items, a tenth for a measure."""
    return min((item.step for item in instrument.items.all()), default=Decimal("0.1"))


def chosen(lines: Sequence[Line], focus: str) -> Line | None:
    """Return the line asked for, else the one that began worst among those with a change, else any that has scores."""
    asked = [line for line in lines if line.key == focus]
    if asked:
        return asked[0]
    ranked = sorted(lines, key=_weight_of, reverse=True)
    return ranked[0] if ranked else None


def _weight_of(line: Line) -> tuple[bool, bool, Decimal]:
    start = line.baseline.value if line.baseline else Decimal(0)
    worst = -start if line.instrument.better is rule.Better.HIGHER else start
    return (isinstance(line.change, Change), bool(line.points), worst)


def other_lines(course: Course, scores: Sequence[Score], days: Sequence[date]) -> list[Line]:
    """Return the lines of everything else that was taken: other scales, girths, what the patient says."""
    instruments = {score.instrument for score in scores if score.instrument_id != course.protocol.instrument_id}
    lines = []
    for instrument in sorted(instruments, key=lambda each: (each.is_scale, each.order, each.pk)):
        for photo_based in (False, True) if instrument.has_touch else (False,):
            found = lines_of(course, scores, days, instrument=instrument, photo_based=photo_based)
            lines += [line for line in found if line.points]
    return lines


def height_of(course: Course) -> Decimal | None:
    """Return the newest height of the patient, of whichever course, in cm."""
    heights = Score.objects.standing().of_patient(course.patient).filter(instrument__code="height")
    return heights.order_by("-assessment__assessed_on", "-pk").values_list("value", flat=True).first()


def course_improvements(lines: Iterable[Line], first_on: date | None) -> list[tuple[int, Decimal]]:
    """Return (sessions done, mean improvement of the areas) of one course, as `compared_with` does in SQL of many."""
    found: dict[int, list[Decimal]] = {}
    for line in lines:
        if line.baseline is None or first_on is None:
            continue
        for point in line.points:
            improved = rule.improvement(line.baseline.value, point.value, line.instrument.better)
            if point.on > first_on and improved is not None:
                found.setdefault(point.done, []).append(improved)
    return [(done, sum(values, Decimal(0)) / len(values)) for done, values in sorted(found.items())]


def comparison(
    course: Course, instrument: Instrument, lines: Sequence[Line], days: Sequence[date], *, photo_based: bool
) -> Comparison:
    """Return the quartiles of comparable courses at each milestone, and how many this one is better than."""
    numbers = milestones_of(course.protocol.milestones, course.planned_sessions)
    rows = Score.objects.all().compared_with(course, instrument, photo_based=photo_based, most=MOST_COMPARED)
    by_milestone = rule.at_milestones(rows, numbers)
    found = {
        number: middle
        for number, each in by_milestone.items()
        if (middle := rule.quartiles(each.values())) is not None
    }
    n = len({key for key, _done, _improved in rows})
    own = course_improvements(lines, days[0] if days else None)
    if not own:
        return Comparison(n, found)
    done, improved = own[-1]
    reached = max((number for number in numbers if number <= done), default=0)
    if reached not in found:
        return Comparison(n, found)
    others = by_milestone[reached].values()
    return Comparison(n, found, sum(other < improved for other in others), len(others))


def milestones(course: Course, days: Sequence[date], today: date) -> list[Milestone]:
    """Return the milestones of a course with their decisions; one made after another session stands on its own."""
    made = {review.after_session: review for review in course.milestone_reviews.select_related("decided_by")}
    planned = course.planned_sessions
    numbers = milestones_of(course.protocol.milestones, planned)
    waits = due(len(days), course.protocol.milestones, planned, made) if waits_for_review(course, today) else None
    return [
        Milestone(
            number,
            days[number - 1] if number <= len(days) else None,
            made.get(number),
            is_due=number == waits,
            is_end=number == planned,
        )
        for number in sorted({*numbers, *made})
    ]
