from django.contrib import admin

from clinic.admin.records import ManagedAdmin, ReadOnly
from clinic.models import AuditCheck, AuditEvent, AuditSeal


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnly, ManagedAdmin):
    """The trail, row by row; the page under Audit says it in words."""

    list_display = ["happened_at", "act", "by", "view_name", "record_type", "record_key", "patient_public_id"]
    list_filter = ["act"]
    list_select_related = ["by"]
    ordering = ["-happened_at", "-pk"]


@admin.register(AuditSeal)
class AuditSealAdmin(ReadOnly, ManagedAdmin):
    """Closed ranges of the trail."""

    list_display = ["sealed_at", "first_id", "last_id", "event_count", "digest"]
    ordering = ["-pk"]


@admin.register(AuditCheck)
class AuditCheckAdmin(ReadOnly, ManagedAdmin):
    """When the trail was compared with its seals, and what was found."""

    list_display = ["checked_at", "event_count", "seal_count", "is_good"]
    ordering = ["-checked_at"]

    @admin.display(boolean=True)
    def is_good(self, check: AuditCheck) -> bool:
        return check.is_good
