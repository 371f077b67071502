"""A clinic of four places after four years, drawn by a seeded dice; each chunk of patients with all that is theirs."""

import random
import uuid
from collections import defaultdict
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

from dateutil.relativedelta import relativedelta
from django.db import transaction
from tqdm import tqdm

from clinic.models import Location, User
from clinic.roles import Role
from patients.models import Allergy, Consent, Patient, RecordNumberSeries, Screening, ScreeningAnswer
from tests.benchmarks.given import Papers, Shelves, day_before, injections
from treatments.models import (
    Appointment,
    ContactAttempt,
    Course,
    FollowUp,
    Injection,
    Lot,
    Protocol,
    Session,
    SideEffect,
    SideEffectKind,
)

CHUNK = 2_000
BATCH = 1_000
YEARS = 4
SLOT_MINUTES, SLOTS = 5, 288  # of a day: nobody is booked twice, and a few people see very many
TODAY_AT_EACH = 48  # appointments on the board of a place
PLACES = [
    ("Harbour Street", "America/Los_Angeles", "US", "USD"),
    ("Lindenhof", "Europe/Berlin", "DE", "EUR"),
    ("Mill Road", "Europe/London", "GB", "GBP"),
    ("Quai Nord", "Europe/Paris", "FR", "EUR"),
]
NAMES = """
Maria Anna Sofia Elena Laura Julia Nina Clara Emma Alice Ruth Ines Amara Yuki Leila Fatima Olga Petra Rosa Ada
Marta Carmen Zoe Hanna Eva Irena Lucia Mina Noor Aisha Jan Peter Omar Luis Ivan Karl Tom Ali Marc Paul
"""
FIRST = "Ber Kal Mon Tor Van Win Har Lin Sal Dor Fer Gal Pet Ros Mar Bel Cas Del Est Ok Nak Zam Hol Jor Lev Rud"
MIDDLE = "a e i o an en on er ar el il ov ing und ber mont kam"
LAST = "son sen ski ez ova berg stein mann dale ton elli eau ura ando ic es ak man ford by"
MAY_BOTHER = ("swelling", "bruising", "pain", "erythema", "burning", "pruritus", "discolouration")


class BigClinic:
    def __init__(self, patients, *, seed, today):
        self.size = patients
        self.today = today
        self.now = datetime.combine(today, time(12), UTC)
        self.dice = random.Random(seed)  # noqa: S311 -- a dice, no secret
        self.kept = defaultdict(int)  # by person and day: one bit for each slot that is taken
        self.phones = iter(self.dice.sample(range(2_000_000, 10_000_000), patients))

    def fill(self):
        self.places = [
            Location.objects.create(name=name, time_zone=zone, country_code=country, currency=currency)
            for name, zone, country, currency in PLACES
        ]
        self.doctors = [self.colleague(place, Role.CLINICIAN) for place in self.places]
        self.nurses = [self.colleague(place, Role.STAFF) for place in self.places]
        self.protocols = list(Protocol.objects.prefetch_related("areas"))
        kinds = SideEffectKind.objects.all()
        self.usual = [kind for kind in kinds if kind.code in MAY_BOTHER]
        self.graver = [kind for kind in kinds if kind.always_review and not kind.is_urgent]
        self.urgent = [kind for kind in kinds if kind.is_urgent]
        self.papers = Papers()
        self.shelves = Shelves(
            self.places, self.nurses, first=self.today - timedelta(days=YEARS * 365), last=self.today
        )
        self.shelves.fill(self.written(self.shelves.rows))
        with tqdm(total=self.size, unit=" patients", unit_scale=True) as bar:
            for first in range(0, self.size, CHUNK):
                size = min(CHUNK, self.size - first)
                self.chunk(size)
                bar.update(size)
        self.todays_board()

    def counts(self):
        models = [Patient, Allergy, Screening, ScreeningAnswer, Consent, Course, Session, Lot, Injection, SideEffect]
        models += [FollowUp, ContactAttempt, Appointment]
        return [(str(model._meta.verbose_name_plural), model.objects.count()) for model in models]

    def colleague(self, place, role):
        number = User.objects.count() + 1
        user = User.objects.create_user(
            f"colleague{number}@clinic.example",
            None,
            role=role,
            title="Dr",
            first_name="Ines",
            last_name=f"Moreau{number}",
        )
        user.locations.set([place])
        return user

    @transaction.atomic
    def chunk(self, size):
        patients = self.written([self.patient(number) for number in RecordNumberSeries.take_many(size)])
        self.written([self.allergy(patient) for patient in patients if self.chance(0.15)])
        courses = self.written([self.course(patient) for patient in patients if self.chance(0.85)])
        self.ask_and_sign(courses)
        sessions = self.treat([session for course in courses for session in self.sessions(course)])
        self.link(Course.areas.through, "course", courses, [course.protocol for course in courses])
        self.written([self.visit(session) for session in sessions])
        self.written([self.side_effect(session) for session in sessions if self.chance(0.3)])
        self.follow_ups(sessions)

    def ask_and_sign(self, courses):
        """Screen everybody in full and let them consent the day before their course."""
        kind = Screening.Kind.FULL
        self.ask([(course.patient, kind, day_before(course), course.location) for course in courses])
        self.written(
            [
                self.papers.consent(course, self.at(course.location, self.nurses), self.public_id())
                for course in courses
            ]
        )

    def ask(self, asked):
        """Write the screenings of (patient, kind, moment, location), with "no" to every question."""
        screenings = self.written(
            [
                self.papers.screening(patient, kind, moment, self.at(location, self.nurses), self.public_id())
                for patient, kind, moment, location in asked
            ]
        )
        self.written([answer for screening in screenings for answer in self.papers.answers(screening)])
        return screenings

    def treat(self, sessions):
        """Write sessions with the screening of the day, their areas, and what was injected there."""
        short = Screening.Kind.SHORT
        screenings = self.ask(
            [(each.course.patient, short, each.performed_at, each.course.location) for each in sessions]
        )
        for session, screening in zip(sessions, screenings, strict=True):
            session.screening = screening
        sessions = self.written(sessions)
        self.link(Session.areas.through, "session", sessions, [session.course.protocol for session in sessions])
        self.written(
            [
                injection
                for session in sessions
                for injection in injections(
                    session,
                    self.areas_of(session.course.protocol),
                    self.shelves.lot_of(session, self.dice),
                )
            ]
        )
        return sessions

    def areas_of(self, protocol):
        return list(protocol.areas.all())[:2]

    def link(self, through, name, rows, protocols):
        self.written(
            [
                through(**{f"{name}_id": row.pk, "treatmentarea_id": area.pk})
                for row, protocol in zip(rows, protocols, strict=True)
                for area in self.areas_of(protocol)
            ]
        )

    def written(self, rows):
        return type(rows[0]).objects.bulk_create(rows, batch_size=BATCH) if rows else rows

    def chance(self, share):
        return self.dice.random() < share

    def public_id(self):
        return uuid.UUID(int=self.dice.getrandbits(128), version=4)

    def patient(self, number):
        place = self.dice.choice(self.places)
        given = self.dice.choice(NAMES.split())
        family = "".join(self.dice.choice(part.split()) for part in (FIRST, MIDDLE, LAST))
        return Patient(
            public_id=self.public_id(),
            record_number=number,
            given_name=given,
            family_name=family,
            birth_date=self.today - timedelta(days=self.dice.randrange(18 * 365, 75 * 365)),
            sex=Patient.Sex.FEMALE if self.chance(0.85) else Patient.Sex.MALE,
            location=place,
            phone=f"+1415{next(self.phones)}",
            email=f"{given}.{family}@patient.example".lower(),
            preferred_channel=self.dice.choice(Patient.Channel.values),
            contact_permission=self.chance(0.8),
            allergies_asked_on=self.today if self.chance(0.8) else None,
            archived_at=self.now if self.chance(0.03) else None,
            deceased_on=self.today if self.chance(0.005) else None,
        )

    def allergy(self, patient):
        return Allergy(
            public_id=self.public_id(),
            patient=patient,
            substance=self.dice.choice(["Lidocaine", "Latex", "Penicillin", "Procaine"]),
            severity=self.dice.choice(Allergy.Severity.values),
        )

    def course(self, patient):
        protocol = self.dice.choice(self.protocols)
        started_on = self.today - timedelta(days=self.dice.randrange(YEARS * 365))
        return Course(
            public_id=self.public_id(),
            patient=patient,
            protocol=protocol,
            planned_sessions=protocol.sessions_min,
            price=protocol.price_min,
            currency=patient.location.currency,
            location=patient.location,
            clinician=self.at(patient.location, self.doctors),
            started_on=started_on,
            status=self.course_status(protocol, started_on),
            status_on=started_on,
            status_reason="",
        )

    def course_status(self, protocol, started_on):
        days = (self.today - started_on).days
        if days > protocol.sessions_min * protocol.interval_days_max:
            return Course.Status.COMPLETED
        return Course.Status.ACTIVE if days else Course.Status.PLANNED

    def at(self, location, colleagues):
        return colleagues[self.places.index(location)]

    def sessions(self, course):
        """Yield the sessions: most people stop before the plan is done."""
        interval = self.dice.randint(course.protocol.interval_days_min, course.protocol.interval_days_max)
        first_at = datetime.combine(course.started_on, time(self.dice.randrange(9, 17), 30), UTC)
        for number in range(self.dice.randint(1, course.planned_sessions)):
            performed_at = first_at + timedelta(days=number * interval)
            if performed_at > self.now:
                return
            is_draft = performed_at > self.now - timedelta(days=5) and self.chance(0.3)
            yield Session(
                public_id=self.public_id(),
                course=course,
                performed_at=performed_at,
                performed_by=self.at(course.location, self.nurses),
                technique=Session.Technique.NAPPAGE,
                weight_kg=Decimal(self.dice.randrange(5000, 9500)) / 100,
                pain=self.dice.randrange(8),
                reactions_asked=Session.Asked.NONE,
                asked_back=Session.Asked.NONE if number else Session.Asked.NOT_ASKED,
                signed_at=None if is_draft else performed_at + timedelta(minutes=30),
                signed_by=None if is_draft else course.clinician,
            )

    def free_hour(self, person, at):
        """Return the first slot of a person from a moment on, and keep it."""
        at = at.astimezone(UTC)
        slot = (at.hour * 60 + at.minute) // SLOT_MINUTES
        day = at.date()
        while self.kept[person.pk, day] >> slot & 1:
            slot += 1
            if slot == SLOTS:
                day, slot = day + timedelta(days=1), 0
        self.kept[person.pk, day] |= 1 << slot
        return datetime.combine(day, time(), UTC) + timedelta(minutes=SLOT_MINUTES * slot)

    def visit(self, session):
        return Appointment(
            public_id=self.public_id(),
            patient=session.course.patient,
            course=session.course,
            kind=Appointment.Kind.SESSION,
            location=session.course.location,
            starts_at=self.free_hour(session.performed_by, session.performed_at),
            minutes=SLOT_MINUTES,
            practitioner=session.performed_by,
            status=Appointment.Status.DONE,
            arrived_at=session.performed_at,
        )

    def side_effect(self, session):
        draw = self.dice.random()
        kind = self.dice.choice(self.urgent if draw < 0.0005 else self.graver if draw < 0.03 else self.usual)
        onset_at = session.performed_at + timedelta(minutes=self.dice.randrange(0, 600))
        most = kind.expected_max or timedelta(days=20)
        length = most * (self.dice.uniform(1.1, 3) if self.chance(0.06) else self.dice.uniform(0.1, 0.95))
        is_over = onset_at + length < self.now and not self.chance(0.03)  # some are never asked about again
        must_be_seen = kind.always_review or length > most
        reviewed = must_be_seen and is_over and self.chance(0.9)
        return SideEffect(
            public_id=self.public_id(),
            session=session,
            kind=kind,
            severity=SideEffect.Severity.MILD if self.chance(0.8) else SideEffect.Severity.MODERATE,
            onset_at=onset_at,
            resolved_at=onset_at + length if is_over else None,
            expected_end_at=onset_at + kind.expected_max if kind.expected_max else None,
            is_always_reviewed=kind.always_review or kind.is_urgent,
            is_of_urgent_kind=kind.is_urgent,
            reported_by=SideEffect.Reporter.PATIENT,
            recorded_by=session.performed_by,
            reviewed_at=onset_at + length if reviewed else None,
            reviewed_by=session.course.clinician if reviewed else None,
        )

    def follow_ups(self, sessions):
        last = {session.course: session for session in sessions if session.signed_by}
        first = self.written([self.follow_up(course, session.performed_at, 1) for course, session in last.items()])
        closed = [follow_up for follow_up in first if follow_up.closes_on < self.today]
        came = [follow_up for follow_up in closed if self.chance(0.5)]
        attended = set(came)
        visits = self.written([self.follow_up_visit(follow_up) for follow_up in came])
        self.treat([self.return_session(visit) for visit in visits])
        self.written([self.follow_up(visit.course, visit.starts_at, 2) for visit in visits])
        open_now = [row for row in first if row.opens_on <= self.today and row not in attended and self.chance(0.6)]
        self.written([self.attempt(follow_up) for follow_up in open_now])
        self.written([self.booking(follow_up) for follow_up in first if self.is_due(follow_up) and self.chance(0.1)])

    def is_due(self, follow_up):
        return follow_up.opens_on <= self.today <= follow_up.closes_on

    def follow_up(self, course, last_at, number):
        return FollowUp(
            public_id=self.public_id(),
            course=course,
            number=number,
            opens_on=last_at.date() + relativedelta(months=6),
            closes_on=last_at.date() + relativedelta(months=8),
        )

    def follow_up_visit(self, follow_up):
        on = follow_up.opens_on + timedelta(days=self.dice.randrange(50))
        return self.of_follow_up(follow_up, datetime.combine(on, time(11), UTC), Appointment.Status.DONE)

    def return_session(self, visit):
        return Session(
            public_id=self.public_id(),
            course=visit.course,
            follow_up=visit.follow_up,
            appointment=visit,
            performed_at=visit.starts_at,
            performed_by=visit.practitioner,
            technique=Session.Technique.NAPPAGE,
            weight_kg=Decimal(70),
            pain=2,
            reactions_asked=Session.Asked.NONE,
            signed_at=visit.starts_at + timedelta(minutes=30),
            signed_by=visit.practitioner,
        )

    def booking(self, follow_up):
        days = self.dice.randrange(1, 30)
        return self.of_follow_up(follow_up, self.now + timedelta(days=days), Appointment.Status.BOOKED)

    def of_follow_up(self, follow_up, starts_at, status):
        return Appointment(
            public_id=self.public_id(),
            patient=follow_up.course.patient,
            course=follow_up.course,
            follow_up=follow_up,
            kind=Appointment.Kind.FOLLOW_UP,
            location=follow_up.course.location,
            starts_at=self.free_hour(follow_up.course.clinician, starts_at),
            minutes=SLOT_MINUTES,
            practitioner=follow_up.course.clinician,
            status=status,
        )

    def attempt(self, follow_up):
        outcomes = ContactAttempt.Outcome
        weights = {
            outcomes.NO_ANSWER: 50,
            outcomes.CALL_BACK: 20,
            outcomes.DECLINED: 20,
            outcomes.WRONG_NUMBER: 7,
            outcomes.DO_NOT_CONTACT: 3,
        }
        return ContactAttempt(
            follow_up=follow_up,
            made_at=datetime.combine(follow_up.opens_on, time(10), UTC),
            made_by=self.at(follow_up.course.location, self.nurses),
            outcome=self.dice.choices(list(weights), list(weights.values()))[0],
        )

    def todays_board(self):
        board = [
            Appointment.Status.BOOKED,
            Appointment.Status.BOOKED,
            Appointment.Status.ARRIVED,
            Appointment.Status.IN_ROOM,
            Appointment.Status.DONE,
        ]
        for place in self.places:
            start = datetime.combine(self.today, time(9), place.tz)
            doctor = self.at(place, self.doctors)
            of_these_days = Appointment.objects.within(self.today, place).values("patient")
            running = Course.objects.running().filter(location=place).exclude(patient__in=of_these_days)
            running = running.select_related("patient").order_by("pk")
            self.written(
                [
                    Appointment(
                        public_id=self.public_id(),
                        patient=course.patient,
                        course=course,
                        kind=Appointment.Kind.SESSION,
                        location=place,
                        starts_at=self.free_hour(doctor, start + timedelta(minutes=10 * number)),
                        minutes=SLOT_MINUTES,
                        practitioner=doctor,
                        status=board[number % len(board)],
                    )
                    for number, course in enumerate(running[:TODAY_AT_EACH])
                ]
            )
