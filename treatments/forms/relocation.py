"""Where a patient is treated from now on."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.forms import VersionedForm, choices_of_rows
from clinic.models import Location, User
from patients.models import Patient


class RelocationForm(VersionedForm):
    class Meta:
        model = Patient
        fields = ["location"]
        labels = {"location": gettext_lazy("New location")}

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)
        choices_of_rows(self, "location").queryset = Location.objects.visible_to(user)

    def clean_location(self) -> Location:
        place = self.cleaned_data["location"]
        if place.pk == self.initial["location"]:
            raise ValidationError(_("The patient is treated there already."))
        return place

    def build_kwargs(self) -> dict[str, Any]:
        return {"user": self.user}
