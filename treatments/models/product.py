"""What is injected, and which bottle of it: products, lots, and what happens to a lot's stock."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Count, F, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from clinic.fields import NormalizedCharField
from clinic.models import Location, Versioned
from clinic.quantities import held
from clinic.validators import validate_not_in_future, validate_plain_text
from treatments.rules.stock import ALERT_PATIENTS, EXPIRING, Fault, fault_of_lot, is_expiring

if TYPE_CHECKING:
    from clinic.models import User

Judge = Callable[["LotQuerySet", date], "LotQuerySet"]
MOST_LOW = 100  # rows of one page: a clinic that runs out of more has other worries
LEAST_ML, MOST_ML = Decimal("0.001"), Decimal(100_000)
MOST_LIMIT = Decimal("999999.999")


def by_day(places: Iterable[Location], now: datetime) -> dict[date, list[Location]]:
    """Return the places by the day it is there: one, or two around midnight."""
    days: dict[date, list[Location]] = {}
    for place in places:
        days.setdefault(place.today(now), []).append(place)
    return days


def volume_field(label: Any, **kwargs: Any) -> models.DecimalField:
    """Return a column for a volume in millilitres, to the microlitre."""
    return models.DecimalField(verbose_name=label, max_digits=9, decimal_places=3, **kwargs)


def limit_field(label: Any, digits: int = 9, places: int = 3) -> models.DecimalField:
    """Return a column for a limit; empty means that none is known."""
    return models.DecimalField(
        label,
        max_digits=digits,
        decimal_places=places,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal("0.001"))],
    )


class ProductQuerySet(models.QuerySet["Product"]):
    def offered(self) -> "ProductQuerySet":
        """Return what may be chosen: neither retired from the catalogue nor blocked."""
        return self.filter(is_active=True, blocked_reason="")


class Product(models.Model):
    """A medicine or mixture of one strength by one maker, with the doses it must not pass."""

    class Class(models.TextChoices):
        CYTOLYTIC = "cytolytic", _("Cytolytic")
        ENZYME = "enzyme", _("Enzyme")
        AMIDE = "amide", _("Amide anaesthetic")
        ESTER = "ester", _("Ester anaesthetic")
        XANTHINE = "xanthine", _("Xanthine")
        AMINO_ACID = "amino-acid", _("Amino acid")
        VASODILATOR = "vasodilator", _("Vasodilator")
        ADRENERGIC = "adrenergic", _("Alpha or beta agent")
        PLANT = "plant", _("Plant extract")
        REVITALISING = "revitalising", _("Revitalising")
        HOMEOPATHIC = "homeopathic", _("Homeopathic complex")
        DILUENT = "diluent", _("Diluent")
        OTHER = "other", _("Other")

    class LimitActs(models.TextChoices):
        """What passing a limit does at signing."""

        WARN = "warn", _("warns")
        STOP = "stop", _("stops signing")

    code = models.SlugField(_("code"), max_length=60, unique=True)
    name = NormalizedCharField(_("name"), max_length=100, validators=[validate_plain_text])
    strength = NormalizedCharField(
        _("strength"), max_length=60, blank=True, validators=[validate_plain_text], help_text=_("As on the label.")
    )
    product_class = models.CharField(_("class"), max_length=12, choices=Class)
    maker = NormalizedCharField(_("maker"), max_length=100, blank=True, validators=[validate_plain_text])
    mg_per_ml = limit_field(_("milligrams in a millilitre"))
    is_active = models.BooleanField(_("offered"), default=True)
    blocked_reason = models.CharField(
        _("blocked because"),
        max_length=300,
        blank=True,
        validators=[validate_plain_text],
        help_text=_("A blocked product cannot be injected. Empty: not blocked."),
    )
    max_ml_per_point = limit_field(_("most ml a point"))
    max_points_per_session = models.PositiveSmallIntegerField(
        _("most points a session"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    max_ml_per_session = limit_field(_("most ml a session"))
    max_mg_per_session = limit_field(_("most mg a session"))
    max_mg_per_kg = limit_field(_("most mg per kg of body weight a session"))
    min_days_between = models.PositiveSmallIntegerField(
        _("fewest days between two sessions with it"), null=True, blank=True
    )
    limit_acts = models.CharField(_("passing a limit"), max_length=4, choices=LimitActs, default=LimitActs.WARN)
    limit_source = models.CharField(_("source of the limits"), max_length=300, blank=True)
    allergy_words = models.CharField(
        _("allergies that speak against it"),
        max_length=300,
        blank=True,
        help_text=_("Words with commas, for example “lidocaine, lignocaine, amide”."),
    )
    warning = models.CharField(_("warning"), max_length=300, blank=True, help_text=_("Shown where it is chosen."))
    low_stock_ml = limit_field(_("low stock below, ml at a location"))
    history = HistoricalRecords()

    objects = ProductQuerySet.as_manager()

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["name", "strength", "maker", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["name", "strength", "maker"],
                name="product_named_once",
                violation_error_message=_("This product is already in the catalogue."),
            ),
            models.CheckConstraint(
                condition=held("mg_per_ml", LEAST_ML, MOST_LIMIT, places=3)
                & held("max_ml_per_point", LEAST_ML, MOST_LIMIT, places=3)
                & held("max_ml_per_session", LEAST_ML, MOST_LIMIT, places=3)
                & held("max_mg_per_session", LEAST_ML, MOST_LIMIT, places=3)
                & held("max_mg_per_kg", LEAST_ML, MOST_LIMIT, places=3)
                & held("low_stock_ml", LEAST_ML, MOST_LIMIT, places=3)
                & held("max_points_per_session", 1, 32_767),
                name="product_limits_possible",
                violation_error_message=_("A limit is more than nothing, and below a million."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.strength}".strip()

    @property
    def is_blocked(self) -> bool:
        return bool(self.blocked_reason)


@dataclass(frozen=True)
class Level:
    """How much of a product a location has in usable lots, in ml, and below what that is low."""

    product: str
    location: str
    usable_ml: Decimal
    low_ml: Decimal


class LotQuerySet(models.QuerySet["Lot"]):
    def visible_to(self, user: "User") -> "LotQuerySet":
        """Return the lots of the person's locations."""
        if user.sees_all_locations:
            return self
        return self.filter(location__in=user.own_locations)

    def at(self, location: Location) -> "LotQuerySet":
        return self.filter(location=location)

    def usable(self, today: date) -> "LotQuerySet":
        """Return what may be injected on a day: in date, not on hold, of no blocked product."""
        return self.filter(expires_on__gte=today, held_at=None, product__blocked_reason="")

    def expiring(self, today: date) -> "LotQuerySet":
        """Return what is in date, and not for long any more."""
        return self.filter(expires_on__range=(today, today + EXPIRING))

    def expired(self, today: date) -> "LotQuerySet":
        return self.filter(expires_on__lt=today)

    def held(self) -> "LotQuerySet":
        return self.exclude(held_at=None)

    def of_batch(self, lot: "Lot") -> "LotQuerySet":
        """Return the same batch at every location, the lot itself included."""
        return self.filter(product=lot.product_id, number=lot.number)

    def found_by(self, text: str) -> "LotQuerySet":
        """Return the lots whose number or product has this text in it, or whose GTIN it is."""
        return self.filter(
            Q(number__icontains=text)
            | Q(product__name__icontains=text)
            | Q(gtin=text.zfill(14) if text.isdigit() else text)
        )

    def with_alert(self) -> "LotQuerySet":
        """Annotate `alert_kind` and `alert_patients`: the reaction that most patients of the batch had, from 3 on.

        Kinds that are usual after a treatment are left out. One rule with `rules.stock.clusters`; a test ties them.
        """
        from treatments.models.injection import Injection  # noqa: PLC0415 -- injection imports product
        from treatments.models.side_effect import SideEffect  # noqa: PLC0415 -- side_effect imports session

        standing = Injection.objects.standing().order_by()
        batch = {name: OuterRef(OuterRef(name)) for name in ("product", "number")}
        straight = standing.filter(**{f"lot__{name}": value for name, value in batch.items()})
        mixed = standing.filter(**{f"preparation__ingredients__lot__{name}": value for name, value in batch.items()})
        patients = (
            SideEffect.objects.standing()
            .filter(kind__is_expected=False, session__in=straight.values("session").union(mixed.values("session")))
            .suspecting(**batch)
            .order_by()
            .values("kind")
            .annotate(patients=Count("session__course__patient", distinct=True))
            .filter(patients__gte=ALERT_PATIENTS)
            .order_by("-patients", "kind")
        )
        return self.annotate(
            alert_kind=Subquery(patients.values("kind__name")[:1]),
            alert_patients=Subquery(patients.values("patients")[:1]),
        )

    def first_expiring(self) -> "LotQuerySet":
        return self.order_by("expires_on", "received_on", "pk")

    def with_stock(self) -> "LotQuerySet":
        """Annotate `injected_ml`, `mixed_ml`, `changed_ml` and `remaining_ml`; see `Lot.remaining_ml`."""
        from treatments.models.injection import Injection  # noqa: PLC0415 -- injection imports product
        from treatments.models.preparation import Ingredient  # noqa: PLC0415 -- preparation imports product
        from treatments.models.stock_change import StockChange  # noqa: PLC0415 -- stock_change imports product

        injected = summed_volume(Injection.objects.standing().filter(lot=OuterRef("pk")), "lot")
        mixed = summed_volume(Ingredient.objects.filter(lot=OuterRef("pk")), "lot")
        changed = summed_volume(StockChange.objects.filter(lot=OuterRef("pk")), "lot")
        return self.annotate(
            injected_ml=injected,
            mixed_ml=mixed,
            changed_ml=changed,
            remaining_ml=F("received_ml") + changed - injected - mixed,
        )

    def overdrawn(self) -> "LotQuerySet":
        """Return the lots of which more was taken than they held, annotated by `with_stock`."""
        return self.with_stock().filter(Q(remaining_ml__lt=0))

    def each_by_its_day(self, places: Iterable[Location], now: datetime, judge: Judge) -> "LotQuerySet":
        """Return what `judge` leaves of each place's lots on that place's own day."""
        days = by_day(places, now)
        parts = [judge(self.filter(location__in=those) if len(days) > 1 else self, day) for day, those in days.items()]
        return reduce(or_, parts) if parts else self.none()

    def low(self, today: date) -> list["Level"]:
        """Return the products of which a location has less than its limit in usable lots, the least first."""
        fields = ["product__name", "product__strength", "product__low_stock_ml", "location__name"]
        usable = Q(expires_on__gte=today, held_at=None, product__blocked_reason="")
        none = Value(Decimal(0), output_field=volume_field("none"))
        rows = (
            self.filter(product__low_stock_ml__isnull=False, product__is_active=True)
            .with_stock()
            .order_by()
            .values(*fields, "product", "location")
            .annotate(usable_ml=Coalesce(Sum("remaining_ml", filter=usable), none))
            .filter(usable_ml__lt=F("product__low_stock_ml"))
            .order_by("usable_ml", *fields, "product", "location")
        )
        return [
            Level(
                f"{row['product__name']} {row['product__strength']}".strip(),
                row["location__name"],
                row["usable_ml"],
                row["product__low_stock_ml"],
            )
            for row in rows[:MOST_LOW]
        ]

    def in_stock(self) -> "LotQuerySet":
        """Return the lots of which something is left, annotated by `with_stock`."""
        return self.with_stock().filter(Q(remaining_ml__gt=0))


def summed_volume(rows: "models.QuerySet", key: str) -> Coalesce:
    """Return the summed volume of rows as a subquery, 0 for none."""
    summed = rows.order_by().values(key).annotate(total=Sum("volume_ml")).values("total")
    nothing = Value(Decimal(0), output_field=volume_field("nothing"))
    return Coalesce(Subquery(summed, output_field=volume_field("total")), nothing)


class Lot(Versioned):
    """What arrived of one batch of a product at one location.

    What is left of it is computed: received, plus and minus what was counted or thrown away, minus what was injected
    and mixed.
    """

    product = models.ForeignKey(Product, verbose_name=_("product"), on_delete=models.PROTECT, related_name="lots")
    location = models.ForeignKey(Location, verbose_name=_("location"), on_delete=models.PROTECT, related_name="lots")
    number = NormalizedCharField(_("lot number"), max_length=60, validators=[validate_plain_text])
    expires_on = models.DateField(_("expires on"), help_text=_("The last day on which it may be used."))
    received_ml = volume_field(_("received"), validators=[MinValueValidator(LEAST_ML), MaxValueValidator(MOST_ML)])
    received_on = models.DateField(_("received on"), validators=[validate_not_in_future])
    received_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("received by"),
        on_delete=models.PROTECT,
        related_name="lots_received",
    )
    supplier = NormalizedCharField(_("supplier"), max_length=100, blank=True, validators=[validate_plain_text])
    gtin = models.CharField(
        _("GTIN"),
        max_length=14,
        blank=True,
        validators=[RegexValidator(r"^\d{8}(\d{4,6})?\Z", _("A GTIN has 8, 12, 13 or 14 digits."))],
        help_text=_("The number under the bar code, the UDI's first part."),
    )
    held_at = models.DateTimeField(_("on hold since"), null=True, blank=True, editable=False)
    held_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("put on hold by"),
        on_delete=models.PROTECT,
        related_name="lots_held",
        null=True,
        blank=True,
        editable=False,
    )
    hold_reason = models.CharField(
        _("on hold because"), max_length=300, blank=True, editable=False, validators=[validate_plain_text]
    )
    form_token = models.UUIDField(null=True, editable=False, unique=True)
    history = HistoricalRecords(excluded_fields=["form_token"])

    objects = LotQuerySet.as_manager()

    is_delivery = False  # what arrives may be of a lot that is here already, and is added to it

    # Annotated by `with_stock`.
    injected_ml: Decimal
    mixed_ml: Decimal
    changed_ml: Decimal
    remaining_ml: Decimal
    # Annotated by `with_alert`.
    alert_kind: str | None
    alert_patients: int | None

    class Meta:
        verbose_name = _("lot")
        verbose_name_plural = _("lots")
        ordering = ["expires_on", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["product", "location", "number"],
                name="lot_received_once",
                violation_error_message=_("This lot is here already. Add what arrived to it."),
            ),
            models.CheckConstraint(
                condition=held("received_ml", LEAST_ML, MOST_ML, places=3),
                name="lot_received_something",
                violation_error_message=_("A lot holds more than nothing, and at most 100,000 ml."),
            ),
            models.CheckConstraint(
                condition=Q(held_at=None, held_by=None, hold_reason="")
                | Q(held_at__isnull=False, held_by__isnull=False) & ~Q(hold_reason=""),
                name="lot_held_by_someone_with_a_reason",
                violation_error_message=_("A hold has a person and a reason."),
            ),
        ]
        indexes = [
            models.Index(fields=["location", "expires_on"], name="lot_by_location_and_expiry"),
            models.Index(fields=["number"], name="lot_by_number"),
        ]

    def __str__(self) -> str:
        return f"{self.product}, {self.number}"

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        super().validate_constraints({*(exclude or ()), "number"} if self.is_delivery else exclude)

    def get_absolute_url(self) -> str:
        return reverse("lot", args=[self.public_id])

    def fault(self, day: date) -> Fault | None:
        """Return why it cannot be injected on a day, None if it can."""
        return fault_of_lot(
            expires_on=self.expires_on, is_held=self.held_at is not None, is_blocked=self.product.is_blocked, day=day
        )

    def is_expiring(self, day: date) -> bool:
        return is_expiring(self.expires_on, day)
