"""Logging, correcting, ending and reviewing a reaction."""

import copy
from abc import abstractmethod
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.asking import AskingForm
from clinic.forms import VersionedForm, choices_of_rows, choices_of_words
from clinic.models import User
from clinic.validators import validate_plain_text, validate_year
from clinic.widgets import ChoiceCards, DateTimeInput, Segmented, UnitInput
from treatments.actions import side_effects as actions
from treatments.forms.notes import NoteField
from treatments.forms.suspects import SuspectsForm
from treatments.forms.wall_time import WallTimeField
from treatments.models import GradeWording, SideEffect, TreatmentArea
from treatments.models.grade_wording import by_kind
from treatments.rules.duration import Unit, lasting, said
from treatments.rules.reaction import SEVERITY_OF_GRADE, grade_agrees
from treatments.suspects import given_in

DEATH = SideEffect.Grade.DEATH
LASTED_UNITS = [
    (Unit.MINUTES, gettext_lazy("minutes")),
    (Unit.HOURS, gettext_lazy("hours")),
    (Unit.DAYS, gettext_lazy("days")),
]
LONGEST = 100_000  # of any unit; what is longer than the time since it began is refused anyway


def not_before(moment: datetime, floor: datetime) -> datetime:
    """Return the moment, or `floor` when both are the same minute: a person types minutes, the record has seconds."""
    return (
        max(moment, floor)
        if moment.replace(second=0, microsecond=0) == floor.replace(second=0, microsecond=0)
        else moment
    )


class LastedMixin(forms.Form):
    """Gone since a moment, or after so many minutes, hours or days: one of both."""

    lasted = forms.DecimalField(
        label=gettext_lazy("or it lasted"),
        required=False,
        max_value=LONGEST,
        widget=UnitInput(attrs={"step": "any", "min": 0}),
        error_messages={"max_value": gettext_lazy("That is longer than the time since it began.")},
    )
    lasted_unit = forms.ChoiceField(
        label=gettext_lazy("Unit"), choices=LASTED_UNITS, required=False, initial=Unit.DAYS
    )

    def clean_lasted(self) -> Decimal | None:
        number = self.cleaned_data["lasted"]
        if number is not None and number < 0:
            raise ValidationError(_("A duration is not negative."), code="negative")
        return number

    def moment_gone(self, onset: datetime, now: datetime) -> datetime | None:
        """Return since when it is gone as the form says, None when it says nothing; errors go to their fields."""
        at, number = self.cleaned_data.get("resolved_at"), self.cleaned_data.get("lasted")
        if at and number is not None:
            self.add_error("lasted", _("Say since when it is gone, or how long it lasted, not both."))
            return None
        if at:
            at = not_before(at, onset)
            if at < onset:
                self.add_error(
                    "resolved_at",
                    _("It cannot be gone before it began, %(moment)s.") % {"moment": local_moment(onset)},
                )
            return at
        if number is None:
            return None
        gone = onset + lasting(float(number), Unit(self.cleaned_data.get("lasted_unit") or Unit.DAYS))
        if gone > now:
            self.add_error("lasted", _("That is longer than the time since it began."))
            return None
        return gone


def local_moment(moment: datetime) -> str:
    return date_format(timezone.localtime(moment), "j F Y, H:i")


def doubt_of_review(effect: SideEffect, gone: datetime) -> str:
    """Return what a review says against a reaction's being gone at a moment; empty when none does."""
    review = effect.reviews.seen_there_after(gone)
    if review is None:
        return ""
    return _("%(name)s found it %(outcome)s on %(day)s, after that. Is the moment meant?") % {
        "name": review.reviewed_by.get_full_name(),
        "outcome": review.get_outcome_display().lower(),
        "day": date_format(timezone.localtime(review.reviewed_at), "j F Y, H:i"),
    }


class FactsForm(AskingForm, forms.ModelForm):
    """What is known of a reaction, when it is logged and when it is corrected."""

    note = NoteField(label=gettext_lazy("Note"), most=4000, required=False)
    death_confirmed = forms.BooleanField(
        label=gettext_lazy("Grade 5 is meant: the patient died of this reaction"), required=False
    )

    class Meta:
        model = SideEffect
        fields = ["kind", "severity", "grade", "onset_at", "resolved_at", "reported_by", "action_taken", "note"]
        field_classes = {"onset_at": WallTimeField, "resolved_at": WallTimeField}
        widgets = {
            "severity": Segmented,
            "grade": ChoiceCards,
            "onset_at": DateTimeInput,
            "resolved_at": DateTimeInput,
            "reported_by": Segmented,
        }
        labels = {
            "grade": gettext_lazy("CTCAE grade"),
            "onset_at": gettext_lazy("Began at"),
        }
        error_messages = {
            "kind": {"required": gettext_lazy("Choose what it is.")},
            "severity": {"required": gettext_lazy("Choose how severe it is.")},
            "onset_at": {"required": gettext_lazy("Say when it began.")},
            "reported_by": {"required": gettext_lazy("Choose who reported it.")},
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.wordings = list(GradeWording.objects.for_form())
        self.words = by_kind(self.wordings)
        grade = choices_of_words(self, "grade")
        grade.choices = [
            ("", _("Not graded")),
            *((value, _("Grade %(grade)s") % {"grade": value}) for value in SideEffect.Grade.values),
        ]
        grade.widget.lines = {str(value): words for value, words in self.words[None].items()}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        kind, severity, grade = (cleaned.get(name) for name in ("kind", "severity", "grade"))
        lowest = min(self.words.get(kind) or [1])
        if grade and grade < lowest:
            words = _("CTCAE grades “%(kind)s” from %(lowest)s on. Choose one of those, or “Not graded”.")
            self.add_error("grade", words % {"lowest": lowest, "kind": kind})
        elif grade == DEATH and not cleaned.get("death_confirmed") and self.initial.get("grade") != DEATH:
            self.add_error(
                "death_confirmed", _("CTCAE grade 5 is a death. Confirm it here, or choose another grade above.")
            )
        elif severity and self._judges_anew(severity, grade) and not grade_agrees(severity, grade):
            words = _("The severity is %(severity)s, and grade %(grade)s is %(other)s by CTCAE. Is that meant?")
            other = SideEffect.Severity(SEVERITY_OF_GRADE[cleaned["grade"]]).label
            mine = SideEffect.Severity(severity).label
            self.ask(words % {"severity": mine.lower(), "grade": grade, "other": other.lower()})
        self.wait_for_answer()
        return cleaned

    def _judges_anew(self, severity: str, grade: int | None) -> bool:
        return (severity, grade) != (self.initial.get("severity"), self.initial.get("grade"))

    @property
    def grades_are_open(self) -> bool:
        """Say whether the grades are shown at once: one is chosen, or something stands against them."""
        return bool(self["grade"].value() or self["grade"].errors)

    def closer_wordings(self) -> list[tuple[str, str, list[tuple[int, str]]]]:
        """Return (CTCAE term, its kinds, its grades in words) of what CTCAE says more closely."""
        terms: dict[str, tuple[list[str], dict[int, str]]] = {}
        for wording in self.wordings:
            if wording.kind:
                kinds, grades = terms.setdefault(wording.term or wording.kind.name, ([], {}))
                if wording.kind.name not in kinds:
                    kinds.append(wording.kind.name)
                grades.setdefault(wording.grade, wording.words)
        return [(term, ", ".join(kinds), sorted(grades.items())) for term, (kinds, grades) in terms.items()]

    def grade_facts(self) -> dict[str, dict[int, str]]:
        """Return the wordings of a kind's own by its key and by grade, for the page to put beside the grades."""
        return {str(kind.pk): grades for kind, grades in self.words.items() if kind}

    @property
    def asks_about_death(self) -> bool:
        return "death_confirmed" in self.errors or bool(self["death_confirmed"].value())


class SideEffectForm(FactsForm, SuspectsForm, VersionedForm):
    """A correction. What it becomes is judged against what it was: something graver is reviewed again."""

    class Meta(FactsForm.Meta):
        fields = ["kind", "area", *FactsForm.Meta.fields[1:]]

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        self.by = by
        super().__init__(*args, **kwargs)
        self.before = copy.copy(self.instance)
        if self.instance.aftercare_answer_id:  # who reported it is no matter of opinion, and the database holds to it
            self.fields["reported_by"].disabled = True
            self.fields["reported_by"].help_text = _("It came through the aftercare link.")
        choices_of_rows(self, "area").queryset = areas_of(self.instance)
        choices_of_rows(self, "area").empty_label = _("Whole body")
        self.offer_lots(
            given_in(self.instance.session), cleared=self.instance.cleared_lots.values_list("lot", flat=True)
        )

    def clean(self) -> dict[str, Any]:
        gone = self.cleaned_data.get("resolved_at")
        if gone and "resolved_at" in self.changed_data and (doubt := doubt_of_review(self.before, gone)):
            self.ask(doubt)
        cleaned = super().clean()
        onset, gone = cleaned.get("onset_at"), cleaned.get("resolved_at")
        if onset:
            cleaned["onset_at"] = onset = self._unless_untouched("onset_at", onset, self.instance.session.performed_at)
        if onset and gone:
            cleaned["resolved_at"] = gone = self._unless_untouched("resolved_at", gone, onset)
            if gone < onset:
                self.add_error("resolved_at", _("It cannot be gone before it began."))
        return cleaned

    def build_kwargs(self) -> dict[str, Any]:
        return {"by": self.by}

    def _unless_untouched(self, name: str, typed: datetime, floor: datetime) -> datetime:
        """Return the stored moment when the form shows just its minute, else what was typed."""
        stored = getattr(self.before, name)
        if stored and stored.replace(second=0, microsecond=0) == typed:
            return stored
        return not_before(typed, floor)

    def save(self, commit: bool = True) -> SideEffect:  # noqa: FBT001, FBT002 -- Django's signature
        return actions.change(
            self.instance,
            before=self.before,
            version=self.cleaned_data["version"],
            by=self.by,
            cleared=self.cleared_lots(),
        )


def areas_of(effect: SideEffect) -> Any:
    """Return the areas a reaction may be in: its session's, and the one it has."""
    areas = TreatmentArea.objects.filter(sessions=effect.session_id)
    return (areas | TreatmentArea.objects.filter(pk__in=[effect.area_id] if effect.area_id else [])).distinct()


class StepForm(forms.Form):
    """One step in the life of a reaction, taken on the version that was read."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, effect: SideEffect, **kwargs: Any) -> None:
        self.effect = effect
        kwargs["initial"] = {"version": effect.version}
        super().__init__(*args, **kwargs)

    @abstractmethod
    def save(self) -> SideEffect:
        """Take the step and return the reaction. Raises `VersionConflictError` when it was changed meanwhile."""

    def refuse(self, stored: SideEffect) -> None:
        """Say that the reaction was changed meanwhile, and take up its version for the next try."""
        self.data = {**self.data.dict(), self.add_prefix("version"): stored.version}  # type: ignore[attr-defined]
        self.add_error(
            None,
            _("Somebody changed this reaction meanwhile. Here it is as it stands: save again if yours still holds."),
        )


class ResolveForm(AskingForm, LastedMixin, StepForm):
    """Since when a reaction is gone."""

    resolved_at = WallTimeField(label=gettext_lazy("Gone since"), required=False, widget=DateTimeInput)

    field_order = ["resolved_at", "lasted", "lasted_unit"]

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        self.now = now
        super().__init__(*args, **kwargs)
        # Burning is counted in minutes, swelling in days: whoever types "18" means the unit of the kind.
        longest = self.effect.kind.expected_max
        if longest and (unit := said(longest)[1]) in dict(LASTED_UNITS):
            self.initial["lasted_unit"] = unit

    def clean_resolved_at(self) -> datetime | None:
        at = self.cleaned_data["resolved_at"]
        if at and at > self.now:
            raise ValidationError(_("%(moment)s is in the future.") % {"moment": local_moment(at)}, code="future")
        return at

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors:
            gone = self.moment_gone(self.effect.onset_at, self.now)
            if gone is None and not self.errors:
                self.add_error("resolved_at", _("Say since when it is gone, or how long it lasted."))
            cleaned["resolved_at"] = gone
            if gone and (doubt := doubt_of_review(self.effect, gone)):
                self.ask(doubt)
        self.wait_for_answer()
        return cleaned

    def save(self) -> SideEffect:
        return actions.resolve(self.effect, at=self.cleaned_data["resolved_at"], version=self.cleaned_data["version"])


class ReopenForm(StepForm):
    """That a reaction came back: how, and since when."""

    note = forms.CharField(
        label=gettext_lazy("How did it come back?"), max_length=100, validators=[validate_plain_text]
    )
    back_at = WallTimeField(
        label=gettext_lazy("Back since"),
        required=False,
        widget=DateTimeInput,
        validators=[validate_year],
        help_text=gettext_lazy("Empty: now."),
    )

    def __init__(self, *args: Any, by: User, now: datetime, **kwargs: Any) -> None:
        self.by, self.now = by, now
        super().__init__(*args, **kwargs)

    def clean_back_at(self) -> datetime:
        at = self.cleaned_data["back_at"] or self.now
        if at > self.now:
            raise ValidationError(_("%(moment)s is in the future.") % {"moment": local_moment(at)}, code="future")
        gone = self.effect.resolved_at
        if gone and not_before(at, gone) < gone:
            raise ValidationError(
                _("It was gone since %(moment)s. It came back after that.") % {"moment": local_moment(gone)},
                code="before_gone",
            )
        return not_before(at, gone) if gone else at

    def save(self) -> SideEffect:
        data = self.cleaned_data
        return actions.come_back(
            self.effect, note=data["note"], at=data["back_at"], by=self.by, version=data["version"]
        )
