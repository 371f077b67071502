from typing import Any, cast

from django.contrib import admin
from django.http import HttpRequest

from clinic.admin.records import CatalogueAdmin, ManagedAdmin
from clinic.closures import tell_of_lifted
from clinic.http import Request
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
    list_select_related = ["location", "practitioner"]  # one of which may be nobody, and then is not followed
    search_fields = ["practitioner__last_name", "practitioner__first_name", "location__name"]
    autocomplete_fields = ["practitioner"]


@admin.register(Closure)
class ClosureAdmin(CatalogueAdmin):
    list_display = ["first_on", "last_on", "from_time", "to_time", "location", "practitioner", "reason", "is_in_force"]
    list_filter = ["location", "is_in_force"]
    list_select_related = ["location", "practitioner"]
    search_fields = ["reason", "practitioner__last_name", "practitioner__first_name", "location__name"]
    autocomplete_fields = ["practitioner"]
    date_hierarchy = "first_on"

    def save_model(self, request: HttpRequest, obj: Closure, form: Any, change: bool) -> None:  # noqa: FBT001 -- Django's
        super().save_model(request, obj, form, change)
        if change and "is_in_force" in form.changed_data and not obj.is_in_force:
            tell_of_lifted(cast(Request, request), obj)
