from django.contrib import admin

from clinic.admin.records import CatalogueAdmin, ManagedAdmin
from clinic.models import Closure, Location, Room, WorkingHours


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


@admin.register(WorkingHours)
class WorkingHoursAdmin(CatalogueAdmin):
    list_display = ["location", "practitioner", "weekday", "from_time", "to_time", "is_in_force"]
    list_filter = ["location", "weekday", "is_in_force"]
    search_fields = ["practitioner__last_name", "practitioner__first_name", "location__name"]
    autocomplete_fields = ["practitioner"]


@admin.register(Closure)
class ClosureAdmin(CatalogueAdmin):
    list_display = ["first_on", "last_on", "from_time", "to_time", "location", "practitioner", "reason", "is_in_force"]
    list_filter = ["location", "is_in_force"]
    search_fields = ["reason", "practitioner__last_name", "practitioner__first_name", "location__name"]
    autocomplete_fields = ["practitioner"]
    date_hierarchy = "first_on"
