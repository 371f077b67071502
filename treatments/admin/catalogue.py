from django.contrib import admin

from clinic.admin.records import CatalogueAdmin
from treatments.models import GradeWording, Indication, InfectionStep, Protocol, Shot, SideEffectKind, TreatmentArea


@admin.register(Indication)
class IndicationAdmin(CatalogueAdmin):
    list_display = ["name", "code", "snomed_code", "icd10_code"]
    search_fields = ["name", "code"]


@admin.register(TreatmentArea)
class TreatmentAreaAdmin(CatalogueAdmin):
    list_display = ["region", "side", "view", "code", "order"]
    list_filter = ["view", "side"]
    search_fields = ["region", "code"]


@admin.register(Protocol)
class ProtocolAdmin(CatalogueAdmin):
    list_display = ["name", "indication", "is_active", "sessions_min", "sessions_max", "price_min", "price_max"]
    list_filter = ["is_active", "indication"]
    search_fields = ["name", "indication__name"]
    filter_horizontal = ["areas"]


@admin.register(Shot)
class ShotAdmin(CatalogueAdmin):
    list_display = ["protocol", "view", "posture", "order"]
    list_filter = ["protocol"]
    search_fields = ["protocol__name", "view"]
    filter_horizontal = ["areas"]


@admin.register(SideEffectKind)
class SideEffectKindAdmin(CatalogueAdmin):
    list_display = [
        *("name", "code", "expected_max", "always_review", "is_urgent", "is_expected", "is_late_infection_sign"),
        *("is_immediate", "order"),
    ]
    list_filter = ["is_urgent", "always_review", "is_expected", "is_late_infection_sign", "is_immediate"]
    search_fields = ["name", "code", "meddra_term"]


@admin.register(InfectionStep)
class InfectionStepAdmin(CatalogueAdmin):
    list_display = ["name", "code", "location", "is_active", "order"]
    list_filter = ["is_active", "location"]
    search_fields = ["name", "code"]


@admin.register(GradeWording)
class GradeWordingAdmin(CatalogueAdmin):
    list_display = ["kind", "grade", "words", "term", "edition"]
    list_filter = ["edition", "term", "kind"]
    list_select_related = ["kind"]
    search_fields = ["words", "term", "kind__name"]
