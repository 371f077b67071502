"""What a response is measured by: scales with their items and bands, girths with their landmark. Rows are data."""

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from clinic.fields import NormalizedCharField
from clinic.quantities import held
from treatments.models.catalogue import Indication
from treatments.rules.measuring import Limits, Span
from treatments.rules.response import Better

if TYPE_CHECKING:
    from treatments.models.catalogue import Protocol

LARGEST = Decimal("9999.99")
MOST_KEYS = 11  # a scale of more values than pain's 0 to 10 is typed, not tapped


def validate_bands(value: object) -> None:
    """Refuse anything but a list of {"from", "to", "word"} that rises without overlap."""
    if not isinstance(value, list) or any(not _is_band(band) for band in value):
        raise ValidationError(_("Bands are a list such as [{“from”: 1, “to”: 5, “word”: “mild”}]."))
    edges = [edge for band in value for edge in (band["from"], band["to"])]
    if edges != sorted(edges):
        raise ValidationError(_("Bands rise, and none begins before the one below ends."))


def _is_band(band: object) -> bool:
    return (
        isinstance(band, dict)
        and set(band) == {"from", "to", "word"}
        and all(_is_number(band[edge]) for edge in ("from", "to"))
        and isinstance(band["word"], str)
    )


def validate_anchors(value: object) -> None:
    """Refuse anything but a list of words, one for each value of the item from its least on."""
    if not isinstance(value, list) or any(not isinstance(word, str) for word in value):
        raise ValidationError(_("Anchors are words in a list, one for each value: [“none”, “few”]."))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


class InstrumentQuerySet(models.QuerySet["Instrument"]):
    def for_protocol(self, protocol: "Protocol", *, also: Iterable[int] = ()) -> "InstrumentQuerySet":
        """Return what a course of this protocol is measured by, its items loaded; the protocol's own comes first.

        `also` are the keys of those that a record names already, whether or not they are still offered.
        """
        fits = Q(indications=None) | Q(indications=protocol.indication_id) | Q(pk=protocol.instrument_id)
        return (
            self.filter(Q(is_active=True) & fits | Q(pk__in=also))
            .distinct()
            .annotate(is_own=models.Case(models.When(pk=protocol.instrument_id or 0, then=0), default=1))
            .order_by("is_own", "order", "pk")
            .prefetch_related("items")
        )

    def for_photos(self, protocol: "Protocol") -> "InstrumentQuerySet":
        """Return the scales by which a photograph of such a course is scored; the protocol's own comes first."""
        return self.for_protocol(protocol).filter(
            photo_based=True, kind=Instrument.Kind.SCALE, rater=Instrument.Rater.CLINICIAN
        )


class Instrument(models.Model):
    """A scale or a measure. Only one scale is ever drawn in a chart: numbers of two do not compare."""

    class Kind(models.TextChoices):
        SCALE = "scale", _("scale")
        MEASURE = "measure", _("measure")

    class Scope(models.TextChoices):
        AREA = "area", _("each treated area: a region and its side")
        SIDE = "side", _("left and right")
        PERSON = "person", _("the person")

    class Rater(models.TextChoices):
        CLINICIAN = "clinician", _("clinician")
        PATIENT = "patient", _("patient")

    class Direction(models.TextChoices):
        LOWER = Better.LOWER.value, _("lower is better")
        HIGHER = Better.HIGHER.value, _("higher is better")
        NEITHER = Better.NEITHER.value, _("neither")

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = NormalizedCharField(_("name"), max_length=100, unique=True)
    short_name = NormalizedCharField(_("short name"), max_length=40)
    edition = models.CharField(_("version"), max_length=60, blank=True)
    source = models.CharField(_("source"), max_length=300, blank=True)
    indications = models.ManyToManyField(
        Indication,
        verbose_name=_("indications"),
        related_name="instruments",
        blank=True,
        help_text=_("Empty: offered for every indication."),
    )
    kind = models.CharField(_("kind"), max_length=7, choices=Kind)
    scope = models.CharField(_("one value for"), max_length=6, choices=Scope)
    rater = models.CharField(_("rated by the"), max_length=9, choices=Rater, default=Rater.CLINICIAN)
    direction = models.CharField(_("direction"), max_length=7, choices=Direction)
    least = models.DecimalField(_("least"), max_digits=6, decimal_places=2, help_text=_("Less is refused."))
    most = models.DecimalField(_("most"), max_digits=6, decimal_places=2, help_text=_("More is refused."))
    usual_least = models.DecimalField(
        _("usual least"), max_digits=6, decimal_places=2, null=True, blank=True, help_text=_("Less is asked again.")
    )
    usual_most = models.DecimalField(
        _("usual most"), max_digits=6, decimal_places=2, null=True, blank=True, help_text=_("More is asked again.")
    )
    asked_change = models.DecimalField(
        _("change asked again"),
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0))],
        help_text=_("A larger change within the days below is asked again."),
    )
    asked_change_days = models.PositiveSmallIntegerField(_("within days"), null=True, blank=True)
    unit = models.CharField(
        _("unit"), max_length=12, blank=True, help_text=_("UCUM, for example cm. Scales have none.")
    )
    readings = models.PositiveSmallIntegerField(
        _("readings"), default=1, validators=[MinValueValidator(1), MaxValueValidator(2)]
    )
    landmark = models.CharField(_("landmark"), max_length=300, blank=True)
    method = models.CharField(_("method"), max_length=300, blank=True)
    photo_based = models.BooleanField(
        _("scored from one photograph, too"),
        default=False,
        help_text=_("Offered when photos are scored blindly. What has to be felt is left out."),
    )
    bands = models.JSONField(_("bands"), default=list, blank=True, validators=[validate_bands])
    loinc_code = models.CharField(_("LOINC code"), max_length=10, blank=True)
    snomed_code = models.CharField(_("SNOMED CT code"), max_length=18, blank=True)
    is_active = models.BooleanField(_("offered"), default=True)
    order = models.PositiveSmallIntegerField(_("order"), default=0)
    history = HistoricalRecords(m2m_fields=[indications])

    objects = InstrumentQuerySet.as_manager()

    class Meta:
        verbose_name = _("instrument")
        verbose_name_plural = _("instruments")
        ordering = ["order", "name", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(least__gte=0) & Q(most__gt=F("least")),
                name="instrument_range_ordered",
                violation_error_message=_("The most is more than the least, and neither is below zero."),
            ),
            models.CheckConstraint(
                condition=Q(usual_least=None, usual_most=None)
                | Q(
                    usual_least__isnull=False,
                    usual_most__isnull=False,
                    usual_least__gte=F("least"),
                    usual_most__lte=F("most"),
                    usual_least__lt=F("usual_most"),
                ),
                name="instrument_usual_range_inside",
                violation_error_message=_("The usual range has two ends and lies inside the whole one."),
            ),
            models.CheckConstraint(
                condition=Q(asked_change=None, asked_change_days=None)
                | Q(asked_change__isnull=False, asked_change_days__isnull=False),
                name="instrument_change_has_days",
                violation_error_message=_("A change that is asked again has its days, too."),
            ),
            models.CheckConstraint(
                condition=held("least", 0, LARGEST, places=2)
                & held("most", 0, LARGEST, places=2)
                & held("usual_least", 0, LARGEST, places=2)
                & held("usual_most", 0, LARGEST, places=2)
                & held("asked_change", 0, Decimal("999.99"), places=2)
                & held("readings", 1, 2),
                name="instrument_quantities_possible",
                violation_error_message=_("A number of this instrument is outside its limits."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def better(self) -> Better:
        return Better(self.direction)

    @property
    def is_scale(self) -> bool:
        return self.kind == self.Kind.SCALE

    @property
    def limits(self) -> Limits:
        usual = None
        if self.usual_least is not None and self.usual_most is not None:
            usual = Span(self.usual_least, self.usual_most)
        return Limits(Span(self.least, self.most), usual, self.asked_change, self.asked_change_days)

    def items_for(self, *, photo_based: bool) -> list["InstrumentItem"]:
        """Return the items that are scored: from photographs, those that nobody has to feel."""
        return [item for item in self.items.all() if not (photo_based and item.needs_touch)]

    def span(self, *, photo_based: bool) -> Span:
        """Return the range of the total; what is left out of photographs is out of the range, too."""
        if not self.is_scale or not photo_based or not self.has_touch:
            return Span(self.least, self.most)
        kept = self.items_for(photo_based=True)
        return Span(sum((item.least for item in kept), Decimal(0)), sum((item.most for item in kept), Decimal(0)))

    @property
    def has_touch(self) -> bool:
        """Say whether photographs leave something out, so that totals with and without it do not compare."""
        return any(item.needs_touch for item in self.items.all())

    def word(self, value: Decimal, *, photo_based: bool = False) -> str:
        """Return the band's word for a total, or the anchor's of a scale of one item; empty where there is none.

        Bands are of the whole scale: a total from photographs, which leaves an item out, has none.
        """
        if photo_based and self.has_touch:
            return ""
        for band in self.bands:
            if Decimal(str(band["from"])) <= value <= Decimal(str(band["to"])):
                return str(band["word"])
        items = list(self.items.all())
        return items[0].anchor(value) if len(items) == 1 else ""


class InstrumentItem(models.Model):
    """One question of a scale. A scale's total is the sum of its items."""

    instrument = models.ForeignKey(
        Instrument, verbose_name=_("instrument"), on_delete=models.CASCADE, related_name="items"
    )
    code = models.SlugField(_("code"), max_length=20)
    name = NormalizedCharField(_("name"), max_length=80)
    least = models.DecimalField(_("least"), max_digits=5, decimal_places=1)
    most = models.DecimalField(_("most"), max_digits=5, decimal_places=1)
    step = models.DecimalField(_("step"), max_digits=4, decimal_places=1, default=1)
    anchors = models.JSONField(_("anchors"), default=list, blank=True, validators=[validate_anchors])
    needs_touch = models.BooleanField(
        _("needs palpation"), default=False, help_text=_("Left out when the scoring is from photographs.")
    )
    order = models.PositiveSmallIntegerField(_("order"), default=0)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("item")
        verbose_name_plural = _("items")
        ordering = ["order", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["instrument", "code"],
                name="item_code_unique",
                violation_error_message=_("This instrument has an item of this code."),
            ),
            models.CheckConstraint(
                condition=Q(least__gte=0, most__gt=F("least"), step__gt=0)
                & held("least", 0, Decimal("9999.9"), places=1)
                & held("most", 0, Decimal("9999.9"), places=1)
                & held("step", 0, Decimal("999.9"), places=1),
                name="item_range_ordered",
                violation_error_message=_("The most is more than the least, and the step more than nothing."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def values(self) -> list[Decimal]:
        """Return the values that may be given, rising."""
        count = int((self.most - self.least) / self.step)
        return [self.least + number * self.step for number in range(count + 1)]

    @property
    def has_keys(self) -> bool:
        return (self.most - self.least) / self.step < MOST_KEYS

    def anchor(self, value: Decimal) -> str:
        """Return the words for a value, empty where there are none."""
        place = (value - self.least) / self.step
        index = int(place)
        return self.anchors[index] if place == index and 0 <= index < len(self.anchors) else ""

    def words(self) -> list[tuple[str, str]]:
        """Return (value, anchor) for each value that has an anchor."""
        return [(f"{value.normalize():f}", self.anchor(value)) for value in self.values() if self.anchor(value)]
