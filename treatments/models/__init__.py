from treatments.models.appointment import Appointment
from treatments.models.assessment import Assessment, Score
from treatments.models.catalogue import Indication, Protocol, SideEffectKind, TreatmentArea
from treatments.models.course import Course
from treatments.models.follow_up import ContactAttempt, FollowUp
from treatments.models.instrument import Instrument, InstrumentItem
from treatments.models.milestone_review import MilestoneReview
from treatments.models.reminder import Reminder
from treatments.models.session import Session
from treatments.models.side_effect import SideEffect

__all__ = [
    "Appointment",
    "Assessment",
    "ContactAttempt",
    "Course",
    "FollowUp",
    "Indication",
    "Instrument",
    "InstrumentItem",
    "MilestoneReview",
    "Protocol",
    "Reminder",
    "Score",
    "Session",
    "SideEffect",
    "SideEffectKind",
    "TreatmentArea",
]
