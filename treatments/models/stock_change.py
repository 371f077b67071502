"""What adds to a lot or takes from it other than an injection or a mixture."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.quantities import held
from clinic.validators import validate_plain_text
from treatments.models.product import MOST_LIMIT, Lot, volume_field


class StockChange(models.Model):
    """What adds to a lot or takes from it other than an injection or a mixture."""

    class Kind(models.TextChoices):
        RECEIVED = "received", _("More arrived")
        WASTED = "wasted", _("Thrown away")
        RETURNED = "returned", _("Sent back")
        COUNTED = "counted", _("Corrected after counting")

    lot = models.ForeignKey(Lot, verbose_name=_("lot"), on_delete=models.PROTECT, related_name="changes")
    kind = models.CharField(_("what happened"), max_length=8, choices=Kind)
    volume_ml = volume_field(_("change"), help_text=_("In ml; less than nothing takes from the stock."))
    reason = models.CharField(_("reason"), max_length=300, validators=[validate_plain_text])
    made_at = models.DateTimeField(_("made at"))
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("made by"),
        on_delete=models.PROTECT,
        related_name="stock_changes",
    )
    form_token = models.UUIDField(null=True, editable=False, unique=True)

    class Meta:
        verbose_name = _("stock change")
        verbose_name_plural = _("stock changes")
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(kind="received", volume_ml__gt=0)
                    | Q(kind__in=["wasted", "returned"], volume_ml__lt=0)
                    | Q(kind="counted") & ~Q(volume_ml=0)
                )
                & held("volume_ml", -MOST_LIMIT, MOST_LIMIT, places=3),
                name="stock_change_has_its_direction",
                violation_error_message=_("What arrives adds, what is thrown away or sent back takes."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.lot}, {self.get_kind_display()}, {self.volume_ml} ml"
