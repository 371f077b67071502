"""Reaction now: what was seen right after the injections."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.forms import choices_of_words
from clinic.widgets import Chips, Segmented, UnitInput
from treatments.actions.sessions import Seen
from treatments.forms.session.parts import Part
from treatments.models import Session, SideEffect, SideEffectKind

NONE = "none"
SHORT = timedelta(hours=1)  # what is over that soon is seen to end before the patient leaves
LONGEST_MINUTES = 24 * 60


def is_short(kind: SideEffectKind) -> bool:
    return kind.expected_max is not None and kind.expected_max <= SHORT


class ReactionsPart(Part):
    reactions = forms.MultipleChoiceField(
        label=gettext_lazy("Reaction now"),
        required=False,
        widget=Chips(exclusive=NONE),
        help_text=gettext_lazy("Say “None” if there is none. Blank means not asked."),
    )

    def build(self) -> None:
        super().build()
        instance = self.instance
        loaded = instance.side_effects.all() if instance.pk else []  # by `for_page`
        self.logged = [effect for effect in loaded if not effect.is_in_error]
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
            self._refuse_end_ahead(kind)
        self.instance.reactions_asked = self._asked(chosen)
        return cleaned

    def _asked(self, chosen: list[str]) -> Session.Asked:
        if chosen == [NONE]:
            return Session.Asked.NONE
        return Session.Asked.SOME if chosen or self.logged else Session.Asked.NOT_ASKED

    def _refuse_end_ahead(self, kind: SideEffectKind) -> None:
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
