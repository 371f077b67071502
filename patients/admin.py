from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from clinic.admin.records import ManagedAdmin, ReadOnly, RecordAdmin
from patients.models import Allergy, Patient, RecordNumberSeries
from patients.views import imports


class StandingFilter(admin.SimpleListFilter):
    title = _("record")
    parameter_name = "record"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("current", _("Current patients")), ("gone", _("Archived and deceased"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        if self.value() == "current":
            return queryset.active()
        return queryset.gone() if self.value() == "gone" else queryset


@admin.register(Patient)
class PatientAdmin(RecordAdmin):
    import_export_change_list_template = "patients/imports/change_list.html"
    list_display = ["full_name", "record_number", "birth_date", "phone", "location", "registered_at"]
    list_filter = [StandingFilter, "location", "sex"]
    list_select_related = ["location"]
    search_fields = ["search_text"]
    search_help_text = _("Name, record number, phone, birth date")
    readonly_fields = ["record_number", "registered_at", "archived_at"]
    ordering = ["sort_name", "pk"]

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[QuerySet, bool]:
        """Search as the pages do."""
        return (queryset.search(search_term) if search_term else queryset), False

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        own = [
            path("import/", guard(imports.upload), name="patients_patient_import"),
            path("import/preview/", guard(imports.preview), name="patients_patient_import_preview"),
            path("import/rejects/", guard(imports.rejects), name="patients_patient_import_rejects"),
        ]
        return own + super().get_urls()


@admin.register(Allergy)
class AllergyAdmin(ReadOnly, RecordAdmin):
    list_display = ["patient", "substance", "reaction", "severity", "status", "recorded_at"]
    list_filter = ["status", "severity"]
    list_select_related = ["patient"]
    search_fields = ["substance", "patient__sort_name", "patient__record_number"]


@admin.register(RecordNumberSeries)
class RecordNumberSeriesAdmin(ReadOnly, ManagedAdmin):
    list_display = ["__str__"]
