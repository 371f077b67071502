"""A clinic's year of sessions and reactions by a seeded dice, for the search for lots that stand out.

The rates are defaults of ours: for mesotherapy none are published (docs/glossary.md). Patients differ in how easily
they react, lots in how long they last, and a session draws on two or three products, so that each reaction is laid on
as many lots.
"""

import random
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.db import connection

from clinic.models import Location, User
from clinic.roles import Role
from patients.models import Patient, RecordNumberSeries
from treatments.models import Course, Injection, Lot, Product, Protocol, Session, SideEffect, SideEffectKind

BATCH = 1_000
PRODUCTS = ("carnitine", "procaine-2", "silicon")
DAYS = 360
# Share of the sessions after which it comes.
USUAL = {
    "burning": 0.40,
    "erythema": 0.20,
    "bruising": 0.20,
    "pain": 0.15,
    "swelling": 0.15,
    "pruritus": 0.05,
    "papules": 0.02,
    "discolouration": 0.02,
}
UNUSUAL = {
    "haematoma": 0.0015,
    "nodule": 0.0010,
    "induration": 0.0010,
    "hyperpigmentation": 0.0010,
    "urticaria": 0.0005,
    "infection": 0.0003,
    "granuloma": 0.0002,
    "abscess": 0.0001,
}


class Year:
    """Sessions, lots and injections, written once; reactions are drawn anew as often as wanted."""

    def __init__(self, sessions, *, seed, now):
        self.size, self.now = sessions, now
        self.dice = random.Random(seed)  # noqa: S311 -- a dice, no secret
        self.kinds = {kind.code: kind for kind in SideEffectKind.objects.all()}

    def fill(self):
        self.place = Location.objects.create(
            name="Mill Road", time_zone="Europe/London", country_code="GB", currency="GBP"
        )
        self.nurse = User.objects.create_user("nurse@clinic.example", None, role=Role.STAFF)
        self.nurse.locations.set([self.place])
        self.lots = [self.lots_of(product) for product in Product.objects.filter(code__in=PRODUCTS)]
        courses = self.courses(max(self.size // 11, 1))
        self.sessions = self.written([self.session(self.dice.choice(courses)) for _number in range(self.size)])
        area = courses[0].protocol.areas.first()
        self.lots_in = {session.pk: self.drawn(session) for session in self.sessions}
        self.written(
            [
                Injection(session=session, area=area, lot=lot, volume_ml=Decimal(2), technique=session.technique)
                for session in self.sessions
                for lot in self.lots_in[session.pk]
            ]
        )
        return self

    def written(self, rows):
        return type(rows[0]).objects.bulk_create(rows, batch_size=BATCH) if rows else rows

    def public_id(self):
        return uuid.UUID(int=self.dice.getrandbits(128), version=4)

    def lots_of(self, product):
        """Return (first day, lot): one after the other, each used for a few days to ten weeks."""
        found, day = [], 0
        while day < DAYS:
            lot = Lot.objects.create(
                product=product,
                location=self.place,
                number=f"{product.code[:2]}-{len(found) + 1:02}",
                expires_on=(self.now + timedelta(days=300)).date(),
                received_ml=Decimal(50_000),
                received_on=(self.now - timedelta(days=DAYS)).date(),
                received_by=self.nurse,
            )
            found.append((day, lot))
            day += self.dice.randint(4, 70)
        return found

    def courses(self, size):
        protocol = Protocol.objects.first()
        patients = self.written(
            [
                Patient(
                    public_id=self.public_id(),
                    record_number=number,
                    given_name="Ada",
                    family_name=f"Example{index}",
                    birth_date=datetime(1980, 1, 1, tzinfo=UTC).date(),
                    location=self.place,
                )
                for index, number in enumerate(RecordNumberSeries.take_many(size))
            ]
        )
        self.ease = {patient.pk: self.dice.gammavariate(2, 0.5) for patient in patients}  # the mean is 1
        return self.written(
            [
                Course(
                    public_id=self.public_id(),
                    patient=patient,
                    protocol=protocol,
                    planned_sessions=15,
                    price=Decimal(500),
                    currency="GBP",
                    location=self.place,
                    clinician=self.nurse,
                    started_on=(self.now - timedelta(days=DAYS)).date(),
                    status=Course.Status.ACTIVE,
                    status_on=(self.now - timedelta(days=DAYS)).date(),
                )
                for patient in patients
            ]
        )

    def session(self, course):
        at = self.now - timedelta(minutes=self.dice.randrange(60, DAYS * 24 * 60))
        return Session(
            public_id=self.public_id(),
            course=course,
            performed_at=at,
            performed_by=self.nurse,
            technique=Session.Technique.NAPPAGE,
            reactions_asked=Session.Asked.NONE,
            asked_back=Session.Asked.NONE,
            signed_at=at + timedelta(minutes=30),
            signed_by=self.nurse,
        )

    def drawn(self, session):
        day = DAYS - (self.now - session.performed_at).days - 1
        chosen = self.dice.sample(self.lots, self.dice.randint(2, len(self.lots)))
        return [[lot for first, lot in lots if first <= day][-1] for lots in chosen]

    def react(self, *, planted=None, kind="nodule", rate=0.0):
        """Draw the reactions anew; after sessions with the planted lot, `kind` comes at this rate besides."""
        SideEffect.objects.all()._raw_delete("default")
        rows = []
        for session in self.sessions:
            ease = self.ease[session.course.patient_id]
            for code, usual in (USUAL | UNUSUAL).items():
                share = min(usual * ease, 0.95)
                if planted is not None and code == kind and planted in self.lots_in[session.pk]:
                    share += (1 - share) * rate
                if self.dice.random() < share:
                    rows.append((session, code))
        self.write_reactions(rows)

    def write_reactions(self, rows):
        """Write them past the models, which would take most of the time of a hundred years."""
        fields = [field for field in SideEffect._meta.concrete_fields if not field.primary_key]
        stored = {code: self.as_stored(fields, self.kinds[code]) for _session, code in rows}
        names = ", ".join(connection.ops.quote_name(field.column) for field in fields)
        marks = ", ".join(["%s"] * len(fields))
        with connection.cursor() as cursor:
            cursor.executemany(
                f"INSERT INTO {SideEffect._meta.db_table} ({names}) VALUES ({marks})",  # noqa: S608 -- names of columns
                [
                    tuple((stored[code] | {"session_id": session.pk, "public_id": self.raw_id()}).values())
                    for session, code in rows
                ],
            )

    def raw_id(self):
        made = self.public_id()
        return made if connection.vendor == "postgresql" else made.hex

    def as_stored(self, fields, kind):
        """Return a reaction of this kind as the database takes it, by column; the search looks at no onset."""
        row = self.reaction(self.sessions[0], kind)
        return {field.column: field.get_db_prep_save(field.pre_save(row, True), connection) for field in fields}

    def reaction(self, session, kind):
        at = session.performed_at + timedelta(hours=1)
        return SideEffect(
            public_id=self.public_id(),
            session=session,
            kind=kind,
            severity=SideEffect.Severity.MILD,
            onset_at=at,
            expected_end_at=at + kind.expected_max if kind.expected_max else None,
            is_always_reviewed=kind.always_review or kind.is_urgent,
            is_of_urgent_kind=kind.is_urgent,
            reported_by=SideEffect.Reporter.PATIENT,
            recorded_by=self.nurse,
        )

    def lot_of(self, sessions):
        """Return the lot that comes nearest to having been in so many sessions."""
        counts = {}
        for lots in self.lots_in.values():
            for lot in lots:
                counts[lot] = counts.get(lot, 0) + 1
        return min(counts, key=lambda lot: (abs(counts[lot] - sessions), lot.pk))
