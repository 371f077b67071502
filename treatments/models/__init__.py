from treatments.models.appointment import Appointment
from treatments.models.catalogue import Indication, Protocol, SideEffectKind, TreatmentArea
from treatments.models.course import Course
from treatments.models.follow_up import ContactAttempt, FollowUp
from treatments.models.photo import Photo, Shot
from treatments.models.reminder import Reminder
from treatments.models.session import Session
from treatments.models.side_effect import SideEffect

__all__ = [
    "Appointment",
    "ContactAttempt",
    "Course",
    "FollowUp",
    "Indication",
    "Photo",
    "Protocol",
    "Reminder",
    "Session",
    "Shot",
    "SideEffect",
    "SideEffectKind",
    "TreatmentArea",
]
