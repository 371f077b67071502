from django.contrib import admin

from clinic.admin.records import CatalogueAdmin, ExportedAdmin, ReadOnly, RecordAdmin
from treatments.models import ClusterReview, Ingredient, Injection, Lot, Preparation, Product, StockChange


@admin.register(Product)
class ProductAdmin(CatalogueAdmin):
    list_display = [
        "name",
        "strength",
        "maker",
        "product_class",
        "is_active",
        "is_blocked",
        "limit_acts",
        "low_stock_ml",
    ]
    list_filter = ["is_active", "product_class", "limit_acts", ("blocked_reason", admin.EmptyFieldListFilter)]
    search_fields = ["name", "code", "maker"]

    @admin.display(boolean=True)
    def is_blocked(self, product: Product) -> bool:
        return product.is_blocked


class StockChangeInline(ReadOnly, admin.TabularInline):
    model = StockChange
    extra = 0
    can_delete = False


class IngredientInline(ReadOnly, admin.TabularInline):
    model = Ingredient
    extra = 0
    can_delete = False


@admin.register(Lot)
class LotAdmin(ReadOnly, RecordAdmin):
    list_display = ["number", "product", "location", "expires_on", "received_ml", "received_on", "held_at"]
    list_filter = ["location", ("held_at", admin.EmptyFieldListFilter), "product__product_class"]
    list_select_related = ["product", "location"]
    search_fields = ["number", "gtin", "product__name"]
    date_hierarchy = "expires_on"
    inlines = [StockChangeInline]


@admin.register(StockChange)
class StockChangeAdmin(ReadOnly, ExportedAdmin):
    list_display = ["made_at", "lot", "kind", "volume_ml", "reason", "made_by"]
    list_filter = ["kind", "lot__location"]
    list_select_related = ["lot__product", "made_by"]
    search_fields = ["lot__number", "lot__product__name"]
    date_hierarchy = "made_at"


@admin.register(Preparation)
class PreparationAdmin(ReadOnly, RecordAdmin):
    list_display = ["name", "location", "mixed_at", "mixed_by", "use_by_at", "discarded_at"]
    list_filter = ["location", ("discarded_at", admin.EmptyFieldListFilter)]
    list_select_related = ["location", "mixed_by"]
    search_fields = ["name", "ingredients__lot__number"]
    date_hierarchy = "mixed_at"
    inlines = [IngredientInline]


@admin.register(Injection)
class InjectionAdmin(ReadOnly, RecordAdmin):
    list_display = ["session", "patient", "area", "lot", "preparation", "volume_ml", "points", "technique"]
    list_filter = ["technique", "session__course__location"]
    list_select_related = [
        "session__course__patient",
        "session__course__protocol",
        "area",
        "lot__product",
        "preparation",
    ]
    search_fields = ["lot__number", "session__course__patient__sort_name", "session__course__patient__record_number"]
    date_hierarchy = "session__performed_at"

    @admin.display(ordering="session__course__patient__sort_name")
    def patient(self, injection: Injection) -> str:
        return str(injection.session.course.patient)


@admin.register(Ingredient)
class IngredientAdmin(ReadOnly, ExportedAdmin):
    list_display = ["preparation", "lot", "volume_ml"]
    list_filter = ["preparation__location"]
    list_select_related = ["preparation", "lot__product"]
    search_fields = ["preparation__name", "lot__number"]


@admin.register(ClusterReview)
class ClusterReviewAdmin(ReadOnly, ExportedAdmin):
    list_display = ["seen_at", "kind", "product", "number", "patients", "reason", "seen_by"]
    list_filter = ["kind"]
    list_select_related = ["kind", "product", "seen_by"]
    search_fields = ["number", "product__name", "reason"]
    date_hierarchy = "seen_at"
