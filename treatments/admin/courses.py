from django.contrib import admin

from clinic.admin.records import NotAdded, ReadOnly, RecordAdmin
from treatments.models import Appointment, Course

PATIENT = ["patient__sort_name", "patient__record_number"]


@admin.register(Course)
class CourseAdmin(NotAdded, RecordAdmin):
    list_display = ["patient", "protocol", "status", "planned_sessions", "started_on", "location", "clinician"]
    list_filter = ["status", "protocol", "location"]
    search_fields = PATIENT
    # A status turns by its page, which asks for the reason and knows which may follow which. On the others stand the
    # sessions given, their numbers and what they cost.
    readonly_fields = [
        "patient",
        "protocol",
        "location",
        "currency",
        "started_on",
        "status",
        "status_on",
        "status_reason",
        "created_at",
    ]
    autocomplete_fields = ["clinician"]
    filter_horizontal = ["areas"]
    date_hierarchy = "started_on"


@admin.register(Appointment)
class AppointmentAdmin(ReadOnly, RecordAdmin):
    """Booked, moved and turned by their own pages, which keep two from meeting in one room or with one person."""

    list_display = ["starts_at", "patient", "kind", "status", "location", "practitioner", "room"]
    list_filter = ["status", "kind", "location"]
    list_select_related = ["patient", "location", "practitioner", "room"]
    search_fields = PATIENT
    date_hierarchy = "starts_at"
    ordering = ["-starts_at", "-pk"]
