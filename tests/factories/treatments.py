"""Courses, sessions and what follows them. Catalogue rows are those the migration brought, found by their code."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import factory
from factory.django import DjangoModelFactory

from clinic.images import redraw
from clinic.roles import Role
from patients.models import Screening, ScreeningQuestion
from tests.factories.clinic import LocationFactory, UserFactory
from tests.factories.patients import ConsentFactory, PatientFactory, ScreeningFactory
from tests.pictures import picture
from treatments.models import (
    AftercareLink,
    Amendment,
    Appointment,
    Assessment,
    BlindedRun,
    ContactAttempt,
    Course,
    FollowUp,
    Indication,
    Ingredient,
    Injection,
    Instrument,
    Lot,
    MilestoneReview,
    Photo,
    Preparation,
    Product,
    Protocol,
    Reminder,
    Score,
    Session,
    SideEffect,
    SideEffectKind,
    TreatmentArea,
    Waiting,
    WaitingOffer,
    WorkingCopy,
)
from treatments.photo_files import ENDINGS, SIZES, vault

STARTED_ON = date(2026, 3, 2)
FIRST_SESSION = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


def doctor() -> factory.SubFactory:
    """Return a declaration: a clinician of the place where the row is."""
    here = factory.LazyAttribute(lambda user: [user.factory_parent.location])
    return factory.SubFactory(UserFactory, title="Dr", role=Role.CLINICIAN, locations=here)


class CatalogueFactory(DjangoModelFactory):
    """Finds a row of the catalogue by its key and changes of it what a test names; a new key makes a new row."""

    class Meta:
        abstract = True

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **fields: Any) -> Any:
        key = fields.pop("key")
        row = model_class.objects.filter(**{key: fields[key]}).first()
        if row is None:
            return model_class.objects.create(**fields)
        changes = {name: value for name, value in fields.items() if name != key}
        for name, value in changes.items():
            setattr(row, name, value)
        if changes:
            row.save()
        return row


class IndicationFactory(CatalogueFactory):
    key = "code"

    class Meta:
        model = Indication

    code = "cellulite"


class TreatmentAreaFactory(CatalogueFactory):
    key = "code"

    class Meta:
        model = TreatmentArea

    code = "thigh-back-left"


class SideEffectKindFactory(CatalogueFactory):
    key = "code"

    class Meta:
        model = SideEffectKind

    code = "swelling"


class ProtocolFactory(CatalogueFactory):
    key = "name"

    class Meta:
        model = Protocol

    name = "Cellulite"


class InstrumentFactory(CatalogueFactory):
    key = "code"

    class Meta:
        model = Instrument

    code = "hexsel-css"


class CourseFactory(DjangoModelFactory):
    """An active course for cellulite at the patient's location: 15 sessions of 500."""

    class Meta:
        model = Course
        skip_postgeneration_save = True

    patient = factory.SubFactory(PatientFactory)
    protocol = factory.SubFactory(ProtocolFactory)
    planned_sessions = 15
    price = Decimal("500.00")
    location = factory.SelfAttribute("patient.location")
    currency = factory.SelfAttribute("location.currency")
    clinician = doctor()
    started_on = STARTED_ON
    status = Course.Status.ACTIVE
    status_on = factory.SelfAttribute("started_on")

    @factory.post_generation
    def areas(self, create: bool, extracted: Any, **kwargs: Any) -> None:
        self.areas.set(extracted if extracted is not None else [TreatmentAreaFactory()])


class SessionFactory(DjangoModelFactory):
    """A draft with all of its own that signing asks for; `signed=True` makes it one that counts.

    `given=True` also writes what stands beside it: an injection of 2 ml an area, and the short screening.
    """

    class Meta:
        model = Session
        skip_postgeneration_save = True

    class Params:
        signed = factory.Trait(
            signed_at=factory.LazyAttribute(lambda session: session.performed_at + timedelta(minutes=30)),
            signed_by=factory.SelfAttribute("performed_by"),
        )

    course = factory.SubFactory(CourseFactory)
    performed_at = FIRST_SESSION
    performed_by = factory.SelfAttribute("course.clinician")
    technique = Session.Technique.NAPPAGE
    weight_kg = Decimal("70.0")
    pain = 3
    reactions_asked = Session.Asked.NONE

    @factory.post_generation
    def areas(self, create: bool, extracted: Any, **kwargs: Any) -> None:
        self.areas.set(extracted if extracted is not None else self.course.areas.all())

    @factory.post_generation
    def given(self, create: bool, extracted: Any, **kwargs: Any) -> None:
        if not extracted:
            return
        lot = LotFactory(location=self.course.location)
        for area in self.areas.all():
            InjectionFactory(session=self, area=area, lot=lot)
        codes = ScreeningQuestion.objects.asked_in(Screening.Kind.SHORT).values_list("code", flat=True)
        self.screening = ScreeningFactory(
            patient=self.course.patient,
            kind=Screening.Kind.SHORT,
            answered_at=self.performed_at,
            answers=dict.fromkeys(codes, "no"),
        )
        self.asked_back = Session.Asked.NONE
        self.save()


class WorkingCopyFactory(DjangoModelFactory):
    """A note begun for the next session of a course, by its clinician."""

    class Meta:
        model = WorkingCopy

    course = factory.SubFactory(CourseFactory)
    typed = factory.LazyFunction(lambda: {"note": ["Half a note"]})
    typed_by = factory.SelfAttribute("course.clinician")


class AmendmentFactory(DjangoModelFactory):
    """A signed session's weight was misread, said its clinician an hour after signing it."""

    class Meta:
        model = Amendment

    session = factory.SubFactory(SessionFactory, signed=True)
    number = 1
    reason = "Misread from the scales."
    made_by = factory.SelfAttribute("session.signed_by")
    made_at = factory.LazyAttribute(lambda amendment: amendment.session.signed_at + timedelta(hours=1))
    before = factory.LazyFunction(lambda: [["Weight", "96 kg"], ["Needle", "30G, 4 mm"]])
    after = factory.LazyFunction(lambda: [["Weight", "69 kg"], ["Needle", "30G, 4 mm"]])


def make_ready(course: Course, *, by: datetime = FIRST_SESSION) -> Course:
    """Let the course's patient have been screened in full and have consented, for good, a day before this moment."""
    day_before = by - timedelta(days=1)
    ScreeningFactory(patient=course.patient, answered_at=day_before)
    ConsentFactory(patient=course.patient, signed_at=day_before, expires_on=None)
    return course


class SideEffectFactory(DjangoModelFactory):
    """A mild swelling since an hour after the session, still there, reported by the patient."""

    class Meta:
        model = SideEffect

    class Params:
        reviewed = factory.Trait(
            reviewed_at=factory.LazyAttribute(lambda effect: effect.onset_at + timedelta(hours=1)),
            reviewed_by=factory.SelfAttribute("session.course.clinician"),
            review_note="As expected.",
        )

    session = factory.SubFactory(SessionFactory, signed=True)
    kind = factory.SubFactory(SideEffectKindFactory)
    severity = SideEffect.Severity.MILD
    onset_at = factory.LazyAttribute(lambda effect: effect.session.performed_at + timedelta(hours=1))
    reported_by = SideEffect.Reporter.PATIENT
    recorded_by = factory.SelfAttribute("session.performed_by")


@cache
def drawn_picture() -> Mapping[str, bytes]:
    return redraw(picture(size=(60, 80)), SIZES).files


class PhotoFactory(DjangoModelFactory):
    """A photo of the back that is ready, of no session, with its files."""

    class Meta:
        model = Photo
        skip_postgeneration_save = True

    course = factory.SubFactory(CourseFactory)
    view = "posterior"
    taken_at = FIRST_SESSION
    taken_by = factory.SelfAttribute("course.clinician")
    sha256 = factory.Sequence(lambda n: f"{n:064x}")
    stored_name = factory.Sequence(lambda n: f"{n:032x}")
    file_name = "IMG_0001.jpg"
    bytes = 1000
    state = Photo.State.READY
    width_px = 60
    height_px = 80

    @factory.post_generation
    def files(self, create: bool, extracted: Any, **kwargs: Any) -> None:
        for size, data in drawn_picture().items():
            vault().write(self.stored_name, ENDINGS[size], data)


class FollowUpFactory(DjangoModelFactory):
    """The first return after a last session on 2 March 2026: 2 September to 2 November."""

    class Meta:
        model = FollowUp

    course = factory.SubFactory(CourseFactory)
    number = 1
    opens_on = date(2026, 9, 2)
    closes_on = date(2026, 11, 2)


class ContactAttemptFactory(DjangoModelFactory):
    class Meta:
        model = ContactAttempt

    follow_up = factory.SubFactory(FollowUpFactory)
    made_at = datetime(2026, 9, 3, 16, 0, tzinfo=UTC)
    made_by = factory.SelfAttribute("follow_up.course.clinician")
    outcome = ContactAttempt.Outcome.NO_ANSWER


class AppointmentFactory(DjangoModelFactory):
    """A booked session of half an hour."""

    class Meta:
        model = Appointment

    course = factory.SubFactory(CourseFactory)
    patient = factory.SelfAttribute("course.patient")
    kind = Appointment.Kind.SESSION
    location = factory.SelfAttribute("patient.location")
    starts_at = datetime(2026, 3, 9, 15, 0, tzinfo=UTC)
    minutes = 30
    practitioner = doctor()


class ReturnFactory(AppointmentFactory):
    """An appointment for the treatment at a follow-up."""

    follow_up = factory.SubFactory(FollowUpFactory)
    course = factory.SelfAttribute("follow_up.course")
    kind = Appointment.Kind.FOLLOW_UP
    starts_at = datetime(2026, 9, 14, 15, 0, tzinfo=UTC)


class WaitingFactory(DjangoModelFactory):
    """Somebody who waits for a session, would come on any day, and has nothing booked."""

    class Meta:
        model = Waiting

    course = factory.SubFactory(CourseFactory)
    patient = factory.SelfAttribute("course.patient")
    kind = Appointment.Kind.SESSION
    instead_of_at = factory.LazyAttribute(lambda each: each.appointment.starts_at if each.appointment else None)
    appointment = None
    from_on = date(2026, 3, 3)
    notice_hours = 1
    joined_at = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)
    joined_by = factory.SelfAttribute("course.clinician")


class WaitingOfferFactory(DjangoModelFactory):
    class Meta:
        model = WaitingOffer

    waiting = factory.SubFactory(WaitingFactory)
    starts_at = datetime(2026, 3, 16, 17, 0, tzinfo=UTC)
    minutes = 40
    practitioner = factory.SelfAttribute("waiting.joined_by")
    outcome = WaitingOffer.Outcome.ASKED
    made_at = datetime(2026, 3, 10, 18, 0, tzinfo=UTC)
    made_by = factory.SelfAttribute("waiting.joined_by")


class AftercareLinkFactory(DjangoModelFactory):
    """The link of a signed session, given when it was signed."""

    class Meta:
        model = AftercareLink

    session = factory.SubFactory(SessionFactory, signed=True)
    given_at = factory.SelfAttribute("session.signed_at")
    given_by = factory.SelfAttribute("session.signed_by")


class ReminderFactory(DjangoModelFactory):
    """An e-mail that went out on the day the window opened."""

    class Meta:
        model = Reminder

    follow_up = factory.SubFactory(FollowUpFactory)
    patient = factory.SelfAttribute("follow_up.course.patient")
    occasion = "opens"
    channel = Reminder.Channel.EMAIL
    address = factory.SelfAttribute("patient.email")
    state = Reminder.State.SENT
    started_at = datetime(2026, 9, 2, 16, 0, tzinfo=UTC)
    sent_at = factory.LazyAttribute(lambda reminder: reminder.started_at if reminder.state == "sent" else None)


class AssessmentFactory(DjangoModelFactory):
    """A scoring on the day of the first session, by the course's clinician."""

    class Meta:
        model = Assessment

    course = factory.SubFactory(CourseFactory)
    assessed_on = STARTED_ON
    assessed_by = factory.SelfAttribute("course.clinician")
    recorded_by = factory.SelfAttribute("assessed_by")


class BlindedRunFactory(DjangoModelFactory):
    """A blinded scoring of the photos of the back that goes on, by the course's clinician, of a fixed order."""

    class Meta:
        model = BlindedRun

    course = factory.SubFactory(CourseFactory)
    view = "posterior"
    posture = "relaxed"
    instrument = factory.SubFactory(InstrumentFactory)
    rater = factory.SelfAttribute("course.clinician")
    token = "a" * 32
    started_at = FIRST_SESSION


class ScoreFactory(DjangoModelFactory):
    """A Hexsel score of 11 of the left back thigh."""

    class Meta:
        model = Score

    assessment = factory.SubFactory(AssessmentFactory)
    instrument = factory.SubFactory(InstrumentFactory)
    area = factory.SubFactory(TreatmentAreaFactory)
    value = Decimal(11)


class MilestoneReviewFactory(DjangoModelFactory):
    """The decision after session 5 to go on."""

    class Meta:
        model = MilestoneReview

    course = factory.SubFactory(CourseFactory)
    after_session = 5
    decision = MilestoneReview.Decision.CONTINUE
    reason = "Response as expected."
    decided_by = factory.SelfAttribute("course.clinician")
    decided_at = datetime(2026, 4, 6, 16, 0, tzinfo=UTC)


class ProductFactory(CatalogueFactory):
    """A vitamin mixture of no published limit."""

    key = "code"

    class Meta:
        model = Product

    code = "test-vitamins"
    name = "Vitamin mixture"
    strength = "10 mg/ml"
    product_class = Product.Class.REVITALISING


class LotFactory(DjangoModelFactory):
    """A hundred millilitres, in date until the end of 2027."""

    class Meta:
        model = Lot

    product = factory.SubFactory(ProductFactory)
    location = factory.SubFactory(LocationFactory)
    number = factory.Sequence(lambda n: f"LOT-{n + 1}")
    expires_on = date(2027, 12, 31)
    received_ml = Decimal("100.000")
    received_on = date(2026, 2, 1)
    received_by = doctor()

    class Params:
        held = factory.Trait(
            held_at=datetime(2026, 3, 1, 12, 0, tzinfo=UTC),
            held_by=factory.SelfAttribute("received_by"),
            hold_reason="Three nodules.",
        )


class PreparationFactory(DjangoModelFactory):
    """A mixture made an hour before the first session, to be used within the day; ingredients are (lot, ml) pairs."""

    class Meta:
        model = Preparation
        skip_postgeneration_save = True

    location = factory.SubFactory(LocationFactory)
    name = "Morning mixture"
    mixed_at = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
    mixed_by = doctor()
    use_by_at = datetime(2026, 3, 3, 14, 0, tzinfo=UTC)

    @factory.post_generation
    def ingredients(self, create: bool, extracted: Any, **kwargs: Any) -> None:
        for lot, volume_ml in extracted if extracted is not None else [(LotFactory(location=self.location), 10)]:
            Ingredient.objects.create(preparation=self, lot=lot, volume_ml=volume_ml)


class InjectionFactory(DjangoModelFactory):
    """Two millilitres of a lot in the session's first area, in 40 points."""

    class Meta:
        model = Injection

    session = factory.SubFactory(SessionFactory)
    area = factory.LazyAttribute(lambda injection: injection.session.areas.first())
    lot = factory.SubFactory(LotFactory, location=factory.SelfAttribute("..session.course.location"))
    volume_ml = Decimal("2.000")
    points = 40
    technique = factory.SelfAttribute("session.technique")
