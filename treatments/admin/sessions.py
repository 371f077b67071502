from django.contrib import admin

from clinic.admin.records import ReadOnly, RecordAdmin
from treatments.models import Photo, Session, SideEffect


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
