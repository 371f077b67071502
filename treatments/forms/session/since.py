"""Since last time: is each open reaction gone, and is there a new one (design rule 6)."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.forms import choices_of_rows
from clinic.validators import validate_year
from clinic.widgets import DateTimeInput, Segmented
from treatments.actions.since import Answered, Noticed
from treatments.forms.session.parts import Part, told_at
from treatments.forms.wall_time import WallTimeField
from treatments.models import AskBack, Session, SideEffect, SideEffectKind, TreatmentArea
from treatments.rules.late_infection import is_watched

Answer = AskBack.Answer
DAYS_BACK = 4  # days offered as keys; further back is typed
OTHER = "other"


@dataclass(frozen=True)
class Question:
    """One reaction that is asked about, with its fields."""

    effect: SideEffect
    answer: forms.BoundField
    gone_on: forms.BoundField
    gone_at: forms.BoundField


class SincePart(Part):
    asked_back = forms.ChoiceField(
        label=gettext_lazy("Anything new since then?"),
        choices=[(Session.Asked.NONE, gettext_lazy("None")), (Session.Asked.SOME, gettext_lazy("Something new"))],
        required=False,
        widget=Segmented,
    )
    new_kind = forms.ModelChoiceField(
        SideEffectKind.objects.all(), label=gettext_lazy("What is new"), required=False, empty_label="–"
    )
    new_area = forms.ModelChoiceField(
        TreatmentArea.objects.none(),
        label=gettext_lazy("Where"),
        required=False,
        empty_label=gettext_lazy("Whole body"),
    )
    new_severity = forms.ChoiceField(
        label=gettext_lazy("How severe"), choices=SideEffect.Severity, required=False, widget=Segmented
    )
    new_onset_at = WallTimeField(label=gettext_lazy("Began at"), required=False, widget=DateTimeInput)
    new_gone_at = WallTimeField(
        label=gettext_lazy("Gone since"),
        required=False,
        widget=DateTimeInput,
        help_text=gettext_lazy("Empty while it is still there."),
    )

    def build(self) -> None:
        super().build()
        stored = self.instance.performed_at or self.now
        # By the time that is typed: of a session logged afterwards, last time is not the newest of all.
        self.given_at = told_at(self["performed_at"].value(), otherwise=stored, now=self.now)
        self.last = Session.objects.preceding(self.instance, self.given_at).with_number().first()
        # As stored: the form is judged more than once, and each time writes what is typed on the instance.
        self.stored_asked_back = self.instance.asked_back
        self.answered = {row.side_effect_id: row for row in self._stored_answers()}
        self.asked_about = self._effects()
        if self.last is None:
            for name in ("asked_back", "new_kind", "new_area", "new_severity", "new_onset_at", "new_gone_at"):
                del self.fields[name]
        else:
            choices_of_rows(self, "new_area").queryset = TreatmentArea.objects.filter(sessions=self.last)
            self.initial.setdefault("asked_back", self.instance.asked_back)
            if is_watched(self.last.performed_at, self.given_at or self.now):
                self.fields["asked_back"].help_text = _(
                    "Ask by name for a new lump, hardening, abscess or draining spot."
                )
        for effect in self.asked_about:
            self._add_fields(effect)

    def _stored_answers(self) -> list[AskBack]:
        return list(self.instance.ask_backs.all()) if self.instance.pk else []

    def _effects(self) -> list[SideEffect]:
        """Return the open reactions of the patient from before this session, and those answered at it."""
        found = SideEffect.objects.of_patient(self.instance.course.patient).standing().before(self.given_at)
        if self.instance.pk:
            found = found.exclude(session=self.instance)
        asked = found.open() | found.filter(pk__in=self.answered)
        return list(asked.for_list().order_by("onset_at", "pk"))

    def _add_fields(self, effect: SideEffect) -> None:
        answer, gone_on, gone_at = self.names_of(effect)
        stored = self.answered.get(effect.pk)
        self.fields[answer] = forms.ChoiceField(
            label=effect.title,
            choices=Answer.choices,
            required=False,
            initial=stored.answer if stored else None,
            widget=Segmented(amber=[Answer.STILL_THERE] if effect.clock.over(self.now) > timedelta(0) else ()),
        )
        self.fields[gone_on] = forms.ChoiceField(
            label=_("Gone since"),
            choices=self._days(effect),
            required=False,
            initial=OTHER if stored and effect.resolved_at else None,
            widget=Segmented,
        )
        self.fields[gone_at] = WallTimeField(
            label=_("Gone at"),
            required=False,
            widget=DateTimeInput,
            initial=effect.resolved_at,
            validators=[validate_year],
        )

    def _days(self, effect: SideEffect) -> list[tuple[str, str]]:
        """Return the last days as keys, none before the reaction began, and one key for any other time."""
        place = self.instance.course.location
        today, began = place.today(self.now), place.today(effect.onset_at)
        days = [today - timedelta(days=back) for back in range(DAYS_BACK)]
        keys = [(day.isoformat(), date_format(day, "D j") if day != today else _("Today")) for day in days]
        return [key for key, day in zip(keys, days, strict=True) if day >= began] + [(OTHER, _("Other time"))]

    @staticmethod
    def names_of(effect: SideEffect) -> tuple[str, str, str]:
        return f"back-{effect.public_id}", f"gone-on-{effect.public_id}", f"gone-at-{effect.public_id}"

    def questions(self) -> list[Question]:
        return [Question(effect, *(self[name] for name in self.names_of(effect))) for effect in self.asked_about]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        self.answers = [answer for effect in self.asked_about if (answer := self._answer(effect))]
        self.noticed = self._noticed()
        if self.last is not None:
            self.instance.asked_back = cleaned.get("asked_back") or Session.Asked.NOT_ASKED
            if self.signing and not self.instance.asked_back and "asked_back" not in self.errors:
                self.add_error("asked_back", _("Ask whether anything is new since the last session."))
        return cleaned

    def _answer(self, effect: SideEffect) -> Answered | None:
        name, gone_on, gone_at = self.names_of(effect)
        said = self.cleaned_data.get(name)
        if not said:
            if self.signing and name not in self.errors:
                self.add_error(name, _("Ask whether this is gone."))
            return None
        if said != Answer.GONE:
            return Answered(effect, said)
        at = self._gone(effect, self.cleaned_data.get(gone_on), self.cleaned_data.get(gone_at))
        if at is None and not {gone_on, gone_at} & self.errors.keys():
            self.add_error(gone_on, _("Say since when it is gone."))
        return Answered(effect, said, at) if at else None

    def _gone(self, effect: SideEffect, on: str | None, at: datetime | None) -> datetime | None:
        name = self.names_of(effect)[2]
        if on and on != OTHER:
            # A person names a day: its noon stands for it, unless that is before the onset or still to come.
            place = self.instance.course.location
            noon = datetime.combine(datetime.fromisoformat(on).date(), time(12), tzinfo=place.tz)
            return min(max(noon, effect.onset_at), self.now)
        if at is None:
            return None
        if effect.resolved_at and at == effect.resolved_at.replace(second=0, microsecond=0):
            return effect.resolved_at  # as it was shown, to the minute
        if at > self.now:
            self.add_error(name, _("That is still ahead."))
        elif at < effect.onset_at.replace(second=0, microsecond=0):
            self.add_error(name, _("It cannot be gone before it began."))
        return max(at, effect.onset_at)

    def _noticed(self) -> Noticed | None:
        """Return the new reaction that was told of, None for none. Further ones are logged by themselves."""
        data = self.cleaned_data
        if self.last is None or data.get("asked_back") != Session.Asked.SOME:
            return None
        kind, onset, gone = data.get("new_kind"), data.get("new_onset_at"), data.get("new_gone_at")
        if kind is None:
            if self.stored_asked_back != Session.Asked.SOME and "new_kind" not in self.errors:
                self.add_error("new_kind", _("Say what is new."))
            return None
        if not data.get("new_severity"):
            self.add_error("new_severity", _("Choose how severe it is."))
        if onset is None and "new_onset_at" not in self.errors:
            self.add_error("new_onset_at", _("Say when it began."))
        self._refuse_times(onset, gone)
        if onset is None or {name for name in self.fields if name.startswith("new_")} & self.errors.keys():
            return None
        return Noticed(self.last, kind, data.get("new_area"), data["new_severity"], onset, gone)

    def _refuse_times(self, onset: datetime | None, gone: datetime | None) -> None:
        for name, moment in (("new_onset_at", onset), ("new_gone_at", gone)):
            if moment and moment > self.now:
                self.add_error(name, _("That is still ahead."))
        if self.last and onset and onset < self.last.performed_at:
            began = date_format(timezone.localtime(self.last.performed_at), "j F, H:i")
            self.add_error("new_onset_at", _("The last session was on %(moment)s.") % {"moment": began})
        if onset and gone and gone < onset:
            self.add_error("new_gone_at", _("It cannot be gone before it began."))
