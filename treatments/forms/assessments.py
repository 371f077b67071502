"""Scoring and measuring: every place of every instrument of a course on one page."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from clinic.asking import AskingForm
from clinic.forms import OnceForm, VersionedForm, choices_of_rows
from clinic.models import User
from clinic.units import CM_PER_INCH, LengthField, is_imperial, length_number, length_unit, show_length
from clinic.validators import validate_plain_text
from clinic.widgets import DateInput, ScoreKeys, UnitInput
from treatments.actions.assessments import Entry, Key
from treatments.models import Assessment, Course, Instrument, InstrumentItem, Score, TreatmentArea
from treatments.models.assessment import places_of
from treatments.rules.measuring import Earlier, Question, question, settled, wants_third

MOST_READINGS = 3
ORDINALS = (gettext_lazy("First reading"), gettext_lazy("Second reading"), gettext_lazy("Third reading"))


@dataclass(frozen=True)
class Box:
    """One place at which an instrument is taken, and its value of last time."""

    instrument: Instrument
    area: TreatmentArea | None
    side: str
    last: Score | None

    @property
    def key(self) -> Key:
        return (self.instrument.pk, self.area.pk if self.area else None, self.side)

    @property
    def title(self) -> str:
        """Return the place in words, empty for the person."""
        return str(self.area) if self.area else str(Score.Side(self.side).label).capitalize() if self.side else ""

    def name(self, part: str) -> str:
        """Return the name of the field of one item or reading."""
        place = self.area.code if self.area else self.side or "person"
        return f"{self.instrument.code}--{place}--{part}"

    @property
    def parts(self) -> list[str]:
        """Return what is asked here: the codes of the items, or the numbers of the readings."""
        if self.instrument.is_scale:
            return [item.code for item in self.instrument.items.all()]
        return ["1"] if self.instrument.readings == 1 else ["1", "2", "3"]

    def label(self, name: str) -> str:
        """Return what is asked with its place, as a list of what needs a look says it: "Hip, left: Surface"."""
        return f"{self.title}: {name}" if self.title else name

    def called(self) -> str:
        """Return instrument and place: "Thigh girth, left"."""
        place = str(self.area).lower() if self.area else str(self.side)
        return f"{self.instrument.short_name}, {place}" if place else self.instrument.short_name


@dataclass(frozen=True)
class Row:
    """One question of a box as the page shows it, by its name alone: the place stands above it."""

    name: str
    field: forms.BoundField
    needs_touch: bool
    is_third: bool


@dataclass(frozen=True)
class Section:
    """One instrument with its boxes; the protocol's own, and one with something typed, is open."""

    instrument: Instrument
    boxes: list[tuple[Box, list[Row]]]
    is_open: bool


def given_before(course: Course, *, apart: Assessment | None = None) -> list[Score]:
    """Return the scores that a course is followed by, the oldest first, without those of one assessment."""
    scores = Score.objects.followed().of_course(course).for_course_page()
    return list(scores.exclude(assessment=apart.pk) if apart and apart.pk else scores)


class _AssessmentForm(AskingForm, forms.ModelForm):
    class Meta:
        model = Assessment
        fields = ["assessed_on", "assessed_by", "photo_based", "note"]
        widgets = {"assessed_on": DateInput}

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        self.today = today
        super().__init__(*args, **kwargs)
        assessment, course = self.instance, self.instance.course
        self.location = course.location
        self.before = given_before(course, apart=assessment)
        self.given = {score_key(score): score for score in assessment.scores.given()} if assessment.pk else {}
        self.fields["assessed_on"].widget.attrs |= {"min": course.started_on.isoformat(), "max": today.isoformat()}
        choices_of_rows(self, "assessed_by").queryset = User.objects.treating_at(
            self.location, also=assessment.assessed_by_id
        )
        self.boxes = list(self._boxes(course))
        for box in self.boxes:
            self._add_fields(box)
        self.entries: list[Entry] = []

    def _boxes(self, course: Course) -> Iterable[Box]:
        areas = list(course.areas.all())
        areas += [area for area in self._areas_scored() if area not in areas]
        day = self._day_shown()
        last = {score_key(score): score for score in self.before if score.on <= day}
        for instrument in Instrument.objects.for_protocol(course.protocol, also=[key[0] for key in self.given]):
            for area, side in places_of(areas, instrument.scope):
                yield Box(instrument, area, side, last.get((instrument.pk, area.pk if area else None, side)))

    def _day_shown(self) -> date:
        """Return the day the page shows, today while it is none: what was taken later is no "last time" of it."""
        try:
            return self.fields["assessed_on"].clean(self["assessed_on"].value()) or self.today
        except ValidationError:
            return self.today

    def _areas_scored(self) -> list[TreatmentArea]:
        return list(TreatmentArea.objects.filter(pk__in=[key[1] for key in self.given if key[1]]))

    def _add_fields(self, box: Box) -> None:
        score = self.given.get(box.key)
        if box.instrument.is_scale:
            for item in box.instrument.items.all():
                self.fields[box.name(item.code)] = item_field(box, item)
                if score and item.code in score.items:
                    self.initial[box.name(item.code)] = score.items[item.code]
            return
        for number, part in enumerate(box.parts):
            self.fields[box.name(part)] = self._reading_field(box, number)
            if score and number < len(score.readings):
                self.initial[box.name(part)] = Decimal(score.readings[number])

    def _reading_field(self, box: Box, number: int) -> forms.DecimalField:
        instrument = box.instrument
        label = box.label(self._reading_name(box, number))
        if instrument.unit == "cm":
            widget = UnitInput(unit=length_unit(self.location), attrs={"step": "0.1", "min": 0})
            return LengthField(
                label=label,
                required=False,
                location=self.location,
                least=instrument.least,
                most=instrument.most,
                widget=widget,
            )
        return forms.DecimalField(
            label=label,
            required=False,
            min_value=instrument.least,
            max_value=instrument.most,
            max_digits=6,
            decimal_places=1,
            widget=UnitInput(unit=instrument.unit, attrs={"step": "0.1"}),
        )

    def _reading_name(self, box: Box, number: int) -> str:
        return str(ORDINALS[number]) if box.instrument.readings > 1 else box.instrument.short_name

    def sections(self) -> list[Section]:
        """Return the instruments as the page shows them, in order."""
        by_instrument: dict[Instrument, list[Box]] = {}
        for box in self.boxes:
            by_instrument.setdefault(box.instrument, []).append(box)
        return [
            Section(instrument, [(box, self._rows(box)) for box in boxes], number == 0 or self._has_something(boxes))
            for number, (instrument, boxes) in enumerate(by_instrument.items())
        ]

    def _rows(self, box: Box) -> list[Row]:
        if box.instrument.is_scale:
            items = box.instrument.items.all()
            return [Row(item.name, self[box.name(item.code)], item.needs_touch, is_third=False) for item in items]
        return [
            Row(
                self._reading_name(box, number),
                self[box.name(part)],
                needs_touch=False,
                is_third=number + 1 == MOST_READINGS,
            )
            for number, part in enumerate(box.parts)
        ]

    def _has_something(self, boxes: list[Box]) -> bool:
        names = [box.name(part) for box in boxes for part in box.parts]
        return any(self[name].value() not in {None, ""} or name in self.errors for name in names)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        self.entries = [entry for box in self.boxes if (entry := self._entry(box))]
        if not self.entries and not self.errors:
            raise ValidationError(_("Nothing is scored or measured yet."), code="empty")
        return cleaned

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # Django's own hook, which its stubs leave out
        if not self.errors:
            self.wait_for_answer()

    def _entry(self, box: Box) -> Entry | None:
        """Return what was taken in this box; None of nothing, and of what does not hold, which has its error then."""
        if any(box.name(part) in self.errors for part in box.parts):
            return None
        return self._scored(box) if box.instrument.is_scale else self._measured(box)

    def _scored(self, box: Box) -> Entry | None:
        return scored(self, box, photo_based=bool(self.cleaned_data.get("photo_based")))

    def _measured(self, box: Box) -> Entry | None:
        readings = [self.cleaned_data[box.name(part)] for part in box.parts]
        taken = [reading for reading in readings if reading is not None]
        if not taken:
            return None
        if len(readings) == MOST_READINGS and self._lacks_a_reading(box, readings):
            return None
        value = settled(taken)
        self._ask_about(box, value)
        return Entry(box.instrument, box.area, box.side, value, readings=tuple(f"{reading:f}" for reading in taken))

    def _lacks_a_reading(self, box: Box, readings: list[Decimal | None]) -> bool:
        first, second, third = readings
        if first is None or second is None:
            name = box.name("1" if first is None else "2")
            self.add_error(name, _("A girth is read twice. Take the other reading."))
            return True
        if third is None and wants_third(first, second):
            apart = abs(first - second) * 200 / (first + second)
            words = _("The two readings differ by %(percent)s %%, more than 1 %%. Take a third.")
            self.add_error(box.name("3"), words % {"percent": f"{apart:.1f}"})
            return True
        return False

    def _ask_about(self, box: Box, value: Decimal) -> None:
        earlier = self._earlier(box)
        before = Earlier(earlier.value, self._days_since(earlier)) if earlier and earlier.value is not None else None
        is_length = box.instrument.unit == "cm"
        factor = Decimal(1)
        if is_length:
            factor = 1 / CM_PER_INCH if is_imperial(self.location) else CM_PER_INCH
        asked = question(value, box.instrument.limits, before, factor=factor)
        if asked is Question.OTHER_UNIT:
            self.ask(self._other_unit(box, value))
        elif asked is Question.UNUSUAL:
            self.ask(_("%(what)s: %(value)s is unusual.") % {"what": box.called(), "value": self._said(box, value)})
        elif asked is Question.JUMP and earlier and before:
            words = _("%(what)s: %(value)s now, %(before)s on %(day)s, %(days)s days before.")
            facts = {"before": self._said(box, before.value), "days": before.days}
            facts |= {"what": box.called(), "value": self._said(box, value), "day": date_format(earlier.on, "j F")}
            self.ask(words % facts)

    def _earlier(self, box: Box) -> Score | None:
        """Return the value of the same place before the day of this one."""
        on = self.cleaned_data.get("assessed_on") or self.today
        found = [score for score in self.before if score_key(score) == box.key and score.on <= on]
        return found[-1] if found else None

    def _days_since(self, earlier: Score) -> int:
        return ((self.cleaned_data.get("assessed_on") or self.today) - earlier.on) // timedelta(days=1)

    def _said(self, box: Box, value: Decimal) -> str:
        if box.instrument.unit == "cm":
            return show_length(value, self.location)
        return f"{value:f}\N{NO-BREAK SPACE}{box.instrument.unit}"

    def _other_unit(self, box: Box, value: Decimal) -> str:
        """Return the question whether centimetres are inches, or inches centimetres."""
        typed = length_number(value, self.location)
        facts = {"what": box.called(), "typed": typed, "centimetres": f"{typed * CM_PER_INCH:.1f}"}
        if is_imperial(self.location):
            return _("%(what)s: %(typed)s in is unusual. Were these centimetres?") % facts
        return _("%(what)s: %(typed)s cm is unusual. Were these inches, which are %(centimetres)s cm?") % facts


def score_key(score: Score) -> Key:
    return (score.instrument_id, score.area_id, score.side)


def scored(form: forms.BaseForm, box: Box, *, photo_based: bool) -> Entry | None:
    """Return what was given for a scale in one box; None of nothing, and of a part, which has its error then."""
    items = box.instrument.items_for(photo_based=photo_based)
    typed = {item.code: form.cleaned_data[box.name(item.code)] for item in items}
    values = {code: Decimal(value) for code, value in typed.items() if value not in {None, ""}}
    if not values:
        return None
    missing = [item for item in items if item.code not in values]
    if missing:
        words = ngettext(
            "%(count)s item of this area is missing. Score all, or none.",
            "%(count)s items of this area are missing. Score all, or none.",
            len(missing),
        )
        form.add_error(box.name(missing[0].code), words % {"count": len(missing)})
        return None
    kept = {code: f"{value.normalize():f}" for code, value in values.items()}
    return Entry(box.instrument, box.area, box.side, sum(values.values(), Decimal(0)), items=kept)


def item_field(box: Box, item: InstrumentItem) -> forms.Field:
    """Return the keys of an item, or a field to type in what has too many values for keys."""
    last = str(box.last.items.get(item.code, "")) if box.last else ""
    if item.has_keys:
        keys = [f"{value.normalize():f}" for value in item.values()]
        return forms.ChoiceField(
            label=box.label(item.name),
            required=False,
            choices=[("", "–"), *((key, key) for key in keys)],
            widget=ScoreKeys(last=last),
        )
    return forms.DecimalField(
        label=item.name,
        required=False,
        min_value=item.least,
        max_value=item.most,
        step_size=item.step,
        max_digits=6,
        decimal_places=1,
        widget=UnitInput(unit="", attrs={"inputmode": "decimal"}),
    )


class AssessmentNewForm(_AssessmentForm, OnceForm):
    def repeats(self, made: Assessment) -> bool:
        """Say whether the form says what the scoring says, its scores included."""
        kept = {score_key(score): score.value for score in made.scores.given()}
        return super().repeats(made) and kept == {entry.key: entry.value for entry in self.entries}

    def in_words(self, made: Assessment) -> str:
        return _("the scoring of %(day)s") % {"day": date_format(made.assessed_on, "j F Y")}


class AssessmentForm(_AssessmentForm, VersionedForm):
    def build_kwargs(self) -> dict[str, Any]:
        return {"today": self.today}


class ErrorForm(forms.Form):
    """Why a scoring was entered in error."""

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300, validators=[validate_plain_text])
    version = forms.IntegerField(widget=forms.HiddenInput)
