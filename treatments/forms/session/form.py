"""The one page of a session: its parts put together, for logging, for editing a draft, and for amending."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.utils import ErrorDict
from django.http import QueryDict
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.forms import OnceForm, VersionedForm, choices_of_rows
from clinic.models import User
from clinic.validators import validate_plain_text
from clinic.widgets import DateTimeInput, PainKeys, Segmented, UnitInput
from treatments.actions.sessions import Written
from treatments.drawn import Drawn, drawn_of
from treatments.forms.notes import NoteField
from treatments.forms.session.areas import AreasPart, initial_areas
from treatments.forms.session.products import ProductsPart, initial_rows, key_of
from treatments.forms.session.reactions import NONE, ReactionsPart
from treatments.forms.session.screening import ScreeningPart
from treatments.forms.session.since import SincePart
from treatments.forms.session.weight import WeightPart
from treatments.forms.wall_time import WallTimeField
from treatments.models import Session

OVERRIDE = "override-"
REASON = forms.CharField(max_length=500, validators=[validate_plain_text])


class SessionParts(AreasPart, ProductsPart, ReactionsPart, ScreeningPart, SincePart, WeightPart):
    """Everything one page asks of a session. `signing` asks for all that a signed session has; a draft may lack it.

    `stand` judges the form as if it was to be signed now, without showing errors for it.
    """

    note = NoteField(label=gettext_lazy("Note"), most=4000, rows=4, required=False)
    next_at = WallTimeField(
        label=gettext_lazy("Next session"), required=False, widget=DateTimeInput(attrs={"step": 300})
    )

    class Meta:
        model = Session
        fields = [
            "performed_at",
            "performed_by",
            "areas",
            "technique",
            "needle",
            "depth_mm",
            "antiseptic",
            "device",
            "weight_kg",
            "pain",
            "unmeasured_reason",
            "early_reason",
            "aftercare_given",
            "note",
        ]
        field_classes = {"performed_at": WallTimeField}
        widgets = {
            "performed_at": DateTimeInput,
            "technique": Segmented,
            "depth_mm": UnitInput(unit="mm", attrs={"step": "0.1", "min": 0, "inputmode": "decimal"}),
            "pain": PainKeys,
        }

    def __init__(
        self,
        *args: Any,
        now: datetime,
        signing: bool = False,
        booking: bool = False,
        **kwargs: Any,
    ) -> None:
        self.now, self.signing, self.booking = now, signing, booking
        self.lines, self.shares, self.answers, self.noticed = [], [], [], None
        super().__init__(*args, **kwargs)
        course, instance = self.instance.course, self.instance
        choices_of_rows(self, "performed_by").queryset = User.objects.treating_at(
            course.location, also=instance.performed_by_id
        )
        if instance.pk:
            stored = drawn_of(instance)
            given = initial_areas(stored.shares, instance)
            del given["areas"]  # the session's own, which holds those too that got nothing yet
            self.initial.update(initial_rows(stored.lines) | given)
        self.build()

    def stand(self) -> ErrorDict:
        """Return what would be missing if the form was signed as it stands. Its own errors stay those it shows."""
        shown: ErrorDict | None = getattr(self, "_errors", None)
        if not self.is_bound:
            self.data, self.is_bound = self.as_typed(), True
        signing, self.signing = self.signing, True
        self.full_clean()
        left, self._errors, self.signing = self.errors, shown or ErrorDict(), signing
        return left

    def as_typed(self) -> QueryDict:
        """Return what a browser would send of the form as it starts."""
        data = QueryDict(mutable=True)
        for name, field in self.fields.items():
            value = self[name].value()
            if value is None or value is False or value == "":
                continue
            if isinstance(value, (list, tuple)) or hasattr(value, "all"):
                rows = value.all() if hasattr(value, "all") else value
                data.setlist(self.add_prefix(name), [str(getattr(row, "pk", row)) for row in rows])
            else:
                shown = field.widget.format_value(getattr(value, "pk", value))
                data[self.add_prefix(name)] = str(shown[0] if isinstance(shown, list) else shown)
        return data

    @property
    def has_pain(self) -> bool:
        return self["pain"].value() not in {None, ""}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self.booking and not cleaned.get("next_at") and "next_at" not in self.errors:
            self.add_error("next_at", _("Say when the next session is."))
        if self.signing:
            self._judge_overrides()
        return cleaned

    def _judge_overrides(self) -> None:
        """Refuse a reason that cannot be kept. It is in no field: each stands beside what it passes over."""
        for reason in self.overrides().values():
            try:
                REASON.clean(reason)
            except ValidationError as error:
                self.add_error(None, ValidationError(error.messages))

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # Django's own hook, which its stubs leave out
        self.refuse_uneven(self.drawn())
        if self.signing:
            self._ask_for_what_is_missing()
        if not self.errors:
            self.wait_for_answer()

    def _ask_for_what_is_missing(self) -> None:
        missing = self.instance.missing_for_signing(has_areas=bool(self.cleaned_data.get("areas")))
        for field, text in missing.items():
            name = "reactions" if field == "reactions_asked" else field
            if name in self.fields and name not in self.errors:
                self.add_error(name, text)

    def drawn(self) -> Drawn:
        """Return what the form says is given, for the gate, the totals and the record."""
        return Drawn(
            course=self.instance.course,
            performed_at=self.instance.performed_at or self.now,
            lines=self.lines,
            shares=self.shares,
            weight_kg=self.instance.weight_kg,
            answers=[(question, answer == "yes") for question, answer, _detail in self.answers_today()],
            session=self.instance,
        )

    def overrides(self) -> dict[str, str]:
        """Return the reasons typed for passing over what stands against signing, by its code."""
        typed = {name: str(self.data.get(name, "")).strip() for name in self.data if name.startswith(OVERRIDE)}
        return {name.removeprefix(OVERRIDE): reason for name, reason in typed.items() if reason}

    def written(self) -> Written:
        """Return everything beside the session itself that the form says."""
        return Written(
            drawn=self.drawn(),
            reactions=self.new_reactions(),
            answers=self.answers,
            noticed=self.noticed,
            screening=self.answers_today(),
        )

    def build_kwargs(self) -> dict[str, Any]:
        return {"now": self.now, "signing": self.signing}


class SessionLogForm(SessionParts, OnceForm):
    def repeats(self, made: Session) -> bool:
        """Say whether the form says what the session says: its reactions, what was drawn up and what was given."""
        chosen = {code for code in self["reactions"].data or [] if code != NONE}
        kept = {effect.kind.code for effect in made.side_effects.select_related("kind") if effect.kind.is_immediate}
        same = super().repeats(made) and made.reactions_asked == self.instance.reactions_asked and chosen == kept
        return same and self._says_what_was_given(made)

    def _says_what_was_given(self, made: Session) -> bool:
        stored, typed = drawn_of(made), self.drawn()
        lines = [{key_of(line.source): line.ml for line in each.lines} for each in (stored, typed)]
        shares = [{part.area: (part.ml, part.points) for part in each.shares} for each in (stored, typed)]
        return lines[0] == lines[1] and shares[0] == shares[1]

    def in_words(self, made: Session) -> str:
        start = timezone.localtime(made.performed_at)
        return _("the session of %(moment)s") % {"moment": date_format(start, "j F Y, H:i")}


class SessionForm(SessionParts, VersionedForm):
    """A draft as it is edited."""


class AmendForm(SessionParts, VersionedForm):
    """A signed session as it is amended: everything a signed session has, and why it changes."""

    reason = forms.CharField(
        label=gettext_lazy("Why it is amended"),
        max_length=500,
        validators=[validate_plain_text],
        help_text=gettext_lazy("Kept with both versions, for example “volume misread from the syringe”."),
        error_messages={"required": gettext_lazy("Say why a signed session changes.")},
    )
