"""People, places and records for tests: fixed values, so that a test names each fact it depends on."""

from tests.factories.clinic import PASSWORD, LocationFactory, RoomFactory, UserFactory
from tests.factories.patients import AllergyFactory, PatientFactory
from tests.factories.treatments import (
    AppointmentFactory,
    ContactAttemptFactory,
    CourseFactory,
    FollowUpFactory,
    IndicationFactory,
    PhotoFactory,
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
    "ContactAttemptFactory",
    "CourseFactory",
    "FollowUpFactory",
    "IndicationFactory",
    "LocationFactory",
    "PatientFactory",
    "PhotoFactory",
    "ProtocolFactory",
    "ReminderFactory",
    "ReturnFactory",
    "RoomFactory",
    "SessionFactory",
    "SideEffectFactory",
    "SideEffectKindFactory",
    "TreatmentAreaFactory",
    "UserFactory",
]
