"""People, places and records for tests: fixed values, so that a test names each fact it depends on."""

from tests.factories.clinic import PASSWORD, LocationFactory, RoomFactory, UserFactory
from tests.factories.patients import (
    AllergyFactory,
    ConsentFactory,
    ConsentFormFactory,
    PatientFactory,
    ScreeningAnswerFactory,
    ScreeningFactory,
    first_form,
    question,
)
from tests.factories.treatments import (
    AppointmentFactory,
    ContactAttemptFactory,
    CourseFactory,
    FollowUpFactory,
    IndicationFactory,
    ProtocolFactory,
    ReminderFactory,
    ReturnFactory,
    SessionFactory,
    SideEffectFactory,
    SideEffectKindFactory,
    TreatmentAreaFactory,
)

__all__ = [
    "PASSWORD",
    "AllergyFactory",
    "AppointmentFactory",
    "ConsentFactory",
    "ConsentFormFactory",
    "ContactAttemptFactory",
    "CourseFactory",
    "FollowUpFactory",
    "IndicationFactory",
    "LocationFactory",
    "PatientFactory",
    "ProtocolFactory",
    "ReminderFactory",
    "ReturnFactory",
    "RoomFactory",
    "ScreeningAnswerFactory",
    "ScreeningFactory",
    "SessionFactory",
    "SideEffectFactory",
    "SideEffectKindFactory",
    "TreatmentAreaFactory",
    "UserFactory",
    "first_form",
    "question",
]
