from django.contrib import admin

from clinic.admin.records import CatalogueAdmin, ReadOnly, RecordAdmin
from treatments.models import Assessment, BlindedRating, BlindedRun, Instrument, InstrumentItem, MilestoneReview, Score

PATIENT = ["course__patient__sort_name", "course__patient__record_number"]


class InstrumentItemInline(admin.TabularInline):
    model = InstrumentItem
    extra = 0
    can_delete = False


@admin.register(Instrument)
class InstrumentAdmin(CatalogueAdmin):
    list_display = ["name", "code", "kind", "scope", "rater", "direction", "least", "most", "is_active", "order"]
    list_filter = ["is_active", "kind", "scope", "indications"]
    search_fields = ["name", "code"]
    filter_horizontal = ["indications"]
    inlines = [InstrumentItemInline]


@admin.register(InstrumentItem)
class InstrumentItemAdmin(CatalogueAdmin):
    list_display = ["name", "instrument", "code", "least", "most", "step", "needs_touch", "order"]
    list_filter = ["instrument"]
    search_fields = ["name", "code", "instrument__name"]


@admin.register(Assessment)
class AssessmentAdmin(ReadOnly, RecordAdmin):
    """Scored, corrected and said to be an error by its own pages."""

    list_display = ["assessed_on", "patient", "course", "assessed_by", "photo_based", "blinded", "error_at"]
    list_filter = ["photo_based", "blinded", "course__location", ("error_at", admin.EmptyFieldListFilter)]
    list_select_related = ["course__patient", "course__protocol", "assessed_by"]
    search_fields = PATIENT
    date_hierarchy = "assessed_on"

    @admin.display(ordering="course__patient__sort_name")
    def patient(self, assessment: Assessment) -> str:
        return str(assessment.course.patient)


@admin.register(Score)
class ScoreAdmin(ReadOnly, RecordAdmin):
    list_display = ["assessment", "instrument", "area", "side", "value", "label"]
    list_filter = ["instrument"]
    list_select_related = ["assessment__course__protocol", "instrument", "area"]
    search_fields = [f"assessment__{name}" for name in PATIENT]


@admin.register(BlindedRun)
class BlindedRunAdmin(ReadOnly, RecordAdmin):
    """Who scored which photos blindly, and when."""

    list_display = ["started_at", "patient", "course", "view", "posture", "instrument", "rater", "finished_at"]
    list_filter = ["instrument", "course__location", ("finished_at", admin.EmptyFieldListFilter)]
    list_select_related = ["course__patient", "course__protocol", "instrument", "rater"]
    search_fields = PATIENT
    date_hierarchy = "started_at"

    @admin.display(ordering="course__patient__sort_name")
    def patient(self, run: BlindedRun) -> str:
        return str(run.course.patient)


@admin.register(BlindedRating)
class BlindedRatingAdmin(ReadOnly, RecordAdmin):
    list_display = ["rated_at", "run", "photo", "assessment"]
    list_select_related = ["run", "photo__area", "assessment__course__protocol"]
    search_fields = [f"run__{name}" for name in PATIENT]
    date_hierarchy = "rated_at"


@admin.register(MilestoneReview)
class MilestoneReviewAdmin(ReadOnly, RecordAdmin):
    """Decided on the progress page, by a clinician."""

    list_display = ["decided_at", "patient", "course", "after_session", "decision", "decided_by"]
    list_filter = ["decision", "course__protocol", "course__location"]
    list_select_related = ["course__patient", "course__protocol", "decided_by"]
    search_fields = PATIENT
    date_hierarchy = "decided_at"

    @admin.display(ordering="course__patient__sort_name")
    def patient(self, review: MilestoneReview) -> str:
        return str(review.course.patient)
