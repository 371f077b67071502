from typing import Any

from django.contrib import admin

from clinic.admin.records import ExportedAdmin, ReadOnly, RecordAdmin
from treatments.models import Recurrence, SideEffectContact, SideEffectReview, StepTaken

OF_REACTION = [
    "side_effect__kind",
    "side_effect__area",
    "side_effect__session__course__patient",
]
PATIENT_OF_REACTION = [
    "side_effect__session__course__patient__sort_name",
    "side_effect__session__course__patient__record_number",
]
KIND_AND_PLACE = ["side_effect__kind", "side_effect__session__course__location"]


class OfReaction:
    """What hangs on a reaction, listed with the patient."""

    @admin.display(ordering="side_effect__session__course__patient__sort_name")
    def patient(self, row: Any) -> str:
        return str(row.side_effect.session.course.patient)


@admin.register(SideEffectReview)
class SideEffectReviewAdmin(ReadOnly, OfReaction, ExportedAdmin):
    list_display = ["reviewed_at", "side_effect", "patient", "causality", "outcome", "next_review_on", "reviewed_by"]
    list_filter = ["causality", "outcome", *KIND_AND_PLACE]
    search_fields = PATIENT_OF_REACTION
    list_select_related = [*OF_REACTION, "reviewed_by"]
    date_hierarchy = "reviewed_at"


@admin.register(Recurrence)
class RecurrenceAdmin(ReadOnly, OfReaction, ExportedAdmin):
    list_filter = [*KIND_AND_PLACE]
    search_fields = PATIENT_OF_REACTION
    list_display = ["back_at", "side_effect", "patient", "gone_at", "note", "recorded_by"]
    list_select_related = [*OF_REACTION, "recorded_by"]
    date_hierarchy = "back_at"


@admin.register(SideEffectContact)
class SideEffectContactAdmin(ReadOnly, OfReaction, ExportedAdmin):
    list_display = ["made_at", "side_effect", "patient", "outcome", "next_contact_on", "made_by"]
    list_filter = ["outcome", *KIND_AND_PLACE]
    search_fields = PATIENT_OF_REACTION
    list_select_related = [*OF_REACTION, "made_by"]
    date_hierarchy = "made_at"


@admin.register(StepTaken)
class StepTakenAdmin(ReadOnly, OfReaction, RecordAdmin):
    list_display = ["step", "side_effect", "patient", "done_at", "done_by"]
    list_filter = ["step", *KIND_AND_PLACE]
    search_fields = PATIENT_OF_REACTION
    list_select_related = [*OF_REACTION, "step", "done_by"]
    date_hierarchy = "done_at"
