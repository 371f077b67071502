"""How every record is managed in the Django admin: nothing deleted, nothing overwritten unseen, every change kept."""

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar, cast

from django.contrib import admin, messages
from django.contrib.admin.views.main import ERROR_FLAG, SEARCH_VAR
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.paginator import Paginator
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from import_export.admin import ExportMixin, ImportExportModelAdmin
from import_export.fields import Field
from import_export.formats.base_formats import CSV, XLSX
from import_export.forms import ExportForm
from import_export.resources import ModelResource, modelresource_factory
from simple_history.admin import SimpleHistoryAdmin

from clinic import trail
from clinic.forms import LONGEST_KEY, RowsField, VersionedForm, is_key
from clinic.models import VersionConflictError, Versioned
from clinic.paging import bounded_count
from clinic.spreadsheets import FORMULA_STARTS, safe_cell


class BoundedPaginator(Paginator):
    """Pages of the first thousand rows: counting a big table costs more than the page, and nobody turns so many."""

    @cached_property
    def count(self) -> int:
        return bounded_count(cast(models.QuerySet, self.object_list))


class SafeResource(ModelResource):
    """Rows as cells that no spreadsheet computes; the apostrophe that keeps them safe goes when they come back.

    What comes from a file is held to the rules of what is typed.
    """

    class Meta:
        clean_model_instances = True

    def export_field(self, field: Field, instance: models.Model, **kwargs: Any) -> Any:
        value = super().export_field(field, instance, **kwargs)
        return safe_cell(value) if isinstance(value, str) else value

    def before_import_row(self, row: dict[str, Any], **kwargs: Any) -> None:
        for name, value in row.items():
            if isinstance(value, str) and value.startswith("'") and value[1:].startswith(FORMULA_STARTS):
                row[name] = value[1:]


# What leaves in no file: secrets and what one is guessed from, where a file lies, which sending of a form made a row.
NOT_TAKEN_OUT = frozenset({"form_token", "search_text", "stored_name", "token", "token_hash"})

# What the filters beside a list and the days above it append to the field they filter by.
ENDS = ("", "exact", "in", "isnull", "isempty", "gte", "gt", "lte", "lt", "year", "month", "day")
KEYS = ("", "id", "pk")


def lookups_of(path: str) -> set[str]:
    """Return the parameters by which a list is filtered by one field, or by the row that it points to."""
    return {"__".join(filter(None, (path, key, end))) for key in KEYS for end in ENDS}


class KeyedAutocomplete(AutocompleteSelect):
    """Shows nothing as chosen where a form sent what is no key: Django's own asks the database for it, a fault."""

    def optgroups(self, name: str, value: Sequence[str], attr: Any = None) -> Any:
        return super().optgroups(name, [each for each in value if not each or is_key(each)], attr)


class ManagedAdmin(admin.ModelAdmin):
    """What all records share: no deleting, no counting of big tables, no filter but those that a list offers."""

    show_full_result_count = False
    paginator = BoundedPaginator
    list_per_page = 50
    list_select_related: ClassVar[bool | list[str] | tuple[str, ...]] = True

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", KeyedAutocomplete(db_field, self.admin_site))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return super().formfield_for_manytomany(db_field, request, **{"form_class": RowsField, **kwargs})

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Allow the filters of the list and the row's own key, nothing else.

        Django lets a list be filtered by every field of its own: a field that is shown nowhere, the key of somebody's
        sign-in or a sealed name, could be read letter by letter from whether a row is left.
        """
        offered = [self.date_hierarchy, *(self.get_list_filter(request) if request else self.list_filter)]
        return lookup in lookups_of("").union(*(self._lookups_by(each) for each in offered if each))

    @staticmethod
    def _lookups_by(offered: Any) -> set[str]:
        if isinstance(offered, type) and issubclass(offered, admin.SimpleListFilter):
            return {str(offered.parameter_name)}
        return lookups_of(offered if isinstance(offered, str) else offered[0])

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the list; an address that filters by a number larger than databases have leads to what Django shows."""
        filters = (str(value) for name, value in request.GET.items() if name not in {SEARCH_VAR, ERROR_FLAG})
        if any(len(number) >= LONGEST_KEY for value in filters for number in re.findall(r"\d+", value)):
            return redirect(f"{request.path}?{ERROR_FLAG}=1")
        return super().changelist_view(request, extra_context)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Return the record an address names, and note it for the trail."""
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            trail.saw(found)
        return found


class SafeExport:
    """Goes before import-export's classes: which cells, which forms, which files."""

    export_form_class = ExportForm
    formats = [CSV, XLSX]

    def get_resource_classes(self, request: HttpRequest) -> list[type[ModelResource]]:
        model: type[models.Model] = self.model  # type: ignore[attr-defined]
        left_out = [field.name for field in model._meta.fields if field.name in NOT_TAKEN_OUT]
        return [modelresource_factory(model, SafeResource, {"exclude": left_out, "clean_model_instances": True})]

    def get_export_queryset(self, request: HttpRequest, *args: Any, **kwargs: Any) -> models.QuerySet[Any]:
        """Return the rows of the file with what each points to, instead of asking for that row by row."""
        rows: models.QuerySet[Any] = super().get_export_queryset(request, *args, **kwargs)  # type: ignore[misc]
        fields = [field for field in rows.model._meta.fields if field.is_relation]
        return rows.select_related(*(field.name for field in fields)).prefetch_related(
            *(field.name for field in rows.model._meta.many_to_many)
        )


class ExportedAdmin(SafeExport, ExportMixin, ManagedAdmin):
    """Records that leave as CSV or as a spreadsheet."""


class HistoryAdmin(SimpleHistoryAdmin):
    """The pages of a record's history."""

    object_history_list_template = "admin/records/history_list.html"

    def revert_disabled(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Old versions are read, not restored: restoring one would turn back its version number as well."""
        return True

    def render_history_view(self, request: HttpRequest, template: str, context: Any, **kwargs: Any) -> HttpResponse:
        trail.saw(context["object"] if "object" in context else context["original"])
        return super().render_history_view(request, template, context, **kwargs)


class RecordAdmin(HistoryAdmin, ExportedAdmin):
    """A record with its history. Someone who saves over a newer version is shown both, as on the pages."""

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002 -- Django's
        if issubclass(self.model, Versioned):
            kwargs.setdefault("form", VersionedForm)
            if kwargs.get("fields"):
                # The version is a field of the form, not one that the model offers for editing.
                kwargs["fields"] = [name for name in kwargs["fields"] if name != "version"]
        return super().get_form(request, obj, change, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001 -- Django's
        if change and isinstance(obj, Versioned):
            obj.save_over(form.cleaned_data["version"])
        else:
            super().save_model(request, obj, form, change)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except VersionConflictError:
            messages.error(request, _("Somebody saved this record in the same moment. Nothing of yours was saved."))
            return redirect(request.get_full_path())


class CatalogueAdmin(SafeExport, HistoryAdmin, ImportExportModelAdmin, ManagedAdmin):
    """Rows that an admin keeps, and may bring from a file and take out to one."""


class ReadOnly:
    """Records that change by their own pages, where the rules are: here they are read."""

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class NotAdded:
    """Records that begin on their own page; here they are corrected."""

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False
