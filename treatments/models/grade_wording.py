"""What a CTCAE grade means, in words of ours: for any reaction, and more closely for the kinds that have their own."""

from collections.abc import Iterable

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from clinic.fields import NormalizedCharField
from treatments.models.catalogue import SideEffectKind


class GradeWordingQuerySet(models.QuerySet["GradeWording"]):
    def lowest_of(self, kind: SideEffectKind) -> int | None:
        """Return the grade that a kind starts at, None for one without wordings of its own."""
        lowest: int | None = self.filter(kind=kind).aggregate(lowest=models.Min("grade"))["lowest"]
        return lowest

    def for_form(self) -> "GradeWordingQuerySet":
        return self.select_related("kind").order_by("kind__order", "kind__name", "grade")


class GradeWording(models.Model):
    """One grade in words; without a kind, of every kind that has none of its own. A row that an admin edits."""

    kind = models.ForeignKey(
        SideEffectKind,
        verbose_name=_("kind"),
        on_delete=models.CASCADE,
        related_name="grade_wordings",
        null=True,
        blank=True,
        help_text=_("Empty: for every kind without wordings of its own."),
    )
    grade = models.PositiveSmallIntegerField(_("CTCAE grade"), validators=[MinValueValidator(1), MaxValueValidator(5)])
    words = NormalizedCharField(_("means"), max_length=200)
    term = NormalizedCharField(_("CTCAE term"), max_length=100, blank=True)
    edition = NormalizedCharField(_("edition"), max_length=40, default="CTCAE v5.0")
    history = HistoricalRecords()

    objects = GradeWordingQuerySet.as_manager()

    class Meta:
        verbose_name = _("wording of a grade")
        verbose_name_plural = _("wordings of grades")
        ordering = ["kind__order", "kind__name", "grade", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "grade"],
                name="grade_worded_once_a_kind",
                violation_error_message=_("This kind has words for this grade already."),
            ),
            models.UniqueConstraint(
                fields=["grade"],
                condition=Q(kind=None),
                name="grade_worded_once_for_the_others",
                violation_error_message=_("There are general words for this grade already."),
            ),
            models.CheckConstraint(
                condition=Q(grade__gte=1, grade__lte=5),
                name="grade_wording_1_to_5",
                violation_error_message=_("A CTCAE grade is from 1 to 5."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind or _('Any kind')}, {self.grade}: {self.words}"


def by_kind(wordings: Iterable[GradeWording]) -> dict[SideEffectKind | None, dict[int, str]]:
    """Return the words by kind and grade; those of every kind under None."""
    found: dict[SideEffectKind | None, dict[int, str]] = {None: {}}
    for wording in wordings:
        found.setdefault(wording.kind, {})[wording.grade] = wording.words
    return found
