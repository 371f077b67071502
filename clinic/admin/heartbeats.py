from django.contrib import admin

from clinic.admin.records import ManagedAdmin, ReadOnly
from clinic.models import Heartbeat


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnly, ManagedAdmin):
    """When the worker did its rounds last."""

    list_display = ["name", "beat_at"]
    search_fields = ["name"]
