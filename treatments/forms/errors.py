"""Saying that a record was entered in error."""

from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.models import Versioned
from clinic.validators import validate_plain_text


class InErrorForm(forms.Form):
    """Why a record is in error, said of the version that was read."""

    reason = forms.CharField(
        label=gettext_lazy("Why it is in error"),
        max_length=300,
        validators=[validate_plain_text],
        help_text=gettext_lazy("Kept in the record, for example “logged for the wrong patient”."),
        error_messages={"required": gettext_lazy("Say why it is in error.")},
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, record: Versioned, **kwargs: Any) -> None:
        super().__init__(*args, **{"initial": {"version": record.version}, **kwargs})

    def refuse(self, stored: Versioned) -> None:
        """Say that the record was changed meanwhile, and take up its version for the next try."""
        data = cast(QueryDict, self.data).copy()
        data[self.add_prefix("version")] = str(stored.version)
        self.data = data
        self.add_error(
            None, _("Somebody changed it meanwhile. Here it is as it stands: send again if it is still in error.")
        )
