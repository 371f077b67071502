"""What somebody ruled out: a lot that was injected where a reaction is, and that has nothing to do with it."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from treatments.models.product import Lot
from treatments.models.side_effect import SideEffect


class ClearedLot(models.Model):
    """One lot that is not suspected of one reaction. Without a row, what was injected there is (decision 27)."""

    side_effect = models.ForeignKey(
        SideEffect, verbose_name=_("side effect"), on_delete=models.PROTECT, related_name="cleared_lots"
    )
    lot = models.ForeignKey(Lot, verbose_name=_("lot"), on_delete=models.PROTECT, related_name="cleared_of")
    cleared_at = models.DateTimeField(_("ruled out at"), auto_now_add=True, editable=False)
    cleared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("ruled out by"),
        on_delete=models.PROTECT,
        related_name="lots_cleared",
        editable=False,
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("lot ruled out")
        verbose_name_plural = _("lots ruled out")
        ordering = ["side_effect", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["side_effect", "lot"],
                name="lot_cleared_once_of_a_reaction",
                violation_error_message=_("This lot is ruled out already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.side_effect}: {self.lot}"
