"""Scoring photos blindly: which photos by which scale, and one photo."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from treatments.actions.assessments import Entry
from treatments.blinded import series_to_score
from treatments.forms.assessments import Box, Row, item_field, scored
from treatments.models import BlindedRun, Course, Instrument, Photo
from treatments.models.assessment import places_of


class BlindedStartForm(forms.Form):
    """The view whose photos are scored, and the scale."""

    shot = forms.ChoiceField(label=gettext_lazy("Photos"))
    instrument = forms.ModelChoiceField(
        label=gettext_lazy("Scale"), queryset=Instrument.objects.none(), to_field_name="code", empty_label=None
    )

    def __init__(self, *args: Any, course: Course, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.series = series_to_score(course)
        words = _("%(view)s (%(count)s photos)")
        self.fields["shot"] = forms.ChoiceField(
            label=self.fields["shot"].label,
            choices=[(one.key, words % {"view": one.title, "count": len(one.photos)}) for one in self.series],
        )
        scales = Instrument.objects.for_photos(course.protocol)
        self.fields["instrument"].queryset = scales  # type: ignore[attr-defined]  # a field of rows
        self.scales = list(scales)
        if self.scales:
            self.fields["instrument"].initial = self.scales[0].code

    @property
    def can_start(self) -> bool:
        return bool(self.series and self.scales)

    def facts(self) -> dict[str, Any]:
        view, _slash, posture = self.cleaned_data["shot"].partition("/")
        return {"view": view, "posture": posture, "instrument": self.cleaned_data["instrument"]}


class RatingForm(forms.Form):
    """One photo by one scale: each place that the photo may show. A place that it does not show stays blank."""

    photo = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, run: BlindedRun, photo: Photo, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["photo"] = photo.public_id
        areas = [photo.area] if photo.area else run.course.areas.all()
        self.boxes = [Box(run.instrument, area, side, None) for area, side in places_of(areas, run.instrument.scope)]
        self.items = run.instrument.items_for(photo_based=True)
        for box in self.boxes:
            for item in self.items:
                self.fields[box.name(item.code)] = item_field(box, item)
        first = self.fields[self.boxes[0].name(self.items[0].code)]
        first.widget.attrs["autofocus"] = True  # keys score at once
        self.entries: list[Entry] = []

    def sections(self) -> list[tuple[Box, list[Row]]]:
        """Return each place with its questions, as the page shows them."""
        return [
            (
                box,
                [Row(item.name, self[box.name(item.code)], needs_touch=False, is_third=False) for item in self.items],
            )
            for box in self.boxes
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors:
            found = [scored(self, box, photo_based=True) for box in self.boxes]
            self.entries = [entry for entry in found if entry]
        if not self.entries and not self.errors:
            raise ValidationError(_("Nothing is scored yet. Score an area that the photo shows, or skip it."))
        return cleaned
