"""What belongs to a patient: every table that leads to one, by which way, and what becomes of it in an erasure.

A test walks all tables and fails for one that leads to a patient and is not here: neither a dossier nor an erasure
forgets what is added later.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import models

from patients.models import (
    Allergy,
    Consent,
    DistinctPair,
    Dossier,
    EmergencyAccess,
    EmergencyReview,
    Erasure,
    HoldOpening,
    LegalHold,
    MergeOfRecords,
    MessageChoice,
    Patient,
    ReturnedAddress,
    Screening,
    ScreeningAnswer,
    Subject,
)
from treatments import models as treated

OF_SESSION = "session__course__patient"


@dataclass(frozen=True)
class Holding:
    """One table. `path` leads to the patient, `subject` is the rule it is kept by, `fhir` the resource it is like.

    `also` is another way to a patient, where a row is about two. A table that `is_removed` goes with its rows: it was
    never part of the record, and keeps no history. `codes` are fields of text that hold no words of anybody's. A table
    without a `key` is not in the dossier: it says nothing of the patient that is not said elsewhere.
    """

    model: type[models.Model]
    path: str
    subject: Subject
    key: str = ""
    fhir: str = ""
    codes: tuple[str, ...] = ()
    also: str = ""
    is_removed: bool = False

    def rows(self, patients: Iterable[Patient]) -> models.QuerySet[Any]:
        keys = [patient.pk for patient in patients]
        ways = models.Q(**{f"{self.path}__in": keys})
        if self.also:
            ways |= models.Q(**{f"{self.also}__in": keys})
        return self.model._default_manager.filter(ways)

    @property
    def history(self) -> type[models.Model] | None:
        manager = getattr(self.model, "history", None)
        return manager.model if manager is not None else None

    def history_rows(self, patients: Iterable[Patient]) -> models.QuerySet[Any] | None:
        """Return every earlier version of the rows, or None where none is kept."""
        if self.history is None:
            return None
        keys = list(self.rows(patients).values_list("pk", flat=True))
        return self.history._default_manager.filter(id__in=keys)


CLINICAL, PHOTOS, CONSENTS = Subject.CLINICAL, Subject.PHOTOS, Subject.CONSENTS
MESSAGES, COPIES = Subject.MESSAGES, Subject.COPIES

HOLDINGS = (
    Holding(Allergy, "patient", CLINICAL, "allergies", "AllergyIntolerance"),
    Holding(Consent, "patient", CONSENTS, "consents", "Consent"),
    Holding(MessageChoice, "patient", MESSAGES, "choices_about_messages"),
    Holding(Screening, "patient", CLINICAL, "screenings", "QuestionnaireResponse"),
    Holding(ScreeningAnswer, "screening__patient", CLINICAL, "screening_answers", "QuestionnaireResponse.item"),
    Holding(treated.Course, "patient", CLINICAL, "courses", "CarePlan"),
    Holding(treated.Appointment, "patient", CLINICAL, "appointments", "Appointment"),
    Holding(treated.Session, "course__patient", CLINICAL, "sessions", "Procedure", codes=("map_points",)),
    Holding(treated.Amendment, OF_SESSION, CLINICAL, "amendments", "Provenance"),
    Holding(treated.Injection, OF_SESSION, CLINICAL, "injections", "MedicationAdministration"),
    Holding(treated.Override, OF_SESSION, CLINICAL, "overrides", codes=("code",)),
    Holding(treated.AskBack, OF_SESSION, CLINICAL, "ask_backs"),
    Holding(treated.SideEffect, OF_SESSION, CLINICAL, "side_effects", "AdverseEvent"),
    Holding(treated.SideEffectReview, "side_effect__session__course__patient", CLINICAL, "side_effect_reviews"),
    Holding(treated.SideEffectContact, "side_effect__session__course__patient", CLINICAL, "side_effect_contacts"),
    Holding(treated.Recurrence, "side_effect__session__course__patient", CLINICAL, "recurrences"),
    Holding(treated.StepTaken, "side_effect__session__course__patient", CLINICAL, "steps_taken"),
    Holding(treated.ClearedLot, "side_effect__session__course__patient", CLINICAL, "cleared_lots"),
    Holding(treated.Restriction, "answer__screening__patient", CLINICAL, "ruled_out"),
    Holding(treated.Assessment, "course__patient", CLINICAL, "assessments", "Observation"),
    Holding(
        treated.Score,
        "assessment__course__patient",
        CLINICAL,
        "scores",
        "Observation.component",
        codes=("items", "readings"),
    ),
    Holding(treated.MilestoneReview, "course__patient", CLINICAL, "milestone_reviews"),
    Holding(treated.Photo, "course__patient", PHOTOS, "photos", "Media", codes=("sha256", "stored_name")),
    Holding(treated.FollowUp, "course__patient", CLINICAL, "follow_ups", "Appointment"),
    Holding(treated.ContactAttempt, "follow_up__course__patient", CLINICAL, "contact_attempts", "Communication"),
    Holding(treated.AftercareLink, OF_SESSION, CLINICAL, "aftercare_links"),
    Holding(
        treated.AftercareAnswer,
        "link__session__course__patient",
        CLINICAL,
        "aftercare_answers",
        "QuestionnaireResponse",
        codes=("red_flags",),
    ),
    Holding(treated.AftercareChange, "answer__link__session__course__patient", CLINICAL, "aftercare_changes"),
    Holding(treated.Reminder, "patient", MESSAGES, "messages", "Communication"),
    Holding(treated.ReminderAct, "reminder__patient", MESSAGES),
    # The words of a server name the address; its own name for the report, which is unique, does not.
    Holding(treated.DeliveryReport, "reminder__patient", MESSAGES, "message_reports", codes=("source", "key")),
    Holding(treated.Waiting, "patient", CLINICAL, "waiting_list", "ServiceRequest", codes=("weekdays", "parts")),
    Holding(treated.WaitingOffer, "waiting__patient", CLINICAL, "waiting_list_offers", "Communication"),
    # What tells of two people, or of two records, is in nobody's dossier.
    Holding(treated.SessionCorrection, "wrong__course__patient", CLINICAL, also="right__course__patient"),
    Holding(MergeOfRecords, "survivor", CLINICAL, also="merged", codes=("newest",)),
    Holding(DistinctPair, "first", CLINICAL, also="second"),
    Holding(ReturnedAddress, "patient", MESSAGES, "addresses_that_came_back", is_removed=True),
    Holding(treated.BlindedRun, "course__patient", CLINICAL, codes=("token",)),
    Holding(treated.BlindedRating, "run__course__patient", CLINICAL, codes=("given",)),
    Holding(treated.WorkingCopy, "course__patient", COPIES, is_removed=True),
    Holding(EmergencyAccess, "patient", CLINICAL, "emergency_accesses"),
    Holding(EmergencyReview, "access__patient", CLINICAL, "emergency_reviews"),
)
# What is about the keeping itself, dealt with by the erasure by name.
ABOUT_KEEPING = (Dossier, Erasure, HoldOpening, LegalHold)
# What a dossier tells. Of the keeping itself it tells which erasures were asked for, and that they were withdrawn.
TOLD = (*(holding for holding in HOLDINGS if holding.key), Holding(Erasure, "patient", CLINICAL, "erasures"))


def free_texts(model: type[models.Model], codes: Iterable[str] = ()) -> list[models.Field]:
    """Return the fields that people, or a patient, may have typed a name into; JSON among them.

    A field with choices, a code and whatever is unique hold none.
    """
    words = (models.CharField, models.TextField, models.JSONField)
    return [
        field
        for field in model._meta.concrete_fields
        if isinstance(field, words)
        and not isinstance(field, (models.SlugField, models.UUIDField))
        and not field.choices
        and not field.unique
        and field.name not in {*codes, "digest", "currency", "language", "token"}
    ]
