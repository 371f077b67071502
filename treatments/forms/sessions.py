"""Logging a session."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.asking import AskingForm
from clinic.forms import OnceForm, VersionedForm, choices_of_rows, choices_of_words
from clinic.models import User
from clinic.units import KG_PER_LB, WeightField, is_imperial, show_weight, weight_number, weight_unit
from clinic.widgets import Chips, DateTimeInput, PainKeys, Segmented, UnitInput
from treatments.actions.sessions import Seen
from treatments.forms.courses import AreasField
from treatments.forms.notes import NoteField
from treatments.models import Instrument, Session, SideEffect, SideEffectKind, TreatmentArea
from treatments.rules.measuring import Earlier, Question, question

NONE = "none"
SHORT = timedelta(hours=1)  # what is over that soon is seen to end before the patient leaves
LONGEST_MINUTES = 24 * 60


def is_short(kind: SideEffectKind) -> bool:
    return kind.expected_max is not None and kind.expected_max <= SHORT


class _SessionForm(AskingForm, forms.ModelForm):
    """One page for a session. `signing` asks for everything that a signed session has; a draft may lack it."""

    areas = AreasField(TreatmentArea.objects.none(), label=gettext_lazy("Areas treated"))
    reactions = forms.MultipleChoiceField(
        label=gettext_lazy("Reaction now"),
        required=False,
        widget=Chips(exclusive=NONE),
        help_text=gettext_lazy("Say “None” if there is none. Blank means not asked."),
    )
    note = NoteField(label=gettext_lazy("Note"), most=4000, rows=4, required=False)

    class Meta:
        model = Session
        fields = [
            "performed_at",
            "performed_by",
            "areas",
            "technique",
            "needle",
            "depth_mm",
            "weight_kg",
            "pain",
            "unmeasured_reason",
            "early_reason",
            "note",
        ]
        widgets = {
            "performed_at": DateTimeInput,
            "technique": Segmented,
            "depth_mm": UnitInput(unit="mm", attrs={"step": "0.1", "min": 0, "inputmode": "decimal"}),
            "pain": PainKeys,
        }

    def __init__(self, *args: Any, now: datetime, signing: bool = False, **kwargs: Any) -> None:
        self.now, self.signing = now, signing
        super().__init__(*args, **kwargs)
        course, instance = self.instance.course, self.instance
        self.fields["weight_kg"] = WeightField(
            label=_("Weight"),
            required=False,
            location=course.location,
            widget=UnitInput(
                unit=weight_unit(course.location), attrs={"step": "0.1", "min": 0, "inputmode": "decimal"}
            ),
        )
        choices_of_rows(self, "areas").queryset = TreatmentArea.objects.of_session(instance)
        choices_of_rows(self, "performed_by").queryset = User.objects.treating_at(
            course.location, also=instance.performed_by_id
        )
        self.logged = list(instance.side_effects.select_related("kind", "area")) if instance.pk else []
        known = {effect.kind_id for effect in self.logged}
        self.kinds = [kind for kind in SideEffectKind.objects.filter(is_immediate=True) if kind.pk not in known]
        choices = [(kind.code, kind.name) for kind in self.kinds]
        choices_of_words(self, "reactions").choices = choices if self.logged else [(NONE, _("None")), *choices]
        if instance.reactions_asked == Session.Asked.NONE:
            self.initial.setdefault("reactions", [NONE])
        for kind in self.kinds:
            self.fields[self.severity_name(kind)] = forms.ChoiceField(
                label=kind.name, choices=SideEffect.Severity, required=False, initial="mild", widget=Segmented
            )
            if is_short(kind):
                self.fields[self.lasted_name(kind)] = forms.IntegerField(
                    label=_("%(kind)s lasted") % {"kind": kind.name},
                    help_text=_("Empty while it is still there."),
                    required=False,
                    min_value=1,
                    max_value=LONGEST_MINUTES,
                    widget=UnitInput(unit=_("min"), attrs={"inputmode": "numeric", "step": 1}),
                )

    @property
    def has_reactions(self) -> bool:
        """Say whether reactions were asked for, as the form stands."""
        return bool(self["reactions"].value() or self.logged)

    @property
    def has_pain(self) -> bool:
        return self["pain"].value() not in {None, ""}

    @staticmethod
    def severity_name(kind: SideEffectKind) -> str:
        return f"severity-{kind.code}"

    @staticmethod
    def lasted_name(kind: SideEffectKind) -> str:
        return f"lasted-{kind.code}"

    def wells(self) -> list[tuple[SideEffectKind, list[forms.BoundField]]]:
        """Return the kinds on offer, each with the fields that are asked once it is chosen."""
        names = (self.severity_name, self.lasted_name)
        return [(kind, [self[of(kind)] for of in names if of(kind) in self.fields]) for kind in self.kinds]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        chosen = cleaned.get("reactions") or []
        if NONE in chosen and len(chosen) > 1:
            self.add_error("reactions", _("“None” and a reaction exclude each other."))
        for kind in self.kinds:
            self.refuse_end_ahead(kind)
        if "weight_kg" in self.changed_data:
            self.ask_about_weight(cleaned.get("weight_kg"), cleaned.get("performed_at"))
        return cleaned

    def _post_clean(self) -> None:
        chosen = self.cleaned_data.get("reactions") or []
        if chosen == [NONE]:
            self.instance.reactions_asked = Session.Asked.NONE
        elif chosen or self.logged:
            self.instance.reactions_asked = Session.Asked.SOME
        else:
            self.instance.reactions_asked = Session.Asked.NOT_ASKED
        super()._post_clean()  # type: ignore[misc]  # Django's own hook, which its stubs leave out
        if self.signing:
            self.ask_for_what_is_missing()
        if not self.errors:
            self.wait_for_answer()

    def ask_about_weight(self, weight: Decimal | None, at: datetime | None) -> None:
        """Ask about a weight that is unusual, of the other unit, or far from the one before it."""
        scales = Instrument.objects.filter(code="weight").first()
        if weight is None or at is None or scales is None:
            return
        location = self.instance.course.location
        factor = 1 / KG_PER_LB if is_imperial(location) else KG_PER_LB
        last = Session.objects.weighed_before(self.instance, at)
        days = (location.local(at).date() - location.local(last.performed_at).date()).days if last else 0
        before = Earlier(last.weight_kg, days) if last and last.weight_kg is not None else None
        facts = {"weight": show_weight(weight, location), "number": weight_number(weight, location)}
        asked = question(weight, scales.limits, before, factor=factor)
        if asked is Question.JUMP and before:
            facts |= {"before": show_weight(before.value, location), "days": before.days}
            self.ask(_("%(weight)s now, %(before)s %(days)s days before.") % facts)
        elif asked is Question.OTHER_UNIT and is_imperial(location):
            self.ask(_("%(weight)s is unusual. Were these kilograms?") % facts)
        elif asked is Question.OTHER_UNIT:
            self.ask(_("%(weight)s is unusual. Were these pounds?") % facts)
        elif asked:
            self.ask(_("%(weight)s is unusual.") % facts)

    def ask_for_what_is_missing(self) -> None:
        missing = self.instance.missing_for_signing(has_areas=bool(self.cleaned_data.get("areas")))
        for field, text in missing.items():
            name = "reactions" if field == "reactions_asked" else field
            if name not in self.errors:
                self.add_error(name, text)

    def refuse_end_ahead(self, kind: SideEffectKind) -> None:
        minutes = self.cleaned_data.get(self.lasted_name(kind))
        start = self.cleaned_data.get("performed_at")
        if kind.code not in self.cleaned_data.get("reactions", []) or not minutes or not start:
            return
        end = start + timedelta(minutes=minutes)
        if end > self.now:
            text = _(
                "It would be over at %(time)s, which is still ahead. Correct when the session began, or leave it."
            )
            self.add_error(self.lasted_name(kind), text % {"time": date_format(timezone.localtime(end), "H:i")})

    def new_reactions(self) -> list[Seen]:
        """Return the reactions chosen now."""
        data = self.cleaned_data
        return [
            Seen(
                kind,
                data[self.severity_name(kind)] or SideEffect.Severity.MILD,
                timedelta(minutes=data[self.lasted_name(kind)]) if data.get(self.lasted_name(kind)) else None,
            )
            for kind in self.kinds
            if kind.code in set(data["reactions"])
        ]


class SessionLogForm(_SessionForm, OnceForm):
    def repeats(self, made: Session) -> bool:
        """Say whether the form says what the session says, the reactions included."""
        chosen = {code for code in self["reactions"].data or [] if code != NONE}
        kept = {effect.kind.code for effect in made.side_effects.select_related("kind") if effect.kind.is_immediate}
        return super().repeats(made) and made.reactions_asked == self.instance.reactions_asked and chosen == kept

    def in_words(self, made: Session) -> str:
        start = timezone.localtime(made.performed_at)
        return _("the session of %(moment)s") % {"moment": date_format(start, "j F Y, H:i")}


class SessionForm(_SessionForm, VersionedForm):
    def build_kwargs(self) -> dict[str, Any]:
        return {"now": self.now, "signing": self.signing}
