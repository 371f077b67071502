"""What was injected: so much of one lot, or of one preparation, into one area at one session."""

from typing import TYPE_CHECKING

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from clinic.quantities import held
from clinic.validators import validate_plain_text
from patients.models import seen_by
from treatments.models.catalogue import TreatmentArea
from treatments.models.preparation import Preparation
from treatments.models.product import LEAST_ML, MOST_ML, Lot, volume_field
from treatments.models.session import Session

if TYPE_CHECKING:
    from clinic.models import User

MOST_POINTS = 2000


class InjectionQuerySet(models.QuerySet["Injection"]):
    def visible_to(self, user: "User") -> "InjectionQuerySet":
        return self.filter(seen_by(user, "session__course__patient"))

    def standing(self) -> "InjectionQuerySet":
        """Leave out those of sessions that were entered in error: nothing left its bottle."""
        return self.filter(session__entered_in_error_at=None)

    def of_lot(self, lot: Lot) -> "InjectionQuerySet":
        """Return what was injected of a lot, straight from it or mixed into a preparation."""
        return self.filter(Q(lot=lot) | Q(preparation__ingredients__lot=lot)).distinct()

    def for_page(self) -> "InjectionQuerySet":
        """Load what a session's page says of each: product, lot, mixture with its lots, area."""
        return self.select_related("lot__product", "preparation", "area").prefetch_related(
            "preparation__ingredients__lot__product"
        )


class Injection(models.Model):
    """So many millilitres of one lot or preparation in one area at one session.

    Several products injected together in the same points are one row each, with the same points.
    """

    session = models.ForeignKey(
        Session, verbose_name=_("session"), on_delete=models.PROTECT, related_name="injections"
    )
    area = models.ForeignKey(
        TreatmentArea, verbose_name=_("area"), on_delete=models.PROTECT, related_name="injections"
    )
    lot = models.ForeignKey(
        Lot, verbose_name=_("lot"), on_delete=models.PROTECT, related_name="injections", null=True, blank=True
    )
    preparation = models.ForeignKey(
        Preparation,
        verbose_name=_("preparation"),
        on_delete=models.PROTECT,
        related_name="injections",
        null=True,
        blank=True,
    )
    volume_ml = volume_field(_("volume"), validators=[MinValueValidator(LEAST_ML), MaxValueValidator(MOST_ML)])
    points = models.PositiveSmallIntegerField(
        _("points"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(MOST_POINTS)]
    )
    technique = models.CharField(_("technique"), max_length=14, choices=Session.Technique)
    needle = models.CharField(_("needle"), max_length=30, blank=True, validators=[validate_plain_text])
    depth_mm = models.DecimalField(
        _("depth"),
        max_digits=3,
        decimal_places=1,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(25)],
    )
    history = HistoricalRecords()

    objects = InjectionQuerySet.as_manager()

    class Meta:
        verbose_name = _("injection")
        verbose_name_plural = _("injections")
        ordering = ["session", "area__order", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(lot__isnull=False, preparation=None) | Q(lot=None, preparation__isnull=False),
                name="injection_of_a_lot_or_a_preparation",
                violation_error_message=_("An injection is of one lot or of one preparation."),
            ),
            models.CheckConstraint(
                condition=held("volume_ml", LEAST_ML, MOST_ML, places=3),
                name="injection_is_something",
                violation_error_message=_("An injection is more than nothing, and at most 100,000 ml."),
            ),
            models.CheckConstraint(
                condition=Q(points=None) | Q(points__gte=1, points__lte=MOST_POINTS),
                name="injection_points_possible",
                violation_error_message=_("Points are a whole number from 1 to 2000."),
            ),
            models.CheckConstraint(
                condition=held("depth_mm", 0, 25, places=1),
                name="injection_depth_possible",
                violation_error_message=_("A depth is between 0 and 25 mm."),
            ),
            models.UniqueConstraint(
                fields=["session", "area", "lot"],
                condition=Q(lot__isnull=False),
                name="injection_once_a_lot_and_area",
                violation_error_message=_("This lot is in this area already."),
            ),
            models.UniqueConstraint(
                fields=["session", "area", "preparation"],
                condition=Q(preparation__isnull=False),
                name="injection_once_a_preparation_and_area",
                violation_error_message=_("This mixture is in this area already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.volume_ml} ml {self.lot or self.preparation}, {self.area}"
