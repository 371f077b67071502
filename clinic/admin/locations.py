from django.contrib import admin

from clinic.admin.records import CatalogueAdmin, ManagedAdmin
from clinic.models import Location, Room


class RoomInline(admin.TabularInline):
    model = Room
    extra = 0
    can_delete = False


@admin.register(Location)
class LocationAdmin(CatalogueAdmin):
    list_display = ["name", "time_zone", "country_code", "currency", "unit_system", "phone"]
    search_fields = ["name", "address"]
    inlines = [RoomInline]


@admin.register(Room)
class RoomAdmin(ManagedAdmin):
    list_display = ["name", "location"]
    list_filter = ["location"]
    search_fields = ["name", "location__name"]
