from django.contrib import admin

from clinic.admin.records import ExportedAdmin, ReadOnly, RecordAdmin
from treatments.models import ContactAttempt, FollowUp, Reminder, ReminderAct

PATIENT = ["course__patient__sort_name", "course__patient__record_number"]


@admin.register(FollowUp)
class FollowUpAdmin(ReadOnly, RecordAdmin):
    list_display = ["patient", "course", "number", "opens_on", "closes_on"]
    list_filter = ["course__location", "course__protocol"]
    list_select_related = ["course__patient", "course__protocol"]
    search_fields = PATIENT
    date_hierarchy = "closes_on"

    @admin.display(ordering="course__patient__sort_name")
    def patient(self, follow_up: FollowUp) -> str:
        return str(follow_up.course.patient)


@admin.register(ContactAttempt)
class ContactAttemptAdmin(ReadOnly, ExportedAdmin):
    list_display = ["made_at", "patient", "outcome", "next_try_on", "made_by"]
    list_filter = ["outcome"]
    list_select_related = ["follow_up__course__patient", "made_by"]
    search_fields = [f"follow_up__{name}" for name in PATIENT]
    date_hierarchy = "made_at"

    @admin.display(ordering="follow_up__course__patient__sort_name")
    def patient(self, attempt: ContactAttempt) -> str:
        return str(attempt.follow_up.course.patient)


@admin.register(Reminder)
class ReminderAdmin(ReadOnly, ExportedAdmin):
    list_display = ["started_at", "patient", "occasion", "channel", "address", "state", "attempts", "sent_at", "owner"]
    list_filter = ["state", "channel", "occasion"]
    list_select_related = ["patient", "owner"]
    search_fields = ["patient__sort_name", "patient__record_number", "address"]
    date_hierarchy = "started_at"


@admin.register(ReminderAct)
class ReminderActAdmin(ReadOnly, ExportedAdmin):
    list_display = ["made_at", "reminder", "act", "made_by", "note"]
    list_filter = ["act"]
    list_select_related = ["reminder", "made_by"]
    search_fields = ["reminder__patient__sort_name", "reminder__patient__record_number"]
    date_hierarchy = "made_at"
