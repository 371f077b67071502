"""Who is shown which words of a record: one table, and records in the states that show the most."""

from datetime import timedelta
from decimal import Decimal

from clinic.models import BackupRun, Letter, Pin, SecondFactorReset, SharedDevice
from clinic.roles import Role
from patients.models import DistinctPair, EmergencyReview, ReturnedAddress
from tests.clinic.access import records_at
from tests.factories import (
    AftercareLinkFactory,
    AmendmentFactory,
    AssessmentFactory,
    ConsentFactory,
    ContactAttemptFactory,
    ErasureFactory,
    LotFactory,
    MilestoneReviewFactory,
    PatientFactory,
    PhoneAppFactory,
    PhotoFactory,
    RecoveryCodesFactory,
    RoomFactory,
    ScoreFactory,
    ScreeningFactory,
    SessionFactory,
    SideEffectFactory,
    UserFactory,
    WaitingFactory,
    WaitingOfferFactory,
)
from tests.factories.treatments import FIRST_SESSION
from treatments.models import (
    AftercareAnswer,
    CalendarFeed,
    DeliveryReport,
    Override,
    ReminderAct,
    SideEffectContact,
    SideEffectReview,
    StockChange,
)

EVERYONE, ADMIN, NOBODY = "staff clinician admin", "admin", ""

# Rows of the catalogue, texts of the house and its seals: about nobody, and the same at every place.
ABOUT_NOBODY = {
    *("AftercareText", "AuditCheck", "AuditSeal", "Closure", "ConsentForm", "GradeWording", "Heartbeat", "Indication"),
    *(
        "InfectionStep",
        "Instrument",
        "InstrumentItem",
        "Location",
        "MessageText",
        "PatientWords",
        "Product",
        "Protocol",
    ),
    *("RetentionRule", "ScreeningQuestion", "SideEffectKind", "TreatmentArea"),
}
# Codes that pages choose by: another word in one breaks the page before it shows anything.
CODES = {
    *("AftercareAnswer.language", "AuditEvent.record_key", "AuditEvent.record_type", "AuditEvent.role"),
    *("AuditEvent.view_name", "BackupRun.occasion", "Course.currency", "Override.code", "Patient.country_code"),
}

# Each text that is kept, by who may be shown it; a text without its row fails. Whoever sees a record sees its words:
# nurse and doctor write them for each other, and an admin answers for the whole record, its papers and its dossier.
SHOWN = {
    EVERYONE: {
        "Room": "name",
        "User": "title first_name last_name",
        "Patient": "record_number given_name family_name phone email address_line city region postal_code external_id"
        " emergency_name emergency_phone restriction_reason sort_name",
        "ReturnedAddress": "address reason",
        "Allergy": "substance reaction status_reason",
        "Consent": "signer_name signer_relation digest withdrawal_reason",
        "Screening": "note entered_in_error_reason",
        "ScreeningAnswer": "detail",
        "Course": "status_reason",
        "Appointment": "status_reason exception_reason",
        "Session": "unmeasured_reason antiseptic device early_reason note entered_in_error_reason needle",
        "SessionCorrection": "reason",
        "AftercareAnswer": "note",
        "Amendment": "reason",
        "Override": "words reason",
        "Injection": "needle",
        # The picture is for those who treat alone: an admin has who took which when, in the admin site.
        "Photo": "light sha256 file_name failure error_reason",
        "SideEffect": "action_taken note review_note entered_in_error_reason",
        "SideEffectReview": "note action",
        "SideEffectContact": "note",
        "Recurrence": "note",
        "Assessment": "note error_reason",
        "Score": "label",
        "MilestoneReview": "reason",
        "ContactAttempt": "note",
        "Reminder": "address error",
        "ReminderAct": "note",
        "DeliveryReport": "said",
        "Waiting": "note removed_reason",
        "Lot": "number supplier gtin hold_reason",
        "StockChange": "reason",
        "Preparation": "name note discard_reason",
    },
    # Of a colleague, of the house, and of what is decided about a record as a whole.
    ADMIN: {
        "User": "email",
        "Invitation": "title first_name last_name email",
        "SignIn": "browser",
        "SecondFactorReset": "reason removed",
        "SharedDevice": "name",
        "BackupRun": "place name error",
        "AuditEvent": "session_digest",
        "EmergencyAccess": "reason",
        "EmergencyReview": "note",
        "MergeOfRecords": "reason undo_reason",
        "DistinctPair": "reason",
        "HoldOpening": "reason",
        "Erasure": "withdrawn_reason",
        "Letter": "kind error",
        "Dossier": "sha256",
        "ClusterReview": "number",
        "DeliveryReport": "key source",
    },
    "clinician admin": {"ClusterReview": "reason"},
    # Secrets, what one would be guessed from, and where a file lies: on no page, in no list, no file and no history.
    NOBODY: {
        "User": "password",
        "Invitation": "secret_digest",
        "SharedDevice": "secret_digest",
        "DevicePerson": "password_mark",
        "Pin": "digits",
        "SignIn": "session_key",
        "Letter": "sealed",
        "CalendarFeed": "token_hash",
        "BlindedRun": "token",
        "Photo": "stored_name",
        "Dossier": "stored_name",
        "Patient": "search_text",
    },
}


def full_records(here):
    """Make one of everything at a place, and beside it the rows that are withdrawn, in error, held or answered."""
    records = records_at(here)
    course, effect, doctor = records["course"], records["effect"], records["person"]
    at = FIRST_SESSION + timedelta(hours=3)
    by = {"made_at": at, "made_by": doctor}
    signed = SessionFactory(course=course, signed=True, given=True)
    in_error = {"entered_in_error_at": at, "entered_in_error_by": doctor, "entered_in_error_reason": "Another's."}
    AmendmentFactory(session=signed)
    Override.objects.create(session=signed, code="x", words="Too early", reason="Agreed", **by)
    SessionFactory(course=course, **in_error)
    SideEffectFactory(session__course=course, **in_error)
    ScreeningFactory(patient=records["patient"], answers={"pregnancy": "no"}, **in_error)
    ConsentFactory(patient=records["patient"], withdrawn_at=at, withdrawn_by=doctor, withdrawal_reason="Changed.")
    PhotoFactory(course=course, entered_in_error_at=at, error_reason="Another's.")
    AssessmentFactory(course=course, error_at=at, error_by=doctor, error_reason="Another's.")
    ScoreFactory(assessment=records["assessment"])
    WaitingFactory(course=course, joined_by=doctor, removed_at=at, removed_by=doctor, removed_reason="Came.")
    WaitingOfferFactory(waiting=records["waiting"], made_by=doctor)
    MilestoneReviewFactory(course=course)
    ContactAttemptFactory(follow_up=records["follow_up"])
    SideEffectContact.objects.create(side_effect=effect, outcome="called", **by)
    SideEffectReview.objects.create(side_effect=effect, reviewed_at=at, reviewed_by=doctor, note="As expected.")
    AftercareAnswer.objects.create(
        link=AftercareLinkFactory(session=signed),
        answered_at=at,
        language="en",
        all_well=True,
        form_token=records["patient"].public_id,
    )
    StockChange.objects.create(lot=records["lot"], kind="received", volume_ml=Decimal(1), **by)
    LotFactory(location=here, held=True, received_by=doctor)
    records["message"].state = "failed"
    records["message"].save()
    ReminderAct.objects.create(reminder=records["message"], act="again", **by)
    DeliveryReport.objects.create(reminder=records["message"], source="x", key="x", outcome="failed", reported_at=at)
    records_of_the_house(records, here, at)
    return records


def records_of_the_house(records, here, at):
    """Make what is about colleagues and about the keeping of records."""
    doctor, patient = records["person"], records["patient"]
    RoomFactory(location=here)
    PhoneAppFactory(user=doctor)
    RecoveryCodesFactory(user=doctor)
    boss = UserFactory(role=Role.ADMIN)
    Pin.objects.create(user=doctor, digits="x", set_at=at)
    SharedDevice.objects.create(name="x", secret_digest="x", made_by=boss, made_at=at)
    CalendarFeed.objects.create(user=doctor, token_hash="x", made_at=at)
    SecondFactorReset.objects.create(user=doctor, by=boss, reason="x", removed="x", reset_at=at)
    Letter.objects.create(kind="x", sealed="x", written_at=at, due_at=at)
    Letter.objects.create(kind="x", state="failed", error="x", written_at=at, due_at=at, ended_at=at)
    BackupRun.objects.create(started_at=at, seen_at=at, finished_at=at)
    EmergencyReview.objects.create(access=records["emergency"], reviewed_by=boss, reviewed_at=at, note="x")
    ErasureFactory(patient=patient, done_at=None, withdrawn_at=at, withdrawn_by=boss, withdrawn_reason="x")
    DistinctPair.objects.create(
        first=patient, second=PatientFactory(location=here), reason="x", said_at=at, said_by=boss
    )
    ReturnedAddress.objects.create(patient=patient, channel="email", address="x", returned_at=at)
