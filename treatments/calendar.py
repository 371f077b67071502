"""The calendar as its pages show it: columns of a day or of a week, appointments as blocks on the clock of the place.

The clock is drawn in rows of five minutes. A block says its row and its length by classes (`calendar_rows.css`), for
the pages carry no inline style.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.db.models import Prefetch
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from clinic.models import Location, Room, User
from treatments.models import Appointment, Course
from treatments.obstacles import Timetable, local_stretch, timetable
from treatments.progress import Progress, progress
from treatments.rules.hours import A_DAY, WHOLE_DAY, Stretch, lanes, meet

HIDES_NAMES = "calendar-hides-names"  # in the session of somebody at a desk that patients look at
ROW = 5  # minutes
SLOT = 30  # minutes: what one tap on a free hour books from
AN_HOUR = 60
MOST_LANES = 4
FIRST_TO_LAST = Stretch(8 * AN_HOUR, 18 * AN_HOUR)  # shown at least
WEEK = 7


@dataclass(frozen=True)
class Place:
    """Where something stands in a column: its first row and how many it takes, counted from the top of the axis."""

    row: int
    rows: int

    @classmethod
    def of(cls, stretch: Stretch, axis: Stretch) -> "Place":
        first, last = (stretch.start - axis.start) // ROW, -((axis.start - stretch.end) // ROW)
        return cls(first, max(last - first, 1))

    @property
    def classes(self) -> str:
        return f"t{self.row} d{self.rows}"


@dataclass
class Block:
    """One appointment in the calendar."""

    appointment: Appointment
    day: date
    stretch: Stretch
    now: datetime
    place: Place = field(default_factory=lambda: Place(0, 1))
    lane: int = 1
    lanes: int = 1

    @cached_property
    def progress(self) -> Progress | None:
        course = self.appointment.course
        return progress(course, course.location.today(self.now)) if course else None

    @property
    def starts(self) -> datetime:
        return self.appointment.location.local(self.appointment.starts_at)

    @property
    def ends(self) -> datetime:
        return self.appointment.location.local(
            self.appointment.starts_at + timedelta(minutes=self.appointment.minutes)
        )

    @property
    def what(self) -> str:
        """Return what is done: the protocol where there is one, with the kind unless it is a session."""
        course, kind = self.appointment.course, str(self.appointment.get_kind_display())
        if course is None:
            return kind
        is_session = self.appointment.kind == Appointment.Kind.SESSION
        return str(course.protocol) if is_session else f"{kind}, {course.protocol}"

    @property
    def can_move(self) -> bool:
        return self.appointment.status == Appointment.Status.BOOKED

    @property
    def is_low(self) -> bool:
        """Say whether the block is too low for a second line."""
        return self.place.rows < AN_HOUR // 2 // ROW

    @property
    def classes(self) -> str:
        lane = f" of{self.lanes}-{self.lane}" if self.lanes > 1 else ""
        short = " is-low" if self.is_low else ""
        return f"{self.place.classes}{lane}{short} is-{self.appointment.status}"


@dataclass(frozen=True)
class FreeSlot:
    """Half an hour that one tap books from: `starts` as the form reads it."""

    starts: str
    clock: str
    place: Place


@dataclass
class Column:
    """One practitioner, room or day; `key` is what moving there sends, empty where nobody is moved to."""

    key: str
    title: str
    note: str
    day: date
    blocks: list[Block]
    closed: list[Place] = field(default_factory=list)
    free: list[FreeSlot] = field(default_factory=list)
    query: str = ""  # what booking here sends beside the hour
    person: int | None = None  # whose hours they are, by key; else the place's
    is_today: bool = False
    now_row: int | None = None


@dataclass(frozen=True)
class HourOfAgenda:
    clock: str
    blocks: list[Block]


@dataclass
class Calendar:
    """What one page of the calendar shows."""

    location: Location
    first: date
    last: date
    columns: list[Column]
    blocks: list[Block]
    fallen: list[Appointment]
    axis: Stretch

    @property
    def hours(self) -> list[tuple[str, Place]]:
        return [
            (f"{minute // AN_HOUR:02d}:00", Place.of(Stretch(minute, minute + AN_HOUR), self.axis))
            for minute in range(self.axis.start, self.axis.end, AN_HOUR)
        ]

    @property
    def rows(self) -> int:
        return (self.axis.end - self.axis.start) // ROW

    @property
    def done(self) -> int:
        return sum(block.appointment.status == Appointment.Status.DONE for block in self.blocks)

    @property
    def agenda(self) -> list[HourOfAgenda]:
        """Return the blocks by the hour they begin in: the same day as a list, for phones and paper."""
        by_hour: dict[int, list[Block]] = {}
        for block in self.blocks:
            by_hour.setdefault(block.stretch.start // AN_HOUR, []).append(block)
        return [HourOfAgenda(f"{hour:02d}:00", blocks) for hour, blocks in sorted(by_hour.items())]

    @property
    def days(self) -> list[tuple[date, list[Block]]]:
        """Return the blocks day by day, days without any included."""
        days = [self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1)]
        return [(day, [block for block in self.blocks if block.day == day]) for day in days]


def day_calendar(location: Location, day: date, now: datetime, *, by_room: bool = False) -> Calendar:
    """Return one day by practitioner or by room, in as many queries for one appointment as for sixty."""
    table = timetable(location, day, day)
    blocks, fallen = read(location, day, day, now)
    columns = by_rooms(location, day, blocks) if by_room else by_practitioners(table, day, blocks)
    return laid_out(Calendar(location, day, day, columns, blocks, fallen, FIRST_TO_LAST), table, now)


def week_calendar(location: Location, day: date, now: datetime, *, of: User | None = None) -> Calendar:
    """Return the week of a day, from Monday, of everyone or of one person: a column a day."""
    monday = day - timedelta(days=day.weekday())
    sunday = monday + timedelta(days=WEEK - 1)
    table = timetable(location, monday, sunday)
    blocks, fallen = read(location, monday, sunday, now, of=of)
    columns = [
        Column(
            key=str(of.public_id) if of else "",
            title="",
            note=closed_note(table, each, of.pk if of else None),
            day=each,
            blocks=[block for block in blocks if block.day == each],
            query=f"with={of.public_id}" if of else "",
            person=of.pk if of else None,
        )
        for each in (monday + timedelta(days=number) for number in range(WEEK))
    ]
    return laid_out(Calendar(location, monday, sunday, columns, blocks, fallen, FIRST_TO_LAST), table, now)


def read(
    location: Location, first: date, last: date, now: datetime, *, of: User | None = None
) -> tuple[list[Block], list[Appointment]]:
    """Return the appointments that stand, as blocks in order, and those that fell."""
    start, end = location.span(first)[0], location.span(last)[1]
    courses = Course.objects.select_related("protocol", "location").with_progress()
    appointments = Appointment.objects.filter(location=location, starts_at__gte=start, starts_at__lt=end)
    if of is not None:
        appointments = appointments.of_practitioner(of)
    appointments = appointments.for_board().prefetch_related(Prefetch("course", courses))
    blocks, fallen = [], []
    for each in appointments:
        each.location = location
        if each.is_standing:
            blocks.append(Block(each, *local_stretch(location, each.starts_at, each.minutes), now))
        else:
            fallen.append(each)
    return blocks, fallen


def by_practitioners(table: Timetable, day: date, blocks: list[Block]) -> list[Column]:
    """Return a column for everyone who treats here and works that day, and for whoever is booked all the same."""
    booked = {block.appointment.practitioner_id: block.appointment.practitioner for block in blocks}
    here = {
        user.pk: user
        for user in User.objects.treating_at(table.location)
        if user.pk not in table.has_hours or table.hours_on(day, user.pk)
    }
    people = sorted((here | booked).values(), key=lambda user: (user.last_name, user.first_name, user.pk))
    return [
        Column(
            key=str(user.public_id),
            title=user.get_full_name(),
            note=closed_note(table, day, user.pk),
            day=day,
            blocks=[block for block in blocks if block.appointment.practitioner_id == user.pk],
            query=f"with={user.public_id}",
            person=user.pk,
        )
        for user in people
    ]


def by_rooms(location: Location, day: date, blocks: list[Block]) -> list[Column]:
    """Return a column for each room, and one for those without while there are any."""
    rooms: list[Room | None] = [*location.rooms.all()]
    if not rooms or any(block.appointment.room_id is None for block in blocks):
        rooms.append(None)
    return [
        Column(
            key=str(room.pk) if room else "none",
            title=str(room) if room else _("No room"),
            note="",
            day=day,
            blocks=[block for block in blocks if block.appointment.room_id == (room.pk if room else None)],
            query=f"room={room.pk}" if room else "",
        )
        for room in rooms
    ]


def closed_note(table: Timetable, day: date, person: int | None) -> str:
    """Return why a column is closed or somebody away, if they are; else that they have no hours."""
    closures = table.closures_on(day, person)
    if closures:
        return ", ".join(each.reason for each in closures)
    return "" if table.hours_on(day, person) else _("No hours")


def laid_out(calendar: Calendar, table: Timetable, now: datetime) -> Calendar:
    """Give the calendar its axis, every block its place and every column what is closed and what is free in it."""
    calendar.axis = axis = axis_of(calendar, table)
    local = calendar.location.local(now)
    for column in calendar.columns:
        place_blocks(column.blocks, axis)
        shut = table.closed_on(column.day, column.person)
        column.closed = [Place.of(seen, axis) for each in shut if (seen := within(each, axis))]
        column.free = free_slots(column, axis, local)
        column.is_today = column.day == local.date()
        minute = local.hour * AN_HOUR + local.minute
        if column.is_today and axis.start <= minute < axis.end:
            column.now_row = (minute - axis.start) // ROW
    return calendar


def axis_of(calendar: Calendar, table: Timetable) -> Stretch:
    """Return the whole hours that hold every appointment and all hours of work, and a working day at least."""
    seen = [FIRST_TO_LAST, *(block.stretch for block in calendar.blocks)]
    for column in calendar.columns:
        seen += [each for each in table.hours_on(column.day, column.person) if each != WHOLE_DAY]
    first = min(each.start for each in seen) // AN_HOUR * AN_HOUR
    last = -(-max(each.end for each in seen) // AN_HOUR) * AN_HOUR
    return Stretch(first, min(last, A_DAY))


def within(stretch: Stretch, axis: Stretch) -> Stretch | None:
    start, end = max(stretch.start, axis.start), min(stretch.end, axis.end)
    return Stretch(start, end) if start < end else None


def place_blocks(blocks: list[Block], axis: Stretch) -> None:
    for block, (lane, count) in zip(blocks, lanes([block.stretch for block in blocks]), strict=True):
        block.place = Place.of(block.stretch, axis)
        # More than four side by side cannot be read: the rest share the last lane, one over the other.
        block.lane, block.lanes = min(lane, MOST_LANES), min(count, MOST_LANES)


def free_slots(column: Column, axis: Stretch, local: datetime) -> list[FreeSlot]:
    """Return the half hours ahead in which nothing of the column stands."""
    slots = []
    for minute in range(axis.start, axis.end, SLOT):
        stretch = Stretch(minute, minute + SLOT)
        hour = time(minute // AN_HOUR, minute % AN_HOUR)
        is_past = (column.day, hour) <= (local.date(), local.time())
        if is_past or any(meet(stretch, block.stretch) for block in column.blocks):
            continue
        starts = f"{column.day.isoformat()}T{hour:%H:%M}"
        slots.append(FreeSlot(starts, f"{hour:%H:%M}", Place.of(stretch, axis)))
    return slots
