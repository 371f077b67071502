"""A clinician has seen that a lot stands out, and says why it is used on or what is done."""

from collections.abc import Iterable

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.validators import validate_plain_text
from treatments.models.catalogue import SideEffectKind
from treatments.models.product import Lot, Product


class ClusterReviewQuerySet(models.QuerySet["ClusterReview"]):
    def of_batch(self, lot: Lot) -> "ClusterReviewQuerySet":
        return self.filter(product=lot.product_id, number=lot.number)

    def latest_of_each(self, numbers: Iterable[str]) -> "dict[tuple[int, str, int], ClusterReview]":
        """Return the latest review of each kind on each batch of these numbers, by (product, number, kind)."""
        rows = self.filter(number__in=set(numbers)).select_related("seen_by").order_by("seen_at", "pk")
        return {(row.product_id, row.number, row.kind_id): row for row in rows}


class ClusterReview(models.Model):
    """What was decided about one kind of reaction on one batch. It holds until another patient has the reaction."""

    product = models.ForeignKey(
        Product, verbose_name=_("product"), on_delete=models.PROTECT, related_name="cluster_reviews"
    )
    number = models.CharField(_("lot number"), max_length=60)
    kind = models.ForeignKey(
        SideEffectKind, verbose_name=_("kind"), on_delete=models.PROTECT, related_name="cluster_reviews"
    )
    patients = models.PositiveIntegerField(_("patients with it, as seen"))
    reason = models.TextField(_("seen, because"), max_length=1000, validators=[validate_plain_text])
    seen_at = models.DateTimeField(_("seen at"))
    seen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("seen by"),
        on_delete=models.PROTECT,
        related_name="clusters_seen",
    )
    form_token = models.UUIDField(null=True, editable=False, unique=True)

    objects = ClusterReviewQuerySet.as_manager()

    class Meta:
        verbose_name = _("review of a cluster")
        verbose_name_plural = _("reviews of clusters")
        ordering = ["-seen_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="cluster_review_has_a_reason",
                violation_error_message=_("Say why: the next reader has to know."),
            )
        ]
        indexes = [models.Index(fields=["product", "number", "kind"], name="cluster_review_of_batch")]

    def __str__(self) -> str:
        return f"{self.kind}, {self.product}, {self.number}"
