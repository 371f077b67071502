from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from clinic.admin.records import ExportedAdmin, ReadOnly, RecordAdmin
from treatments.models import (
    Amendment,
    AskBack,
    ClearedLot,
    Override,
    Photo,
    Restriction,
    Session,
    SessionCorrection,
    SideEffect,
    WorkingCopy,
)

OF_SESSION = ["session__course__patient", "session__course__protocol"]
PATIENT_OF_SESSION = ["session__course__patient__sort_name", "session__course__patient__record_number"]


class OfSession:
    """What hangs on a session, listed with the patient."""

    @admin.display(ordering="session__course__patient__sort_name")
    def patient(self, row: Amendment | AskBack | Override) -> str:
        return str(row.session.course.patient)


@admin.register(Session)
class SessionAdmin(ReadOnly, RecordAdmin):
    list_display = ["performed_at", "patient", "course", "performed_by", "technique", "signed_at"]
    list_filter = ["technique", "course__location", ("signed_at", admin.EmptyFieldListFilter)]
    list_select_related = ["course__patient", "course__protocol", "performed_by"]
    search_fields = ["course__patient__sort_name", "course__patient__record_number"]
    date_hierarchy = "performed_at"

    @admin.display(ordering="course__patient__sort_name")
    def patient(self, session: Session) -> str:
        return str(session.course.patient)


@admin.register(SideEffect)
class SideEffectAdmin(ReadOnly, RecordAdmin):
    list_display = ["onset_at", "patient", "kind", "severity", "grade", "resolved_at", "reviewed_at"]
    list_filter = ["severity", "kind", ("resolved_at", admin.EmptyFieldListFilter)]
    list_select_related = ["session__course__patient", "kind"]
    search_fields = ["session__course__patient__sort_name", "session__course__patient__record_number"]
    date_hierarchy = "onset_at"

    @admin.display(ordering="session__course__patient__sort_name")
    def patient(self, side_effect: SideEffect) -> str:
        return str(side_effect.session.course.patient)


@admin.register(ClearedLot)
class ClearedLotAdmin(ReadOnly, RecordAdmin):
    list_display = ["cleared_at", "patient", "side_effect", "lot", "cleared_by"]
    list_filter = ["lot__product"]
    list_select_related = [
        *("side_effect__session__course__patient", "side_effect__kind", "side_effect__area"),
        *("lot__product", "cleared_by"),
    ]
    search_fields = ["side_effect__session__course__patient__sort_name", "lot__number"]
    date_hierarchy = "cleared_at"

    @admin.display(ordering="side_effect__session__course__patient__sort_name")
    def patient(self, row: ClearedLot) -> str:
        return str(row.side_effect.session.course.patient)


@admin.register(Photo)
class PhotoAdmin(ReadOnly, RecordAdmin):
    """Who took which photo when, and what became of it; the picture itself is for those who treat."""

    list_display = ["taken_at", "patient", "view", "posture", "state", "consent_scope", "taken_by"]
    list_filter = ["state", "consent_scope", "view", ("entered_in_error_at", admin.EmptyFieldListFilter)]
    list_select_related = ["course__patient", "taken_by"]
    search_fields = ["course__patient__sort_name", "course__patient__record_number", "sha256"]
    fields = [
        *("course", "session", "view", "posture", "area", "taken_at", "taken_by", "camera_distance_cm"),
        *("focal_length_mm", "light", "consent_scope", "file_name", "sha256", "bytes", "width_px", "height_px"),
        *("received_at", "state", "failure", "entered_in_error_at", "error_reason"),
    ]
    date_hierarchy = "taken_at"

    @admin.display(ordering="course__patient__sort_name")
    def patient(self, photo: Photo) -> str:
        return str(photo.course.patient)


@admin.register(AskBack)
class AskBackAdmin(ReadOnly, OfSession, RecordAdmin):
    list_display = ["session", "patient", "side_effect", "answer"]
    list_filter = ["answer", "session__course__location"]
    list_select_related = [
        *OF_SESSION,
        "side_effect__kind",
        "side_effect__area",
    ]
    search_fields = PATIENT_OF_SESSION
    date_hierarchy = "session__performed_at"


@admin.register(Override)
class OverrideAdmin(ReadOnly, OfSession, RecordAdmin):
    list_display = ["made_at", "session", "patient", "words", "reason", "made_by"]
    list_filter = ["session__course__location"]
    list_select_related = [*OF_SESSION, "made_by"]
    search_fields = [*PATIENT_OF_SESSION, "code"]
    date_hierarchy = "made_at"


@admin.register(Amendment)
class AmendmentAdmin(ReadOnly, OfSession, ExportedAdmin):
    list_display = ["made_at", "session", "patient", "number", "reason", "made_by"]
    list_filter = ["session__course__location"]
    list_select_related = [*OF_SESSION, "made_by"]
    search_fields = PATIENT_OF_SESSION
    date_hierarchy = "made_at"


@admin.register(SessionCorrection)
class SessionCorrectionAdmin(ReadOnly, RecordAdmin):
    list_display = ["made_at", "wrong_record", "right_record", "reason", "made_by"]
    list_select_related = ["wrong__course__patient", "right__course__patient", "made_by"]
    search_fields = ["wrong__course__patient__record_number", "right__course__patient__record_number"]
    date_hierarchy = "made_at"

    @admin.display(ordering="wrong__course__patient__record_number", description=_("from record"))
    def wrong_record(self, row: SessionCorrection) -> str:
        return row.wrong.course.patient.record_number

    @admin.display(ordering="right__course__patient__record_number", description=_("to record"))
    def right_record(self, row: SessionCorrection) -> str:
        return row.right.course.patient.record_number


@admin.register(WorkingCopy)
class WorkingCopyAdmin(ReadOnly, ExportedAdmin):
    list_display = ["updated_at", "patient", "course", "session", "typed_by", "closed_at"]
    list_filter = [("closed_at", admin.EmptyFieldListFilter), "course__location"]
    list_select_related = ["course__patient", "course__protocol", "session__course__protocol", "typed_by"]
    search_fields = ["course__patient__sort_name", "course__patient__record_number"]
    date_hierarchy = "started_at"

    @admin.display(ordering="course__patient__sort_name")
    def patient(self, copy: WorkingCopy) -> str:
        return str(copy.course.patient)


@admin.register(Restriction)
class RestrictionAdmin(ReadOnly, RecordAdmin):
    list_display = ["answer", "patient"]
    list_filter = ["answer__question"]
    list_select_related = ["answer__question", "answer__screening__patient"]
    search_fields = ["answer__screening__patient__sort_name", "answer__screening__patient__record_number"]

    @admin.display(ordering="answer__screening__patient__sort_name")
    def patient(self, restriction: Restriction) -> str:
        return str(restriction.answer.screening.patient)
