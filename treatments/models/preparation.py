"""What is mixed from several lots and injected as one."""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, OuterRef, Prefetch, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from clinic.fields import NormalizedCharField
from clinic.models import Location, Versioned
from clinic.quantities import held
from clinic.validators import validate_not_in_future, validate_plain_text
from treatments.models.product import LEAST_ML, MOST_ML, Lot, summed_volume, volume_field

if TYPE_CHECKING:
    from clinic.models import User


class PreparationQuerySet(models.QuerySet["Preparation"]):
    def visible_to(self, user: "User") -> "PreparationQuerySet":
        """Return the preparations of the person's locations."""
        if user.sees_all_locations:
            return self
        return self.filter(location__in=user.own_locations)

    def at(self, location: Location) -> "PreparationQuerySet":
        return self.filter(location=location)

    def usable(self, now: datetime) -> "PreparationQuerySet":
        """Return what is still to be used and was not thrown away. What its lots allow is for the gate to say."""
        return self.filter(use_by_at__gte=now, discarded_at=None)

    def with_stock(self) -> "PreparationQuerySet":
        """Annotate `mixed_ml`, `injected_ml` and `remaining_ml`, the last before anything was thrown away."""
        from treatments.models.injection import Injection  # noqa: PLC0415 -- injection imports preparation

        mixed = summed_volume(Ingredient.objects.filter(preparation=OuterRef("pk")), "preparation")
        injected = summed_volume(Injection.objects.standing().filter(preparation=OuterRef("pk")), "preparation")
        return self.annotate(mixed_ml=mixed, injected_ml=injected, remaining_ml=mixed - injected)

    def overdrawn(self) -> "PreparationQuerySet":
        """Return the mixtures of which more was injected than was mixed, annotated by `with_stock`."""
        return self.with_stock().filter(Q(remaining_ml__lt=0))

    def in_stock(self) -> "PreparationQuerySet":
        return self.with_stock().filter(Q(remaining_ml__gt=0), discarded_at=None)

    def with_ingredients(self) -> "PreparationQuerySet":
        return self.prefetch_related(Prefetch("ingredients", Ingredient.objects.select_related("lot__product")))


class Preparation(Versioned):
    """A mixture of several lots, made at one location and used up by a moment. Each ingredient stays traceable."""

    location = models.ForeignKey(
        Location, verbose_name=_("location"), on_delete=models.PROTECT, related_name="preparations"
    )
    name = NormalizedCharField(_("name"), max_length=100, validators=[validate_plain_text])
    mixed_at = models.DateTimeField(_("mixed at"), validators=[validate_not_in_future])
    mixed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("mixed by"),
        on_delete=models.PROTECT,
        related_name="preparations_mixed",
    )
    use_by_at = models.DateTimeField(_("use by"))
    note = models.CharField(_("note"), max_length=300, blank=True, validators=[validate_plain_text])
    discarded_at = models.DateTimeField(_("thrown away at"), null=True, blank=True, editable=False)
    discarded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("thrown away by"),
        on_delete=models.PROTECT,
        related_name="preparations_discarded",
        null=True,
        blank=True,
        editable=False,
    )
    discard_reason = models.CharField(
        _("thrown away because"), max_length=300, blank=True, editable=False, validators=[validate_plain_text]
    )
    form_token = models.UUIDField(null=True, editable=False, unique=True)
    history = HistoricalRecords(excluded_fields=["form_token"])

    objects = PreparationQuerySet.as_manager()

    # Annotated by `with_stock`.
    mixed_ml: Decimal
    injected_ml: Decimal
    remaining_ml: Decimal

    class Meta:
        verbose_name = _("preparation")
        verbose_name_plural = _("preparations")
        ordering = ["-mixed_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(use_by_at__gt=F("mixed_at")),
                name="preparation_used_after_it_is_mixed",
                violation_error_message=_("A mixture is used after it was mixed."),
            ),
            models.CheckConstraint(
                condition=Q(discarded_at=None, discarded_by=None)
                | Q(discarded_at__isnull=False, discarded_by__isnull=False),
                name="preparation_discarded_by_someone",
                violation_error_message=_("A mixture is thrown away by someone."),
            ),
        ]
        indexes = [models.Index(fields=["location", "use_by_at"], name="preparation_by_use_by")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("preparation", args=[self.public_id])


class Ingredient(models.Model):
    """How much of one lot went into a preparation."""

    preparation = models.ForeignKey(
        Preparation, verbose_name=_("preparation"), on_delete=models.PROTECT, related_name="ingredients"
    )
    lot = models.ForeignKey(Lot, verbose_name=_("lot"), on_delete=models.PROTECT, related_name="ingredients")
    volume_ml = volume_field(_("volume"), validators=[MinValueValidator(LEAST_ML), MaxValueValidator(MOST_ML)])

    class Meta:
        verbose_name = _("ingredient")
        verbose_name_plural = _("ingredients")
        ordering = ["preparation", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["preparation", "lot"],
                name="ingredient_once_a_preparation",
                violation_error_message=_("This lot is in the mixture already."),
            ),
            models.CheckConstraint(
                condition=held("volume_ml", LEAST_ML, MOST_ML, places=3),
                name="ingredient_is_something",
                violation_error_message=_("An ingredient is more than nothing, and at most 100,000 ml."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.volume_ml} ml {self.lot}"
