from django.contrib import admin

from clinic.admin.records import ManagedAdmin, ReadOnly
from clinic.models import BackupRun


@admin.register(BackupRun)
class BackupRunAdmin(ReadOnly, ManagedAdmin):
    """What the program wrote of its backups; nobody else writes here, and nobody deletes."""

    list_display = ["started_at", "kind", "name", "place", "size_bytes", "tried_at", "error"]
    list_filter = ["kind"]
    search_fields = ["name", "place", "error"]
    ordering = ["-started_at"]
