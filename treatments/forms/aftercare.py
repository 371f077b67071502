"""What a patient types on the aftercare page: the birth date, and how it is today."""

import datetime as dt
from calendar import monthrange
from datetime import date, datetime, time
from typing import Any

from django import forms
from django.utils.dates import MONTHS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.forms import RowsField, TokenField, choices_of_rows, choices_of_words
from clinic.models import Location
from clinic.validators import validate_plain_text
from clinic.widgets import Chips, ChoiceCards, DateInput, Segmented
from treatments.actions.aftercare import Reported
from treatments.aftercare import OTHER, AftercarePage, Vocabulary
from treatments.danger_signs import SAID
from treatments.models import AftercareChange, AftercareLink, Session, SideEffect, SideEffectKind, TreatmentArea
from treatments.rules.red_flags import RedFlag, asked

Said = AftercareChange.Said
OLDEST = 1900
DIGITS = {"inputmode": "numeric", "pattern": "[0-9]*", "autocomplete": "off"}


class BirthDateForm(forms.Form):
    """Three fields in the order day, month by its name, year: no order of digits can be taken for another."""

    day = forms.IntegerField(label=gettext_lazy("Day"), widget=forms.TextInput(attrs={**DIGITS, "maxlength": 2}))
    month = forms.TypedChoiceField(label=gettext_lazy("Month"), coerce=int)
    year = forms.IntegerField(label=gettext_lazy("Year"), widget=forms.TextInput(attrs={**DIGITS, "maxlength": 4}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices_of_words(self, "month").choices = [
            ("", "–"),
            *((number, str(name)) for number, name in MONTHS.items()),
        ]
        for field in self.fields.values():
            field.error_messages |= {"required": "", "invalid": "", "invalid_choice": ""}

    @property
    def birth_date(self) -> date | None:
        """Return what was typed as a date, None for what is no day of any calendar."""
        if not self.is_valid():
            return None
        day, month, year = (self.cleaned_data[name] for name in ("day", "month", "year"))
        if not OLDEST <= year <= dt.MAXYEAR or not 1 <= day <= monthrange(year, month)[1]:
            return None
        return date(year, month, day)


class KindsField(RowsField):
    names: Vocabulary

    def label_from_instance(self, kind: SideEffectKind) -> str:
        return self.names.kind(kind)


class AreasField(RowsField):
    names: Vocabulary

    def label_from_instance(self, area: TreatmentArea) -> str:
        return self.names.area(area)


class AnswerForm(forms.Form):
    """How it is today. Nothing is chosen beforehand; what was ticked counts, whatever else was said."""

    WELL, SOMETHING = "well", "something"
    TODAY, AT_SESSION, OTHER_DAY = "today", "session", "other-day"

    form_token = TokenField()
    red_flags = forms.MultipleChoiceField(
        label=gettext_lazy("Is any of this true now? Tick it."), required=False, widget=forms.CheckboxSelectMultiple
    )
    how = forms.ChoiceField(
        label=gettext_lazy("How is it today?"),
        choices=[(WELL, gettext_lazy("All is well")), (SOMETHING, gettext_lazy("Something is there"))],
        required=False,
        widget=ChoiceCards,
    )
    kinds = KindsField(SideEffectKind.objects.none(), label=gettext_lazy("What is it?"), required=False, widget=Chips)
    areas = AreasField(TreatmentArea.objects.none(), label=gettext_lazy("Where?"), required=False, widget=Chips)
    since = forms.ChoiceField(label=gettext_lazy("Since when?"), required=False, widget=ChoiceCards)
    since_on = forms.DateField(label=gettext_lazy("Which day?"), required=False, widget=DateInput)
    severity = forms.ChoiceField(label=gettext_lazy("How strong is it?"), required=False, widget=ChoiceCards)
    note = forms.CharField(
        label=gettext_lazy("Anything else, in your words"),
        required=False,
        max_length=1000,
        validators=[validate_plain_text],
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": 1000}),
    )

    def __init__(self, *args: Any, link: AftercareLink, page: AftercarePage, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.session: Session = link.session
        self.location: Location = self.session.course.location
        self.page, self.now = page, now
        self._offer_rows()
        choices_of_words(self, "red_flags").choices = [(flag.value, SAID[flag]) for flag in asked(page.days)]
        choices_of_words(self, "since").choices = [
            (self.TODAY, _("Today")),
            (self.AT_SESSION, _("Since the session")),
            (self.OTHER_DAY, _("Another day")),
        ]
        choices_of_words(self, "severity").choices = [
            (SideEffect.Severity.MILD, _("Light: I notice it")),
            (SideEffect.Severity.MODERATE, _("Medium: it disturbs me")),
            (SideEffect.Severity.SEVERE, _("Strong: I cannot do what I usually do")),
        ]
        first, last = self.location.local(self.session.performed_at).date(), self.location.today(now)
        self.fields["since_on"].widget.attrs |= {"min": first.isoformat(), "max": last.isoformat()}
        for effect in page.open_reactions:
            self.fields[self.name_of(effect)] = forms.ChoiceField(
                label=page.vocabulary.reaction(effect),
                choices=[
                    (Said.GONE, _("Gone")),
                    (Said.BETTER, _("Better")),
                    (Said.SAME, _("The same")),
                    (Said.WORSE, _("Worse")),
                ],
                required=False,
                widget=Segmented,
            )

    def _offer_rows(self) -> None:
        for name, rows in (("kinds", self.page.kinds), ("areas", self.page.areas)):
            field = choices_of_rows(self, name)
            field.queryset = (
                type(rows[0])._default_manager.filter(pk__in=[row.pk for row in rows]) if rows else field.queryset
            )
            field.names = self.page.vocabulary  # type: ignore[attr-defined]

    @staticmethod
    def name_of(effect: SideEffect) -> str:
        return f"still_{effect.public_id.hex}"

    @property
    def known(self) -> list[forms.BoundField]:
        """Return the questions about what was known and open."""
        return [self[self.name_of(effect)] for effect in self.page.open_reactions]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        said = self._said()
        if cleaned.get("red_flags"):
            return cleaned  # it goes to the clinic at once, whatever else is left open
        if cleaned.get("kinds"):
            self._want_details(cleaned)
        elif cleaned.get("how") == self.SOMETHING and not (cleaned.get("note") or said):
            self.add_error("kinds", _("Choose what it is, or write it in your words below."))
        elif not cleaned.get("how") and not (cleaned.get("note") or said):
            self.add_error("how", _("Choose one of the two."))
        return cleaned

    def _want_details(self, cleaned: dict[str, Any]) -> None:
        """What is reported has a beginning and a strength; beside a danger sign neither is asked for."""
        if not cleaned.get("since") and "since" not in self.errors:
            self.add_error("since", _("Choose since when it is there."))
        if not cleaned.get("severity") and "severity" not in self.errors:
            self.add_error("severity", _("Choose how strong it is."))
        if cleaned.get("since") == self.OTHER_DAY and "since_on" not in self.errors:
            self._check_day(cleaned.get("since_on"))

    def _check_day(self, day: date | None) -> None:
        if day is None:
            self.add_error("since_on", _("Choose the day."))
        elif day > self.location.today(self.now):
            self.add_error("since_on", _("This day is still to come."))
        elif day < self.location.local(self.session.performed_at).date():
            words = _(
                "This day is before the session. If it began earlier, choose “Since the session” and write it below."
            )
            self.add_error("since_on", words)

    def _said(self) -> dict[SideEffect, str]:
        words = {effect: self.cleaned_data.get(self.name_of(effect)) for effect in self.page.open_reactions}
        return {effect: word for effect, word in words.items() if word}

    def reported(self, language: str) -> Reported:
        """Return what a valid form reports."""
        cleaned = self.cleaned_data
        kinds = list(cleaned["kinds"])
        if cleaned["note"] and not (kinds or cleaned["red_flags"] or self._said() or cleaned["how"] == self.WELL):
            kinds = [kind for kind in self.page.kinds if kind.code == OTHER]
        return Reported(
            says_well=cleaned["how"] == self.WELL,
            kinds=kinds,
            areas=list(cleaned["areas"]),
            severity=cleaned["severity"] or SideEffect.Severity.MODERATE,
            onset_at=self._onset(),
            red_flags=[RedFlag(flag) for flag in cleaned["red_flags"]],
            said=self._said(),
            note=cleaned["note"],
            language=language,
        )

    def _onset(self) -> datetime:
        """Return when it began: now for today, noon for another day, never before the session nor in the future."""
        if self.cleaned_data.get("since") == self.AT_SESSION:
            return self.session.performed_at
        day = self.cleaned_data.get("since_on")
        if self.cleaned_data.get("since") == self.OTHER_DAY and day:
            noon = datetime.combine(day, time(12), self.location.tz)
            return min(max(noon, self.session.performed_at), self.now)
        return self.now
