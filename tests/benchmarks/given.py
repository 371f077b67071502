"""What the big clinic asks, has signed and injects: screened and consented before each course, lots by the quarter."""

from datetime import datetime, time, timedelta
from decimal import Decimal

from patients.models import Consent, ConsentForm, Screening, ScreeningAnswer, ScreeningQuestion
from treatments.models import Injection, Lot, Product

QUARTER = 91  # days
KEPT = 550  # days from the day a lot arrives to its last
PRODUCTS = ("carnitine", "procaine-2", "silicon")


class Shelves:
    """The lots of each place: one of each product every quarter, from the first day to the last."""

    def __init__(self, places, receivers, *, first, last):
        self.first = first
        self.products = list(Product.objects.filter(code__in=PRODUCTS))
        quarters = range((last - first).days // QUARTER + 1)
        self.rows = [
            self.lot(place, receiver, product, quarter)
            for place, receiver in zip(places, receivers, strict=True)
            for product in self.products
            for quarter in quarters
        ]
        self.by_use = {}

    def lot(self, place, receiver, product, quarter):
        arrived = self.first + timedelta(days=quarter * QUARTER)
        return Lot(
            product=product,
            location=place,
            number=f"{product.code[:2]}-{place.pk}-{quarter + 1:02}",
            expires_on=arrived + timedelta(days=KEPT),
            received_ml=Decimal(100_000),
            received_on=arrived,
            received_by=receiver,
        )

    def fill(self, rows):
        """Take the rows as stored."""
        for row in rows:
            quarter = (row.received_on - self.first).days // QUARTER
            self.by_use[row.location_id, row.product_id, quarter] = row

    def lot_of(self, session, dice):
        quarter = (session.performed_at.date() - self.first).days // QUARTER
        return self.by_use[session.course.location_id, dice.choice(self.products).pk, quarter]


class Papers:
    """The questions and the form, read once; rows of what a patient answered and signed."""

    def __init__(self):
        self.full = list(ScreeningQuestion.objects.asked_in(Screening.Kind.FULL))
        self.short = list(ScreeningQuestion.objects.asked_in(Screening.Kind.SHORT))
        self.form = ConsentForm.objects.get(purpose=ConsentForm.Purpose.TREATMENT, language="en", number=1)

    def screening(self, patient, kind, at, nurse, public_id):
        return Screening(public_id=public_id, patient=patient, kind=kind, answered_at=at, recorded_by=nurse)

    def answers(self, screening):
        asked = self.full if screening.kind == Screening.Kind.FULL else self.short
        return [ScreeningAnswer(screening=screening, question=question, answer="no") for question in asked]

    def consent(self, course, nurse, public_id):
        return Consent(
            public_id=public_id,
            patient=course.patient,
            form=self.form,
            signed_at=day_before(course),
            signer_name=f"{course.patient.given_name} {course.patient.family_name}",
            method=Consent.Method.TYPED,
            recorded_by=nurse,
        )


def day_before(course):
    return datetime.combine(course.started_on - timedelta(days=1), time(10), course.location.tz)


def injections(session, areas, lot):
    """Return 2 ml of a lot in each area."""
    return [
        Injection(session=session, area=area, lot=lot, volume_ml=Decimal(2), points=40, technique=session.technique)
        for area in areas
    ]
