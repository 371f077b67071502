from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from clinic.admin.records import CatalogueAdmin, ExportedAdmin, ManagedAdmin, ReadOnly, RecordAdmin
from patients.models import (
    Allergy,
    Consent,
    ConsentForm,
    DistinctPair,
    Dossier,
    EmergencyAccess,
    EmergencyReview,
    Erasure,
    HoldOpening,
    LegalHold,
    MergeOfRecords,
    MessageChoice,
    Patient,
    RecordNumberSeries,
    RetentionRule,
    RetentionSweep,
    ReturnedAddress,
    Screening,
    ScreeningAnswer,
    ScreeningQuestion,
)
from patients.models.consent import SIGNED_UNDER
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

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let nobody give an erased patient a name again."""
        return super().has_change_permission(request, obj) and not (obj and obj.is_erased)

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


@admin.register(MergeOfRecords)
class MergeOfRecordsAdmin(ReadOnly, RecordAdmin):
    list_display = ["made_at", "merged", "survivor", "made_by", "undone_at"]
    list_filter = [("undone_at", admin.EmptyFieldListFilter)]
    list_select_related = ["merged", "survivor", "made_by"]
    search_fields = ["merged__sort_name", "merged__record_number", "survivor__record_number"]
    date_hierarchy = "made_at"


@admin.register(DistinctPair)
class DistinctPairAdmin(ReadOnly, RecordAdmin):
    list_display = ["said_at", "first", "second", "said_by", "taken_back_at"]
    list_filter = [("taken_back_at", admin.EmptyFieldListFilter)]
    list_select_related = ["first", "second", "said_by"]
    search_fields = ["first__sort_name", "first__record_number", "second__record_number"]


@admin.register(MessageChoice)
class MessageChoiceAdmin(ReadOnly, ExportedAdmin):
    list_display = ["made_at", "patient", "wants_messages"]
    list_filter = ["wants_messages"]
    list_select_related = ["patient"]
    search_fields = ["patient__sort_name", "patient__record_number"]
    date_hierarchy = "made_at"


@admin.register(ReturnedAddress)
class ReturnedAddressAdmin(ReadOnly, ExportedAdmin):
    list_display = ["returned_at", "patient", "channel", "address", "confirmed_at", "confirmed_by"]
    list_filter = ["channel", ("confirmed_at", admin.EmptyFieldListFilter)]
    list_select_related = ["patient", "confirmed_by"]
    search_fields = ["address", "patient__sort_name", "patient__record_number"]
    date_hierarchy = "returned_at"


@admin.register(RecordNumberSeries)
class RecordNumberSeriesAdmin(ReadOnly, ManagedAdmin):
    list_display = ["__str__"]


@admin.register(ScreeningQuestion)
class ScreeningQuestionAdmin(CatalogueAdmin):
    list_display = [
        "name",
        "code",
        "rank",
        "scope",
        "may_override",
        "in_full",
        "at_each_session",
        "is_active",
        "order",
    ]
    list_filter = ["rank", "scope", "in_full", "at_each_session", "is_active"]
    search_fields = ["name", "code", "question"]


class AnswerInline(ReadOnly, admin.TabularInline):
    model = ScreeningAnswer
    extra = 0
    fields = ["question", "answer", "detail"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("question", "screening")


@admin.register(Screening)
class ScreeningAdmin(ReadOnly, RecordAdmin):
    list_display = ["patient", "kind", "answered_at", "recorded_by", "entered_in_error_at"]
    list_filter = ["kind", ("entered_in_error_at", admin.EmptyFieldListFilter)]
    list_select_related = ["patient", "recorded_by"]
    search_fields = ["patient__sort_name", "patient__record_number"]
    inlines = [AnswerInline]


@admin.register(ScreeningAnswer)
class ScreeningAnswerAdmin(ReadOnly, RecordAdmin):
    list_display = ["question", "answer", "detail", "screening"]
    list_filter = ["answer", "question"]
    list_select_related = ["question", "screening"]
    search_fields = ["screening__patient__sort_name", "screening__patient__record_number"]


@admin.register(ConsentForm)
class ConsentFormAdmin(CatalogueAdmin):
    """A text is written here and published; from then on only how long new signatures hold may change."""

    list_display = ["title", "purpose", "language", "number", "valid_months", "published_at"]
    list_filter = ["purpose", "language", ("published_at", admin.EmptyFieldListFilter)]
    search_fields = ["title", "text"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return SIGNED_UNDER if obj and obj.is_published else ()


@admin.register(Consent)
class ConsentAdmin(ReadOnly, RecordAdmin):
    list_display = ["patient", "form", "signed_at", "signer_name", "method", "expires_on", "withdrawn_at"]
    list_filter = ["form__purpose", "method", ("withdrawn_at", admin.EmptyFieldListFilter)]
    list_select_related = ["patient", "form"]
    search_fields = ["patient__sort_name", "patient__record_number", "signer_name"]


@admin.register(EmergencyAccess)
class EmergencyAccessAdmin(ReadOnly, ManagedAdmin):
    """Who opened a record of another location, and why. Reviewed on its own page."""

    list_display = ["opened_at", "user", "patient", "ends_at", "reason"]
    list_select_related = ["user", "patient"]
    search_fields = ["user__first_name", "user__last_name", "patient__record_number", "reason"]


@admin.register(EmergencyReview)
class EmergencyReviewAdmin(ReadOnly, ManagedAdmin):
    list_display = ["reviewed_at", "reviewed_by", "access", "note"]
    list_select_related = ["reviewed_by", "access__user"]
    search_fields = ["note", "reviewed_by__first_name", "reviewed_by__last_name"]


@admin.register(RetentionRule)
class RetentionRuleAdmin(RecordAdmin):
    list_display = ["subject", "country_code", "location", "keeps_for", "unit", "counted_from", "binds", "source"]
    list_filter = ["subject", "country_code", "binds"]
    list_select_related = ["location"]
    search_fields = ["source"]


@admin.register(Dossier)
class DossierAdmin(ReadOnly, ManagedAdmin):
    list_display = ["asked_at", "patient", "asked_by", "state", "size_bytes", "fetched_at", "gone_at"]
    list_filter = ["state"]
    list_select_related = ["patient", "asked_by"]
    search_fields = ["patient__sort_name", "patient__record_number"]


@admin.register(Erasure)
class ErasureAdmin(ReadOnly, ManagedAdmin):
    list_display = ["asked_at", "public_id", "ground", "asked_by", "done_at", "withdrawn_at", "backups_gone_on"]
    list_filter = ["ground", ("done_at", admin.EmptyFieldListFilter), ("withdrawn_at", admin.EmptyFieldListFilter)]
    list_select_related = ["asked_by"]


@admin.register(LegalHold)
class LegalHoldAdmin(ReadOnly, ManagedAdmin):
    """That there is a hold. What is in it is read on its own page alone, which writes down who looked and why."""

    list_display = ["made_at", "patient"]
    list_select_related = ["patient"]
    fields = ["patient", "made_at"]


@admin.register(HoldOpening)
class HoldOpeningAdmin(ReadOnly, ManagedAdmin):
    list_display = ["opened_at", "patient", "opened_by", "reason"]
    list_select_related = ["patient", "opened_by"]


@admin.register(RetentionSweep)
class RetentionSweepAdmin(ReadOnly, ManagedAdmin):
    list_display = ["swept_on", "finished_at", "proposed_count", "removed"]
