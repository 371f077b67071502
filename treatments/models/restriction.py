"""Which areas and products a screening's answer rules out, where it does not rule out the person."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from patients.models import ScreeningAnswer
from treatments.models.catalogue import TreatmentArea
from treatments.models.product import Product


class Restriction(models.Model):
    """What one yes rules out. A yes about areas or products that names none rules out all of them."""

    answer = models.OneToOneField(
        ScreeningAnswer, verbose_name=_("answer"), on_delete=models.PROTECT, related_name="restriction"
    )
    areas = models.ManyToManyField(TreatmentArea, verbose_name=_("areas"), related_name="restrictions", blank=True)
    products = models.ManyToManyField(Product, verbose_name=_("products"), related_name="restrictions", blank=True)
    history = HistoricalRecords(m2m_fields=[areas, products])

    class Meta:
        verbose_name = _("restriction")
        verbose_name_plural = _("restrictions")
        ordering = ["pk"]

    def __str__(self) -> str:
        return str(self.answer)
