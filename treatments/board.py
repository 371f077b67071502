"""Today's board: who comes, how far they are, and the one thing to do next for each."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Exists, Max, OuterRef, Prefetch
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from clinic.models import Location, Room, User
from patients.models import Allergy, Consent, ConsentForm, Screening
from treatments.actions.appointments import choose_room
from treatments.areas import areas_in_words
from treatments.models import Appointment, Course, Session, SideEffect, WorkingCopy
from treatments.progress import Progress, progress

Status = Appointment.Status
COLUMNS = [Status.BOOKED, Status.ARRIVED, Status.IN_ROOM, Status.DONE]


@dataclass
class Card:
    """One appointment on the board."""

    appointment: Appointment
    now: datetime
    open_reactions: list[SideEffect] = field(default_factory=list)
    is_longest: bool = False
    room: Room | None = None  # where to take the patient: the room booked, or another while that is taken
    lacks: list[str] = field(default_factory=list)  # what signing will ask for before the session: consent, screening
    copy: WorkingCopy | None = None  # what somebody typed of the next session and did not save

    @property
    def log_url(self) -> str:
        """Return where a reaction that the patient tells of is logged; empty before the first session.

        After the session of this appointment there is one, else after the patient's latest.
        """
        if self.session:
            return reverse("side-effect-new", args=[self.session.public_id])
        if not self.appointment.was_treated or self.appointment.status == Status.BOOKED:  # type: ignore[attr-defined]
            return ""
        return reverse("patient-side-effect-new", args=[self.appointment.patient.public_id])

    @cached_property
    def progress(self) -> Progress | None:
        course = self.appointment.course
        return progress(course, course.location.today(self.now)) if course else None

    @property
    def what(self) -> str:
        """Return what is treated and where: "Cellulite, front thigh left and right"."""
        course = self.appointment.course
        kind = str(self.appointment.get_kind_display())
        if course is None:
            return kind
        areas = areas_in_words(course.areas.all(), short=True)
        what = f"{course.protocol.indication.name}, {areas[:1].lower()}{areas[1:]}"
        if self.appointment.kind == Appointment.Kind.SESSION:
            return what
        return f"{kind}, {what[:1].lower()}{what[1:]}"

    @property
    def allergies(self) -> list[Allergy]:
        return list(self.appointment.patient.allergies.all())

    @property
    def prolonged(self) -> list[SideEffect]:
        return [effect for effect in self.open_reactions if effect.clock.over(self.now) > timedelta(0)]

    @property
    def waiting_minutes(self) -> int | None:
        """Return the minutes since the patient was due and here; None before the time of the appointment."""
        arrived = self.appointment.arrived_at
        if arrived is None:
            return None
        since = max(arrived, self.appointment.starts_at)
        return max(int((self.now - since).total_seconds() // 60), 0) if self.now >= since else None

    @property
    def is_late(self) -> bool:
        return self.appointment.status == Status.BOOKED and self.now > self.appointment.starts_at + timedelta(
            minutes=10
        )

    @property
    def session(self) -> Session | None:
        return next(iter(self.appointment.sessions.all()), None)

    @property
    def is_lapsed(self) -> bool:
        course = self.appointment.course
        return course is not None and course.is_running and self.progress is not None and self.progress.is_lapsed

    @property
    def logs_session(self) -> bool:
        course = self.appointment.course
        kinds = {Appointment.Kind.SESSION, Appointment.Kind.FOLLOW_UP}
        return course is not None and self.appointment.kind in kinds and course.status != Course.Status.PAUSED


@dataclass(frozen=True)
class Column:
    status: str
    label: str
    cards: list[Card]


@dataclass(frozen=True)
class Board:
    columns: list[Column]
    fallen: list[Card]
    total: int

    @property
    def done(self) -> int:
        return len(self.columns[-1].cards)


def board(location: Location, now: datetime, *, of: User | None = None) -> Board:
    """Return the day's board at a location, or one person's (`of`), in as many queries for one card as for sixty."""
    appointments = (
        Appointment.objects.on(location.today(now), location)
        .for_board()
        .prefetch_related(
            Prefetch("course", Course.objects.for_page()),
            Prefetch("patient__allergies", Allergy.objects.in_force()),
            Prefetch("sessions", Session.objects.standing()),
        )
    )
    if of is not None:
        appointments = appointments.of_practitioner(of)
    treated = Session.objects.standing().filter(course__patient=OuterRef("patient"))
    cards = [Card(appointment, now) for appointment in appointments.annotate(was_treated=Exists(treated))]
    add_open_reactions(cards)
    add_working_copies(cards)
    add_lacks(cards, location, now)
    mark_longest(cards)
    choose_rooms(cards, location)
    columns = [
        Column(status, str(status.label), [card for card in cards if card.appointment.status == status])
        for status in COLUMNS
    ]
    fallen = [card for card in cards if not card.appointment.is_standing]
    return Board(columns, fallen, len(cards) - len(fallen))


def add_open_reactions(cards: list[Card]) -> None:
    found: dict[int, list[SideEffect]] = {}
    patients = [card.appointment.patient for card in cards]
    for effect in SideEffect.objects.of_patients(patients).standing().open().for_list():
        found.setdefault(effect.session.course.patient_id, []).append(effect)
    for card in cards:
        card.open_reactions = found.get(card.appointment.patient_id, [])


def add_working_copies(cards: list[Card]) -> None:
    courses = [card.appointment.course_id for card in cards if card.appointment.course_id]
    copies = WorkingCopy.objects.open().filter(course__in=courses, session=None).select_related("typed_by")
    found = {copy.course_id: copy for copy in copies}
    for card in cards:
        card.copy = found.get(card.appointment.course_id or 0)


def add_lacks(cards: list[Card], location: Location, now: datetime) -> None:
    """Say of whom no consent to the treatment is in force, and who was not screened in time: two queries."""
    waiting = [card for card in cards if card.logs_session and card.appointment.status != Status.DONE]
    patients = [card.appointment.patient_id for card in waiting]
    consents = Consent.objects.in_force(now).for_purpose(ConsentForm.Purpose.TREATMENT)
    agreed = set(consents.filter(patient__in=patients).values_list("patient", flat=True))
    screenings = Screening.objects.in_force().full().filter(patient__in=patients).order_by()
    screened = dict(screenings.values_list("patient").annotate(last=Max("answered_at")))
    for card in waiting:
        course, patient = card.appointment.course, card.appointment.patient_id
        if course is None:
            continue
        if patient not in agreed:
            card.lacks.append(_("No consent"))
        last = screened.get(patient)
        valid = timedelta(days=course.protocol.screening_days)
        day, today = location.local(last).date() if last else None, location.today(now)
        if day is None or today > day + valid or course.needs_screening_anew(day, today):
            card.lacks.append(_("To screen"))


def mark_longest(cards: list[Card]) -> None:
    """Ring the one who waits longest, if anyone does."""
    waiting = [card for card in cards if card.appointment.status == Status.ARRIVED and card.waiting_minutes]
    if waiting:
        max(waiting, key=lambda card: card.waiting_minutes or 0).is_longest = True


def choose_rooms(cards: list[Card], location: Location) -> None:
    """Say for each who waits which room is free, the one booked first."""
    taken = {card.appointment.room_id for card in cards if card.appointment.status == Status.IN_ROOM}
    rooms = list(location.rooms.all())
    for card in cards:
        card.room = choose_room(card.appointment.room, rooms, taken=taken)
