"""Areas and points: where the mixture went, how much of it, in how many points."""

import json
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.forms import choices_of_rows
from clinic.units import VolumeField, plain, show_ml
from clinic.widgets import Stepper
from treatments.bodymap import AreaRow, LastTime
from treatments.drawn import NOTHING, Drawn, Share
from treatments.forms.courses import AreasField
from treatments.forms.session.parts import Part
from treatments.models import Session, TreatmentArea
from treatments.models.injection import MOST_POINTS
from treatments.rules.bodymap import MapPoint, default_points, read_map_points
from treatments.rules.mixing import share

Placed = dict[str, list[list[Any]]]  # by area code: [figure, x, y] each


class AreasPart(Part):
    areas = AreasField(TreatmentArea.objects.none(), label=gettext_lazy("Areas treated"))

    def build(self) -> None:
        super().build()
        self.offered = list(TreatmentArea.objects.of_session(self.instance))
        choices_of_rows(self, "areas").queryset = TreatmentArea.objects.of_session(self.instance)
        for area in self.offered:
            volume, points, placed = self.area_names(area)
            self.fields[volume] = VolumeField(label=str(area), required=False, widget=Stepper(unit="ml"))
            self.fields[points] = forms.IntegerField(
                label=_("Points, %(area)s") % {"area": area}, required=False, min_value=1, max_value=MOST_POINTS
            )
            self.fields[placed] = forms.CharField(required=False, widget=forms.HiddenInput)

    @staticmethod
    def area_names(area: TreatmentArea) -> tuple[str, str, str]:
        return f"ml-{area.code}", f"points-{area.code}", f"map-{area.code}"

    def chosen_areas(self) -> set[str]:
        """Return the keys of the chosen areas, as the form stands."""
        return {str(getattr(each, "pk", each)) for each in self["areas"].value() or []}

    def area_rows(self, last: Drawn | None, *, reacting: set[int], blocked: dict[int, str]) -> list[AreaRow]:
        """Return the offered areas, each with what it got last time, its open reactions (by key) and its blocks."""
        chosen = self.chosen_areas()
        before = {part.area.pk: part for part in last.shares} if last else {}
        placed = last.session.map_points if last and last.session else {}
        return [
            AreaRow(
                area=area,
                chosen=str(area.pk) in chosen,
                volume=plain_value(self[self.area_names(area)[0]].value()),
                points=plain_value(self[self.area_names(area)[1]].value()),
                map_points=points_of(self[self.area_names(area)[2]].value(), area),
                last=last_of(before.get(area.pk), placed.get(area.code, [])),
                open_reaction=area.pk in reacting,
                blocked=blocked.get(area.pk, ""),
                errors=[str(text) for name in self.area_names(area) for text in self[name].errors],
            )
            for area in self.offered
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        chosen = list(cleaned.get("areas") or [])
        self.instance.map_points = self._placed(chosen)
        self.shares = self._shares(chosen)
        return cleaned

    def _placed(self, chosen: list[TreatmentArea]) -> Placed:
        found: Placed = {}
        for area in chosen:
            name = self.area_names(area)[2]
            try:
                points = read_map_points(self.cleaned_data.get(name) or "", area.code)
            except ValueError:
                self.add_error(
                    self.area_names(area)[1],
                    _("A point of this area is outside of it. Place the points again, or clear them."),
                )
                continue
            if points:
                found[area.code] = [list(point) for point in points]
        return found

    def _shares(self, chosen: list[TreatmentArea]) -> list[Share]:
        """Return what each chosen area gets. Where no volume is said, all that was drawn up is spread by points."""
        if any(name in self.errors for area in chosen for name in self.area_names(area)):
            return []
        points = {area: self._points(area) for area in chosen}
        volumes = {area: self.cleaned_data.get(self.area_names(area)[0]) for area in chosen}
        total = sum((line.ml for line in self.lines), NOTHING)  # type: ignore[attr-defined]  # of the part before
        if chosen and total and not any(volumes.values()):
            spread = share(total, [points[area] or 1 for area in chosen])
            volumes = dict(zip(chosen, spread, strict=True))
        for area, volume in volumes.items():
            if volume is None and self.signing and total:
                self.add_error(self.area_names(area)[0], _("Say how much this area got, or leave it out."))
        return [Share(area, volume, points[area]) for area, volume in volumes.items() if volume]

    def _points(self, area: TreatmentArea) -> int | None:
        """Return the points typed, else those placed, else those of the map's grid."""
        typed = self.cleaned_data.get(self.area_names(area)[1])
        placed = self.instance.map_points.get(area.code)
        return typed or (len(placed) if placed else None) or default_points(area.code) or None

    def refuse_uneven(self, drawn: Drawn) -> None:
        """Refuse that more or less was given than was drawn up: the rest has to be somewhere."""
        if drawn.shares and not drawn.lines and "source-0" not in self.errors:
            self.add_error("source-0", _("Say what was injected."))
        if drawn.lines and drawn.shares and not drawn.is_level:
            text = _("%(drawn)s are drawn up and %(given)s are given. Correct one of them, or split evenly.")
            facts = {"drawn": show_ml(drawn.drawn_ml), "given": show_ml(drawn.given_ml)}
            self.add_error("areas", text % facts)


def last_of(before: Share | None, placed: list[list[Any]]) -> LastTime | None:
    if before is None:
        return None
    return LastTime(plain(before.ml), str(before.points or ""), [tuple(point) for point in placed])


def plain_value(value: Any) -> str:
    return plain(value) if isinstance(value, Decimal) else "" if value is None else str(value)


def points_of(value: Any, area: TreatmentArea) -> list[MapPoint]:
    """Return the points as the form has them, none where they cannot be read: the judge says so."""
    try:
        return read_map_points(value or "", area.code)
    except ValueError:
        return []


def initial_areas(shares: list[Share], session: Session) -> dict[str, Any]:
    """Return the fields' values that say what each area got at a session."""
    values: dict[str, Any] = {"areas": [part.area.pk for part in shares]}
    for part in shares:
        volume, points, placed = AreasPart.area_names(part.area)
        stored = session.map_points.get(part.area.code)
        values |= {volume: plain(part.ml), points: part.points or ""}
        values[placed] = json.dumps(stored) if stored else ""
    return values
