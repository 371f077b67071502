from treatments.models.aftercare import AftercareAnswer, AftercareChange, AftercareLink
from treatments.models.aftercare_words import AftercareText, PatientWords
from treatments.models.amendment import Amendment
from treatments.models.appointment import Appointment
from treatments.models.ask_back import AskBack
from treatments.models.assessment import Assessment, Score
from treatments.models.blinded import BlindedRating, BlindedRun
from treatments.models.calendar_feed import CalendarFeed
from treatments.models.catalogue import Indication, Protocol, SideEffectKind, TreatmentArea
from treatments.models.cleared_lot import ClearedLot
from treatments.models.cluster_review import ClusterReview
from treatments.models.correction import SessionCorrection
from treatments.models.course import Course
from treatments.models.delivery_report import DeliveryReport
from treatments.models.follow_up import ContactAttempt, FollowUp
from treatments.models.grade_wording import GradeWording
from treatments.models.infection_step import InfectionStep, StepTaken
from treatments.models.injection import Injection
from treatments.models.instrument import Instrument, InstrumentItem
from treatments.models.message_text import MessageText
from treatments.models.milestone_review import MilestoneReview
from treatments.models.override import Override
from treatments.models.photo import Photo, Shot
from treatments.models.preparation import Ingredient, Preparation
from treatments.models.product import Lot, Product
from treatments.models.reaction_contact import SideEffectContact
from treatments.models.reaction_review import Recurrence, SideEffectReview
from treatments.models.reminder import Reminder
from treatments.models.reminder_act import ReminderAct
from treatments.models.restriction import Restriction
from treatments.models.session import Session
from treatments.models.side_effect import SideEffect
from treatments.models.stock_change import StockChange
from treatments.models.waiting import Waiting, WaitingOffer
from treatments.models.working_copy import WorkingCopy

__all__ = [
    "AftercareAnswer",
    "AftercareChange",
    "AftercareLink",
    "AftercareText",
    "Amendment",
    "Appointment",
    "AskBack",
    "Assessment",
    "BlindedRating",
    "BlindedRun",
    "CalendarFeed",
    "ClearedLot",
    "ClusterReview",
    "ContactAttempt",
    "Course",
    "DeliveryReport",
    "FollowUp",
    "GradeWording",
    "Indication",
    "InfectionStep",
    "Ingredient",
    "Injection",
    "Instrument",
    "InstrumentItem",
    "Lot",
    "MessageText",
    "MilestoneReview",
    "Override",
    "PatientWords",
    "Photo",
    "Preparation",
    "Product",
    "Protocol",
    "Recurrence",
    "Reminder",
    "ReminderAct",
    "Restriction",
    "Score",
    "Session",
    "SessionCorrection",
    "Shot",
    "SideEffect",
    "SideEffectContact",
    "SideEffectKind",
    "SideEffectReview",
    "StepTaken",
    "StockChange",
    "TreatmentArea",
    "Waiting",
    "WaitingOffer",
    "WorkingCopy",
]
