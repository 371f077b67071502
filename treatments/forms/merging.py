"""Merging two records: whose value stays where they differ, and how it is known that both are one person."""

from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.forms import TokenField
from clinic.validators import validate_plain_text
from patients.models import MergeOfRecords, Patient
from treatments.merging import HERE, THERE, Pair, Value

MARK = "mark"


class ReasonForm(forms.Form):
    """A step on what was read, with its reason. `mark` is that of what was read."""

    reason = forms.CharField(max_length=300, validators=[validate_plain_text])
    mark = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, mark: str, label: str, needed: str, help_text: str = "", **kwargs: Any) -> None:
        self.current_mark = mark
        super().__init__(*args, **{"initial": {MARK: mark}, **kwargs})
        self.fields["reason"].label, self.fields["reason"].help_text = label, help_text
        self.fields["reason"].error_messages["required"] = needed

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get(MARK) != self.current_mark:
            self.refuse(self.current_mark)
        return cleaned

    def refuse(self, mark: str) -> None:
        """Say that something changed since it was read, and take up the new mark for the next try."""
        data = cast(QueryDict, self.data).copy()
        data[self.add_prefix(MARK)] = mark
        self.data = data
        words = _(
            "Something changed since you opened this page. Here it is as it stands: look again, then send it again."
        )
        self.add_error(None, ValidationError(words, code="stale"))


class MergeForm(ReasonForm):
    form_token = TokenField()

    def __init__(self, *args: Any, pair: Pair, **kwargs: Any) -> None:
        self.pair = pair
        super().__init__(
            *args,
            mark=pair.mark,
            label=_("How it is known that both are one person"),
            needed=_("Say how it is known that both are one person."),
            help_text=_("Kept with the merge, for example “asked the patient, saw the passport”."),
            **kwargs,
        )
        for value in pair.differing:
            field = forms.ChoiceField(
                label=value.label,
                choices=[(HERE, value.here or _("nothing")), (THERE, value.there or _("nothing"))],
                initial=value.proposed,
                widget=forms.RadioSelect,
                error_messages={"required": _("Choose which is true.")},
            )
            self.fields[value.name] = field

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors:
            self._check_channel(cleaned)
        return cleaned

    def _check_channel(self, cleaned: dict[str, Any]) -> None:
        """Hold the channel chosen against the phone and the e-mail chosen."""
        chosen = {name: self._chosen(name, cleaned) for name in ("preferred_channel", "phone", "email")}
        if "preferred_channel" not in self.fields:
            return
        if chosen["preferred_channel"] == Patient.Channel.EMAIL and not chosen["email"]:
            self.add_error("preferred_channel", _("There is no e-mail address to write to."))
        elif chosen["preferred_channel"] != Patient.Channel.EMAIL and not chosen["phone"]:
            self.add_error("preferred_channel", _("There is no phone number to reach."))

    def _chosen(self, name: str, cleaned: dict[str, Any]) -> Any:
        return getattr(self.pair.other if cleaned.get(name) == THERE else self.pair.survivor, name)

    def made_before(self) -> MergeOfRecords | None:
        """Return the merge that an earlier sending of this form made."""
        token = self["form_token"].data if self.is_bound else None
        try:
            return MergeOfRecords.objects.select_related("survivor").filter(form_token=token or None).first()
        except ValidationError:
            return None

    def chosen(self) -> dict[str, str]:
        """Return whose value stays, by name."""
        return {value.name: self.cleaned_data[value.name] for value in self.pair.differing}

    def rows(self) -> list[tuple[Value, forms.BoundField | None]]:
        """Return each value, with its field where the two differ."""
        return [(value, self[value.name] if value.differs else None) for value in self.pair.values]


class ApartForm(forms.Form):
    """How it is known that two records are of two people."""

    reason = forms.CharField(
        label=gettext_lazy("How it is known"),
        max_length=300,
        validators=[validate_plain_text],
        error_messages={"required": gettext_lazy("Say how it is known that these are two people.")},
    )
