"""The weight of the day: typed in the unit of the place, and asked about when it is unusual."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from clinic.asking import AskingForm
from clinic.units import KG_PER_LB, WeightField, is_imperial, show_weight, weight_unit
from clinic.widgets import UnitInput
from treatments.forms.session.parts import Part
from treatments.models import Instrument, Session
from treatments.rules.measuring import Earlier, Question, question


class WeightPart(AskingForm, Part):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        location = self.instance.course.location
        self.fields["weight_kg"] = WeightField(
            label=_("Weight"),
            required=False,
            location=location,
            widget=UnitInput(unit=weight_unit(location), attrs={"step": "0.1", "min": 0, "inputmode": "decimal"}),
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        weight, at = cleaned.get("weight_kg"), cleaned.get("performed_at")
        if weight is not None and at is not None and "weight_kg" in self.changed_data:
            self._ask_about(weight, at)
        return cleaned

    def _ask_about(self, weight: Decimal, at: datetime) -> None:
        """Ask about a weight that is unusual, of the other unit, or far from the one before it."""
        scales = Instrument.objects.filter(code="weight").first()
        if scales is None:
            return
        location = self.instance.course.location
        factor = 1 / KG_PER_LB if is_imperial(location) else KG_PER_LB
        before = self._before(at)
        asked = question(weight, scales.limits, before, factor=factor)
        said = show_weight(weight, location)
        if asked is Question.JUMP and before:
            facts = {"weight": said, "before": show_weight(before.value, location), "days": before.days}
            self.ask(_("%(weight)s now, %(before)s %(days)s days before.") % facts)
        elif asked is Question.OTHER_UNIT and is_imperial(location):
            self.ask(_("%(weight)s is unusual. Were these kilograms?") % {"weight": said})
        elif asked is Question.OTHER_UNIT:
            self.ask(_("%(weight)s is unusual. Were these pounds?") % {"weight": said})
        elif asked:
            self.ask(_("%(weight)s is unusual.") % {"weight": said})

    def _before(self, at: datetime) -> Earlier | None:
        last = Session.objects.weighed_before(self.instance, at)
        if last is None or last.weight_kg is None:
            return None
        local = self.instance.course.location.local
        return Earlier(last.weight_kg, (local(at).date() - local(last.performed_at).date()).days)
