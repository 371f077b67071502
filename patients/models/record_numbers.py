"""Record numbers: one after the other, each given once."""

from django.db import models, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from patients.identifiers import record_number


class RecordNumberSeries(models.Model):
    """The one row that knows the next record number."""

    next_serial = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("record number series")
        verbose_name_plural = _("record number series")

    def __str__(self) -> str:
        return record_number(self.next_serial)

    @classmethod
    def take(cls) -> str:
        """Return the next record number, which nobody else gets."""
        return cls.take_many(1)[0]

    @classmethod
    def hold(cls) -> None:
        """Let nobody else register until the transaction ends. A write, since SQLite locks by nothing less."""
        cls.objects.filter(pk=1).update(next_serial=F("next_serial"))

    @classmethod
    @transaction.atomic
    def take_many(cls, count: int) -> list[str]:
        cls.objects.filter(pk=1).update(next_serial=F("next_serial") + count)
        after = cls.objects.get(pk=1).next_serial
        return [record_number(serial) for serial in range(after - count, after)]
