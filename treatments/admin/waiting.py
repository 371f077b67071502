from django.contrib import admin

from clinic.admin.records import ExportedAdmin, ReadOnly, RecordAdmin
from treatments.models import Waiting, WaitingOffer


@admin.register(Waiting)
class WaitingAdmin(ReadOnly, RecordAdmin):
    """Joined, changed and left by their own pages, which know who waits still."""

    list_display = ["joined_at", "patient", "kind", "course", "practitioner", "need", "removed_at"]
    list_filter = ["kind", "need", "patient__location"]
    list_select_related = ["patient", "course__protocol", "practitioner"]
    search_fields = ["patient__sort_name", "patient__record_number"]
    date_hierarchy = "joined_at"
    ordering = ["-joined_at", "-pk"]


@admin.register(WaitingOffer)
class WaitingOfferAdmin(ReadOnly, ExportedAdmin):
    list_display = ["made_at", "waiting", "starts_at", "practitioner", "outcome", "made_by"]
    list_filter = ["outcome"]
    list_select_related = ["waiting__patient", "practitioner", "made_by"]
    search_fields = ["waiting__patient__sort_name", "waiting__patient__record_number"]
    date_hierarchy = "made_at"
