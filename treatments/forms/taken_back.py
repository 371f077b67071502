"""Which appointments an act was about, each with the version that was read or that the act left."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.validators import validate_plain_text
from treatments.forms.series import MOST
from treatments.models import Appointment

LONGEST = 50  # characters of one id and its version
LARGEST = 2**31 - 1


def stamps(appointments: Iterable[Appointment]) -> str:
    """Return the ids and versions as one field of a form carries them."""
    return " ".join(f"{each.public_id}:{each.version}" for each in appointments)


class StampsField(forms.CharField):
    """Some appointments, "id:version id:version", as {public id: version}."""

    widget = forms.HiddenInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=MOST * LONGEST, **kwargs)

    def clean(self, value: Any) -> Any:
        found = {}
        for stamp in super().clean(value).split():
            key, _separator, version = stamp.partition(":")
            if not (version.isascii() and version.isdecimal() and 0 < int(version) <= LARGEST):
                raise ValidationError(_("Nothing is known by that name."))
            try:
                found[UUID(key)] = int(version)
            except ValueError as error:
                raise ValidationError(_("Nothing is known by that name.")) from error
        return found


class PutBackForm(forms.Form):
    changed = StampsField()


class CancelAllForm(forms.Form):
    seen = StampsField()
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=300,
        validators=[validate_plain_text],
        error_messages={"required": gettext_lazy("Say why the appointments are cancelled.")},
    )


class SeriesUndoForm(forms.Form):
    series = forms.UUIDField()
