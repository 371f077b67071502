"""The file that an admin brings, and what the file itself does not say."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.models import Location
from patients.imports.values import DateOrder

LARGEST = 5 * 1024 * 1024  # bytes; about 25,000 people, as many as one request may take its time for


class ImportForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("CSV file"),
        help_text=gettext_lazy("With a head of column names. UTF-8, UTF-16 or Windows-1252; comma, semicolon or tab."),
    )
    location = forms.ModelChoiceField(
        Location.objects.all(),
        label=gettext_lazy("Location"),
        required=False,
        empty_label=gettext_lazy("As the file says"),
        help_text=gettext_lazy("Where the patients are treated, unless the file has a column of locations."),
    )
    order = forms.ChoiceField(
        label=gettext_lazy("Dates such as 03/04/1980"),
        choices=[
            ("", gettext_lazy("Found out from the file")),
            (DateOrder.DAY_FIRST, gettext_lazy("Day first")),
            (DateOrder.MONTH_FIRST, gettext_lazy("Month first")),
        ],
        required=False,
    )
    mapping = forms.FileField(
        label=gettext_lazy("Mapping"),
        required=False,
        help_text=gettext_lazy('For columns of unknown names: JSON {"column": "field"}, or CSV of two columns.'),
    )

    def clean_file(self) -> UploadedFile:
        file = self.cleaned_data["file"]
        if file.size > LARGEST:
            raise ValidationError(
                _("The file has %(size)s, at most %(most)s are taken here. Larger ones: manage.py import_patients.")
                % {"size": filesizeformat(file.size), "most": filesizeformat(LARGEST)}
            )
        return file

    def options(self) -> dict[str, Any]:
        """Return what the import needs beside the files, as plain values that a session holds."""
        here = self.cleaned_data["location"]
        return {"location": here.pk if here else None, "order": self.cleaned_data["order"]}
