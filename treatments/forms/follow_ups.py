"""Logging a call."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.forms import TokenField
from clinic.validators import validate_plain_text
from clinic.widgets import ChoiceCards, DateInput
from treatments.forms.late_signs import late_signs_asked
from treatments.models import ContactAttempt

Outcome = ContactAttempt.Outcome
FURTHEST = timedelta(days=366)
LINES: dict[str, Any] = {
    Outcome.NO_ANSWER: gettext_lazy("Stays on the list, next try tomorrow unless a day is given."),
    Outcome.CALL_BACK: gettext_lazy("Stays on the list, with the day to try again."),
    Outcome.DECLINED: gettext_lazy("Not this time. Leaves the list."),
    Outcome.WRONG_NUMBER: gettext_lazy("Leaves the list until somebody corrects the number and logs another try."),
    Outcome.DO_NOT_CONTACT: gettext_lazy("No calls about any course, and no more reminders."),
}


class ContactForm(forms.Form):
    form_token = TokenField()
    outcome = forms.ChoiceField(
        label=gettext_lazy("What came of it"),
        choices=[(outcome, Outcome(outcome).label) for outcome in LINES],
        widget=ChoiceCards(lines=LINES),
        error_messages={"required": gettext_lazy("Choose what came of it.")},
    )
    next_try_on = forms.DateField(
        label=gettext_lazy("Next try on"),
        required=False,
        widget=DateInput,
        help_text=gettext_lazy("For “Call back later” and “No answer”."),
    )
    late_signs = late_signs_asked()
    note = forms.CharField(
        label=gettext_lazy("Note"), required=False, max_length=500, validators=[validate_plain_text]
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        self.today = today
        super().__init__(*args, **kwargs)

    def clean_next_try_on(self) -> date | None:
        day = self.cleaned_data["next_try_on"]
        if day and day < self.today:
            raise ValidationError(_("%(day)s is past.") % {"day": date_format(day, "j F Y")}, code="past")
        if day and day > self.today + FURTHEST:
            raise ValidationError(_("%(day)s is more than a year ahead.") % {"day": date_format(day, "j F Y")})
        return day

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        outcome, day = cleaned.get("outcome"), cleaned.get("next_try_on")
        if outcome == Outcome.CALL_BACK and not day and "next_try_on" not in self.errors:
            self.add_error("next_try_on", _("Choose the day to call back."))
        if outcome == Outcome.NO_ANSWER and not day:
            cleaned["next_try_on"] = self.today + timedelta(days=1)
        if outcome not in {Outcome.CALL_BACK, Outcome.NO_ANSWER}:
            cleaned["next_try_on"] = None
        return cleaned
