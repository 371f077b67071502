"""An hour that is free again, and who of the waiting list could come to it.

However many hours and people there are, the same few queries answer.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from clinic.models import Location, Room, User
from treatments.models import Appointment, Session, Waiting, WaitingOffer
from treatments.obstacles import Timetable, timetable
from treatments.rules.waiting import Slot, Turn, Wish, misfit

MOST_ASKED = 200  # people of one place whom a free hour is held against: those who come first
MOST_HOURS = 200  # cancelled, and as many that were left, of which a list of free hours is made: the soonest
MOST_OPENINGS = 12
AHEAD = timedelta(days=14)  # how far the page of the waiting list looks for free hours, a default of ours
A_DAY = timedelta(days=1)
Outcome = WaitingOffer.Outcome


@dataclass(frozen=True)
class Opening:
    """A stretch of a practitioner's time that somebody gave up."""

    location: Location
    starts_at: datetime
    minutes: int
    practitioner: User
    room: Room | None = None

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.minutes)

    @property
    def slot(self) -> Slot:
        return Slot(self.location.local(self.starts_at), self.minutes, self.practitioner.pk)

    @property
    def in_words(self) -> str:
        """Return "Tuesday 9 December, 10:00, 30 minutes with Dr Moreau"."""
        return _("%(start)s, %(minutes)s minutes with %(name)s") % {
            "start": date_format(self.location.local(self.starts_at), "l j F, H:i"),
            "minutes": self.minutes,
            "name": self.practitioner.get_full_name(),
        }

    @property
    def asked(self) -> dict[str, str | int]:
        """Return the hour as an address and a form say it."""
        said: dict[str, str | int] = {
            "starts": self.location.local(self.starts_at).strftime("%Y-%m-%dT%H:%M"),
            "minutes": self.minutes,
            "with": str(self.practitioner.public_id),
            "at": str(self.location.public_id),
        }
        return said | ({"room": self.room.pk} if self.room else {})

    def meets(self, other: Appointment) -> bool:
        return self.starts_at < other.over_at and other.starts_at < self.ends_at


def opening_of(appointment: Appointment) -> Opening:
    """Return the hour that an appointment takes, or took."""
    return Opening(
        appointment.location,
        appointment.starts_at,
        appointment.minutes,
        appointment.practitioner,
        appointment.room,
    )


@dataclass(frozen=True)
class Candidate:
    """Somebody who could come to an hour. `token` lets each button do its act once, however often it is tapped."""

    waiting: Waiting
    opening: Opening
    offers: list[WaitingOffer]  # of this hour, the latest first
    asking: WaitingOffer | None  # on whatever hour
    token: uuid.UUID = field(default_factory=uuid.uuid4)

    @property
    def turn(self) -> Turn:
        in_vain = sum(offer.outcome == Outcome.NO_ANSWER for offer in self.offers)
        return Turn(self.waiting.need, in_vain, self.waiting.joined_at, self.waiting.pk)

    @property
    def latest(self) -> WaitingOffer | None:
        return self.offers[0] if self.offers else None

    @property
    def said_no(self) -> bool:
        return any(offer.outcome == Outcome.DECLINED for offer in self.offers)


class WaitingRoom:
    """All who wait at a place, read once, with what is booked around some hours."""

    def __init__(self, location: Location, openings: Sequence[Opening], user: User, now: datetime) -> None:
        self.location, self.openings, self.now = location, openings, now
        rows = Waiting.objects.visible_to(user).at(location).with_facts().waiting(now, location.today(now))
        self.waitings = list(rows.for_list().by_turn()[:MOST_ASKED]) if openings else []

    @cached_property
    def days(self) -> dict[int, list[tuple[date, int | None]]]:
        """Return the days of sessions by course, given and booked, each with the key of its appointment."""
        courses = {each.course_id: each.course for each in self.waitings if each.kind == Appointment.Kind.SESSION}
        keys = [key for key in courses if key]
        given = Session.objects.standing().filter(course__in=keys).values_list("course", "performed_at")
        booked = Appointment.objects.planned().filter(course__in=keys, kind=Appointment.Kind.SESSION)
        days: dict[int, list[tuple[date, int | None]]] = defaultdict(list)
        for course, moment in given:
            days[course].append((self.location.local(moment).date(), None))
        for course, moment, appointment in booked.values_list("course", "starts_at", "pk"):
            days[course].append((self.location.local(moment).date(), appointment))
        return days

    @cached_property
    def taken(self) -> list[Appointment]:
        """Return what stands around the hours, of those who wait and of those who are free then."""
        moments = [each.starts_at for each in self.openings]
        around = Appointment.objects.standing().filter(
            starts_at__gt=min(moments) - A_DAY, starts_at__lt=max(moments) + A_DAY
        )
        patients = [each.patient_id for each in self.waitings]
        people = [each.practitioner.pk for each in self.openings]
        return list(around.filter(Q(patient__in=patients) | Q(practitioner__in=people)))

    @cached_property
    def table(self) -> Timetable:
        days = [self.location.local(each.starts_at).date() for each in self.openings]
        return timetable(self.location, min(days), max(days))

    def is_free(self, opening: Opening) -> bool:
        """Say whether nobody took the hour meanwhile, and it is still ahead."""
        return opening.starts_at > self.now and not self.takes("practitioner_id", opening.practitioner.pk, opening)

    def takes(self, field_name: str, key: int, opening: Opening, but: int | None = None) -> bool:
        """Say whether an appointment, other than one, takes a person at some moment of an hour."""
        return any(getattr(each, field_name) == key and each.pk != but and opening.meets(each) for each in self.taken)

    def fitting(self, opening: Opening) -> list[Candidate]:
        """Return who could come to an hour, whom to ask first at the top; nobody once it is taken."""
        if not self.waitings or not self.is_free(opening):
            return []
        found = [self.candidate(each, opening) for each in self.waitings if self.could_come(each, opening)]
        return sorted(found, key=lambda each: each.turn)

    def could_come(self, waiting: Waiting, opening: Opening) -> bool:
        if waiting.is_on_hold or misfit(self.wish(waiting), opening.slot, self.now):
            return False
        if self.table.against(opening.starts_at, waiting.length, opening.practitioner):
            return False
        own = Opening(opening.location, opening.starts_at, waiting.length, opening.practitioner)
        return not self.takes("patient_id", waiting.patient_id, own, but=waiting.appointment_id)

    def candidate(self, waiting: Waiting, opening: Opening) -> Candidate:
        every = waiting.offers.all()
        own = [each for each in every if each.is_of(opening.starts_at, opening.practitioner.pk)]
        return Candidate(waiting, opening, own, asking_now(every, self.now))

    def wish(self, waiting: Waiting) -> Wish:
        days = self.days.get(waiting.course_id or 0, []) if waiting.kind == Appointment.Kind.SESSION else []
        return Wish(
            from_on=waiting.from_on,
            until_on=waiting.until_on,
            weekdays=waiting.weekdays,
            parts=waiting.parts,
            practitioner=waiting.practitioner_id,
            minutes=waiting.length,
            notice=waiting.notice,
            instead_of=waiting.appointment.starts_at if waiting.appointment else None,
            session_days=[day for day, key in days if key is None or key != waiting.appointment_id],
            least_days=waiting.course.protocol.interval_days_min if waiting.course else 0,
        )


def asking_now(offers: Iterable[WaitingOffer], now: datetime) -> WaitingOffer | None:
    """Return the latest of the offers while it is a call that goes on; they are given the latest first."""
    latest = next(iter(offers), None)
    return latest if latest and latest.is_asking(now) else None


def treated_still(location: Location, openings: Sequence[Opening]) -> list[Opening]:
    """Return the hours of those who treat at a place still: of nobody else can an hour be given."""
    treating = set(User.objects.treating_at(location).values_list("pk", flat=True))
    return [each for each in openings if each.practitioner.pk in treating]


def given_up(location: Location, now: datetime) -> list[Opening]:
    """Return the hours of the next two weeks that were cancelled or left at a place, soonest first, each once.

    Those of somebody who treats there no more are nobody's.
    """
    ahead = Q(
        location=location,
        practitioner__in=User.objects.treating_at(location).values("pk"),
        starts_at__gt=now,
        starts_at__lt=now + AHEAD,
    )
    found: dict[tuple[datetime, int], Opening] = {}
    for rows in (cancelled(ahead), left(ahead)):
        for each in rows.select_related("practitioner", "room")[:MOST_HOURS]:
            each.location = location
            found.setdefault((each.starts_at, each.practitioner_id), opening_of(each))
    return sorted(found.values(), key=lambda each: each.starts_at)


def cancelled(ahead: Q) -> QuerySet:
    rows = Appointment.objects.filter(ahead, status=Appointment.Status.CANCELLED)
    return rows.order_by("starts_at", "-minutes", "pk")


def left(ahead: Q) -> QuerySet:
    """Return, from the history, where appointments stood that were moved: of each hour its latest version alone.

    An hour that was cancelled as well is left to `cancelled`, so that neither crowds the other out.
    """
    hour = {"practitioner": OuterRef("practitioner"), "starts_at": OuterRef("starts_at")}
    here = hour | {"location": OuterRef("location")}
    taken = Appointment.objects.standing().filter(**hour)
    fallen = Appointment.objects.filter(**here, status=Appointment.Status.CANCELLED)
    stood = Appointment.history.filter(status=Appointment.Status.BOOKED)
    later = stood.filter(**here, history_id__gt=OuterRef("history_id"))
    return stood.filter(ahead, ~Exists(taken), ~Exists(fallen), ~Exists(later)).order_by("starts_at", "history_id")
