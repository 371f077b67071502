"""What a report can be narrowed to: a period, a place, a kind of reaction."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from dateutil.relativedelta import relativedelta
from django import forms
from django.core.exceptions import ValidationError
from django.utils.timezone import get_current_timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.models import Location, User
from clinic.validators import validate_year
from clinic.widgets import DateInput
from treatments.exposure import By
from treatments.models import SideEffectKind
from treatments.safety import Sort

SELECT = {"class": "form-select is-short", "data-submit": True}
DAY = {"class": "form-control is-short"}
MONTHS = (3, 12, 36)
USUAL_MONTHS = 12


@dataclass(frozen=True)
class Period:
    """From one day to another, both included, by the clocks of the place one works at."""

    first: date
    last: date

    @property
    def moments(self) -> tuple[datetime, datetime]:
        """Return when it begins and when it is over."""
        zone = get_current_timezone()
        midnight = datetime.min.time()
        return (
            datetime.combine(self.first, midnight, zone),
            datetime.combine(self.last + timedelta(days=1), midnight, zone),
        )


def last_months(months: int, today: date) -> Period:
    return Period(today - relativedelta(months=months) + timedelta(days=1), today)


class ReportFilter(forms.Form):
    """A period and a place. What cannot be read is said, and the last 12 months of all places are shown."""

    first = forms.DateField(
        label=gettext_lazy("From"), required=False, validators=[validate_year], widget=DateInput(DAY)
    )
    last = forms.DateField(label=gettext_lazy("To"), required=False, validators=[validate_year], widget=DateInput(DAY))
    location = forms.ModelChoiceField(
        Location.objects.none(),
        to_field_name="public_id",
        required=False,
        label=gettext_lazy("Location"),
        empty_label=gettext_lazy("Any location"),
        widget=forms.Select(SELECT),
    )

    def __init__(self, data: Any, *, user: User, today: date) -> None:
        self.usual = last_months(USUAL_MONTHS, today)
        self.today = today
        super().__init__(data)
        self.fields["location"].queryset = Location.objects.visible_to(user)  # type: ignore[attr-defined]
        self.is_valid()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        first, last = cleaned.get("first") or self.usual.first, cleaned.get("last") or self.today
        if first > last and "first" not in self.errors and "last" not in self.errors:
            raise ValidationError(_("The period ends before it begins. Change one of both days."))
        return cleaned

    @property
    def period(self) -> Period:
        if self.errors:
            return self.usual
        return Period(self.cleaned_data["first"] or self.usual.first, self.cleaned_data["last"] or self.today)

    @property
    def place(self) -> Location | None:
        return self.cleaned_data.get("location")

    @property
    def spans(self) -> list[tuple[int, Period, bool]]:
        """Return the periods to choose by one tap, and whether each is the one shown."""
        periods = [(months, last_months(months, self.today)) for months in MONTHS]
        return [(months, period, period == self.period) for months, period in periods]

    @property
    def shown(self) -> dict[str, str]:
        """Return the fields as an address carries them, those left empty filled in."""
        carried = {"first": self.period.first.isoformat(), "last": self.period.last.isoformat()}
        return carried | ({"location": str(self.place.public_id)} if self.place else {})


class SafetyFilter(ReportFilter):
    kind = forms.ModelChoiceField(
        SideEffectKind.objects.all(),
        to_field_name="code",
        required=False,
        label=gettext_lazy("Kind"),
        empty_label=gettext_lazy("Any kind"),
        widget=forms.Select(SELECT),
    )
    by = forms.ChoiceField(choices=By.choices, required=False, widget=forms.HiddenInput)
    sort = forms.ChoiceField(choices=Sort.choices, required=False, widget=forms.HiddenInput)

    @property
    def chosen_kind(self) -> SideEffectKind | None:
        """Return the kind asked for; by kind there is none, since each has its row."""
        return None if self.chosen_by is By.KIND else self.cleaned_data.get("kind")

    @property
    def chosen_by(self) -> By:
        """Return what rates are told apart by: for one kind, and nothing else said, the products."""
        usual = By.PRODUCT if self.cleaned_data.get("kind") else By.KIND
        return By(self.cleaned_data.get("by") or usual)

    @property
    def chosen_sort(self) -> Sort:
        return Sort(self.cleaned_data.get("sort") or Sort.RATE)
