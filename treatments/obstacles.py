"""What stands against an hour beside who is taken by it: closed, away, outside the hours, too soon after the last.

None of it is refused for good: a person may book all the same, with a reason that is kept.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.models import Closure, Location, User, Weekday, WorkingHours
from treatments.models import Appointment, Course
from treatments.rules.hours import (
    A_DAY,
    WHOLE_DAY,
    Stretch,
    closed_of_day,
    lies_within,
    meet,
    merged,
    minute_of,
    without,
)


@dataclass(frozen=True)
class Timetable:
    """The hours and closures of a place and its people over some days, read once: two queries."""

    location: Location
    hours: dict[tuple[int | None, int], list[Stretch]]  # by person (None: the place) and weekday
    has_hours: frozenset[int | None]
    closures: list[Closure]

    def open_on(self, day: date, person: int | None = None) -> list[Stretch]:
        """Return when the place, or a person (a key) there, can be booked on a day, closures taken out."""
        closed = [span_of(each, day) for each in self.closures_on(day, person)]
        return without(self.hours_on(day, person), closed)

    def closed_on(self, day: date, person: int | None = None) -> list[Stretch]:
        return closed_of_day(self.open_on(day, person))

    def hours_on(self, day: date, person: int | None = None) -> list[Stretch]:
        """Return the weekly hours of a day; a person without any works the place's, a place without any is open."""
        if person in self.has_hours:
            return merged(self.hours.get((person, day.weekday()), []))
        if None in self.has_hours:
            return merged(self.hours.get((None, day.weekday()), []))
        return [WHOLE_DAY]

    def closures_on(self, day: date, person: int | None = None) -> list[Closure]:
        """Return the closures of the place, and the absences of a person, on a day."""
        return [
            each
            for each in self.closures
            if each.first_on <= day <= each.last_on
            and (each.location_id == self.location.pk or (person is not None and each.practitioner_id == person))
        ]

    def works_on(self, day: date, person: int) -> bool:
        """Say whether a person has hours of their own on a day and is not away all of it."""
        return person in self.has_hours and bool(self.open_on(day, person))

    def against(self, starts_at: datetime, minutes: int, practitioner: User) -> list[str]:
        """Return in words what stands against an appointment: closures first, else the hours it falls out of."""
        day, stretch = local_stretch(self.location, starts_at, minutes)
        said = [
            self._closed_in_words(each, day)
            for each in self.closures_on(day, practitioner.pk)
            if meet(span_of(each, day), stretch)
        ]
        if said:
            return said
        for person, name in ((None, self.location.name), (practitioner.pk, practitioner.get_full_name())):
            hours = self.hours_on(day, person)
            if not lies_within(stretch, hours):
                return [hours_in_words(name, day, hours)]
        return []

    def _closed_in_words(self, closure: Closure, day: date) -> str:
        named = {
            "name": closure.practitioner or self.location,
            "day": date_format(day, "j M Y"),
            "why": closure.reason,
        }
        if closure.practitioner_id:
            return _("%(name)s is away on %(day)s: %(why)s.") % named
        return _("%(name)s is closed on %(day)s: %(why)s.") % named


def timetable(location: Location, first: date, last: date) -> Timetable:
    """Read the hours of a place and what is otherwise from `first` to `last`, both included."""
    hours: dict[tuple[int | None, int], list[Stretch]] = defaultdict(list)
    for row in WorkingHours.objects.at(location):
        hours[row.practitioner_id, row.weekday].append(Stretch(minute_of(row.from_time), minute_of(row.to_time)))
    return Timetable(
        location,
        dict(hours),
        frozenset(person for person, _weekday in hours),
        list(Closure.objects.touching(location).between(first, last)),
    )


def span_of(closure: Closure, day: date) -> Stretch:
    """Return the part of a day that a closure takes."""
    if closure.from_time is None or closure.to_time is None:
        return WHOLE_DAY
    return Stretch(minute_of(closure.from_time), minute_of(closure.to_time))


def local_stretch(location: Location, starts_at: datetime, minutes: int) -> tuple[date, Stretch]:
    """Return the local day of an appointment and the part of it that it takes; what passes midnight is cut off."""
    start = location.local(starts_at)
    first = minute_of(start.time())
    return start.date(), Stretch(first, min(first + minutes, A_DAY))


def hours_in_words(name: str, day: date, hours: list[Stretch]) -> str:
    weekday = Weekday(day.weekday()).label
    if not hours:
        return _("%(name)s has no hours on a %(weekday)s.") % {"name": name, "weekday": weekday}
    spans = ", ".join(f"{in_clock(each.start)}–{in_clock(each.end)}" for each in hours)
    return _("%(name)s has hours on a %(weekday)s from %(spans)s only.") % {
        "name": name,
        "weekday": weekday,
        "spans": spans,
    }


def in_clock(minute: int) -> str:
    """Return a minute of the day as on the wall: "09:05", and "24:00" for its end."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def too_soon(course: Course, day: date, others: Iterable[date]) -> str:
    """Return in words that a session on `day` is nearer to another than the protocol's interval, else nothing.

    The interval is a setting of the protocol (design rule 1). `others` are the days of the course's other sessions,
    given and booked.
    """
    least = course.protocol.interval_days_min
    near = [other for other in others if abs((day - other).days) < least]
    if not near:
        return ""
    other = min(near, key=lambda each: abs((day - each).days))
    days = abs((day - other).days)
    words = ngettext(
        "%(days)s day from the session of %(other)s. The protocol wants at least %(least)s.",
        "%(days)s days from the session of %(other)s. The protocol wants at least %(least)s.",
        days,
    )
    return words % {"days": days, "other": date_format(other, "j M Y"), "least": least}


def session_days(course: Course, *, but: Iterable[Appointment] = ()) -> list[date]:
    """Return the days of a course's sessions at its place, given and booked, without some: two queries."""
    given = course.sessions.standing().values_list("performed_at", flat=True)
    booked = Appointment.objects.planned().filter(course=course, kind=Appointment.Kind.SESSION)
    booked = booked.exclude(pk__in=[each.pk for each in but if each.pk])
    moments = [*given, *booked.values_list("starts_at", flat=True)]
    return sorted({course.day_of(moment) for moment in moments})


def against(appointment: Appointment, *, but: Iterable[Appointment] = ()) -> list[str]:
    """Return in words all that stands against an appointment at its hour, beside who is taken.

    `but` are appointments as they are about to be: their new days count, not those stored.
    """
    location, start = appointment.location, appointment.starts_at
    day = location.local(start).date()
    said = timetable(location, day, day).against(start, appointment.minutes, appointment.practitioner)
    if appointment.kind == Appointment.Kind.SESSION and appointment.course:
        course = appointment.course
        others = [each for each in but if each is not appointment]
        days = [
            *session_days(course, but=[appointment, *others]),
            *(course.day_of(each.starts_at) for each in others if each.course_id == course.pk),
        ]
        said = [*said, *filter(None, [too_soon(course, day, days)])]
    return said
