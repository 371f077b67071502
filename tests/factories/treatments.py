"""Courses, sessions and what follows them. Catalogue rows are those the migration brought, found by their code."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import factory
from factory.django import DjangoModelFactory

from clinic.roles import Role
from tests.factories.clinic import UserFactory
from tests.factories.patients import PatientFactory
from treatments.models import (
    Appointment,
    Assessment,
    ContactAttempt,
    Course,
    FollowUp,
    Indication,
    Instrument,
    MilestoneReview,
    Protocol,
    Reminder,
    Score,
    Session,
    SideEffect,
    SideEffectKind,
    TreatmentArea,
)

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
        key = cls.key
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
    """A draft with all that signing asks for; `signed=True` makes it one that counts."""

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


class ReminderFactory(DjangoModelFactory):
    """An e-mail that went out on the day the window opened."""

    class Meta:
        model = Reminder

    follow_up = factory.SubFactory(FollowUpFactory)
    patient = factory.SelfAttribute("follow_up.course.patient")
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
