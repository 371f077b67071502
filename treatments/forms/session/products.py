"""Products: what was drawn up, lot by lot."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.units import VolumeField, plain, show_ml
from clinic.widgets import Stepper
from treatments.drawn import Line
from treatments.forms.session.parts import Part
from treatments.models import Lot, Preparation
from treatments.sources import Sources

ROWS = 8  # lots and mixtures a session draws from: more than any syringe holds
Source = Lot | Preparation


def key_of(source: Source) -> str:
    return f"{'lot' if isinstance(source, Lot) else 'mix'}:{source.public_id}"


@dataclass(frozen=True)
class Row:
    """One line of the table: where it is drawn from, and how much."""

    number: int
    source: forms.BoundField
    volume: forms.BoundField
    chosen: Source | None

    @property
    def is_blank(self) -> bool:
        return not self.source.value() and not self.volume.value()

    @property
    def what(self) -> str:
        """Return the class of the product, or that it is a mixture."""
        if self.chosen is None:
            return ""
        return str(self.chosen.product.get_product_class_display() if isinstance(self.chosen, Lot) else _("Mixture"))


class ProductsPart(Part):
    """Rows of a source and a volume. A source that may no longer be used can still be said, and the gate stops it."""

    def build(self) -> None:
        super().build()
        course = self.instance.course
        stored = self.instance if self.instance.pk else None
        today = course.location.today(self.now)
        self.sources = Sources(course.location, today, self.now, also=self._named(), session=stored)
        choices = self._choices()
        for number in range(ROWS):
            source, volume = self.names_of_row(number)
            self.fields[source] = forms.ChoiceField(
                label=gettext_lazy("Product and lot"), choices=choices, required=False
            )
            self.fields[volume] = VolumeField(label=gettext_lazy("Volume"), required=False, widget=Stepper(unit="ml"))

    @staticmethod
    def names_of_row(number: int) -> tuple[str, str]:
        return f"source-{number}", f"drawn-{number}"

    def _named(self) -> set[str]:
        """Return the sources that the form names already, typed or from before: they stay among the choices."""
        names = [self.names_of_row(number)[0] for number in range(ROWS)]
        given = self.data if self.is_bound else self.initial
        return {str(given[name]) for name in names if given.get(name)}

    def _choices(self) -> list[Any]:
        today = self.instance.course.location.today(self.now)
        groups: list[Any] = [("", _("Choose a lot"))]
        for product, lots in groupby(self.sources.lots, key=lambda lot: lot.product):
            groups.append((str(product), [(key_of(lot), f"{product}: {lot_in_words(lot, today)}") for lot in lots]))
        mixtures = [(key_of(each), mixture_in_words(each, self.instance.course)) for each in self.sources.preparations]
        return groups + ([(_("Mixed here"), mixtures)] if mixtures else [])

    def rows(self) -> list[Row]:
        """Return the rows with something in them, one blank row after them, and the rest blank."""
        known = {key_of(source): source for source in self.sources}
        names = [(number, *self.names_of_row(number)) for number in range(ROWS)]
        rows = [
            Row(number, self[source], self[volume], known.get(str(self[source].value() or "")))
            for number, source, volume in names
        ]
        return sorted(rows, key=lambda row: row.is_blank)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        known = {key_of(source): source for source in self.sources}
        self.lines: list[Line] = []
        for number in range(ROWS):
            line = self._line(number, known)
            if line is None:
                continue
            if any(line.source == other.source for other in self.lines):
                self.add_error(self.names_of_row(number)[0], _("This is drawn up in another row already."))
            else:
                self.lines.append(line)
        if self.signing and not self.lines and not self._has_faulty_row():
            self.add_error("source-0", _("Say what was injected."))
        return cleaned

    def _has_faulty_row(self) -> bool:
        return any(set(self.names_of_row(number)) & self.errors.keys() for number in range(ROWS))

    def _line(self, number: int, known: dict[str, Source]) -> Line | None:
        source_name, volume_name = self.names_of_row(number)
        key, volume = self.cleaned_data.get(source_name), self.cleaned_data.get(volume_name)
        if {source_name, volume_name} & self.errors.keys():
            return None
        if key and volume is None:
            if self.signing:
                self.add_error(volume_name, _("Say how much was drawn up."))
            return None
        if volume is not None and not key:
            self.add_error(source_name, _("Say from which lot."))
            return None
        return Line(known[key], volume) if key and volume is not None else None


def lot_in_words(lot: Lot, today: Any) -> str:
    """Return "PR-0874, to Jan 2027, 18 ml", with what speaks against it."""
    fault = lot.fault(today)
    said = _("%(number)s, to %(month)s, %(left)s") % {
        "number": lot.number,
        "month": date_format(lot.expires_on, "j M Y"),
        "left": show_ml(lot.remaining_ml),
    }
    words = {"held": _("on hold"), "expired": _("expired"), "blocked": _("blocked")}
    return f"{said} ({words[fault]})" if fault else said


def mixture_in_words(preparation: Preparation, course: Any) -> str:
    return _("%(name)s, use by %(time)s, %(left)s") % {
        "name": preparation.name,
        "time": date_format(course.location.local(preparation.use_by_at), "j M, H:i"),
        "left": show_ml(preparation.remaining_ml),
    }


def initial_rows(lines: Iterable[Line]) -> dict[str, str]:
    """Return the fields' values that say these lines."""
    values: dict[str, str] = {}
    for number, line in enumerate(list(lines)[:ROWS]):
        source, volume = ProductsPart.names_of_row(number)
        values |= {source: key_of(line.source), volume: plain(line.ml)}
    return values
