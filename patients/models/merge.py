"""One person who has two records: the merge of them, with all that takes it back, and pairs that are two people."""

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from clinic.models import Versioned
from clinic.validators import validate_plain_text
from patients.models.patient import Patient
from patients.models.patients_found import seen_by

if TYPE_CHECKING:
    from clinic.models import User


class MergeQuerySet(models.QuerySet["MergeOfRecords"]):
    def visible_to(self, user: "User") -> "MergeQuerySet":
        return self.filter(seen_by(user, "survivor"))

    def standing(self) -> "MergeQuerySet":
        """Leave out those that were taken back."""
        return self.filter(undone_at=None)

    def into(self, patient: Patient) -> "MergeQuerySet":
        """Return the standing merges by which other records became part of this one, the latest first."""
        return self.standing().filter(survivor=patient).select_related("merged").order_by("-made_at", "-pk")

    def for_page(self) -> "MergeQuerySet":
        return self.select_related("merged__location", "survivor__location", "made_by", "undone_by")


class MergeOfRecords(Versioned):
    """One record became part of another. What was written is kept row by row, so that it can be taken back.

    `written` holds {"model", "pk", "before", "after"} of each row that was changed: the values of its changed fields,
    as JSON has them. `newest` is the highest key of each kind of row at that moment: what has a higher one came later.
    """

    # Whose record it is of is read from the first.
    survivor = models.ForeignKey(
        Patient, verbose_name=_("record that goes on"), on_delete=models.PROTECT, related_name="merges_received"
    )
    merged = models.ForeignKey(
        Patient, verbose_name=_("merged record"), on_delete=models.PROTECT, related_name="merges"
    )
    reason = models.CharField(_("how it is known"), max_length=300, validators=[validate_plain_text])
    made_at = models.DateTimeField(_("merged at"))
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("merged by"), on_delete=models.PROTECT, related_name="merges_made"
    )
    written = models.JSONField(_("what was written"), default=list, editable=False)
    newest = models.JSONField(default=dict, editable=False)
    undone_at = models.DateTimeField(_("undone at"), null=True, blank=True, editable=False)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("undone by"),
        on_delete=models.PROTECT,
        related_name="merges_undone",
        null=True,
        blank=True,
        editable=False,
    )
    undo_reason = models.CharField(
        _("why it was undone"), max_length=300, blank=True, editable=False, validators=[validate_plain_text]
    )
    form_token = models.UUIDField(null=True, editable=False, unique=True)
    history = HistoricalRecords(excluded_fields=["form_token", "written", "newest"])

    objects = MergeQuerySet.as_manager()

    class Meta:
        verbose_name = _("merge of records")
        verbose_name_plural = _("merges of records")
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(merged=F("survivor")),
                name="merge_is_of_two_records",
                violation_error_message=_("A record merges into another, not into itself."),
            ),
            models.UniqueConstraint(
                fields=["merged"],
                condition=Q(undone_at=None),
                name="merge_stands_once_a_record",
                violation_error_message=_("This record is merged already."),
            ),
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="merge_has_a_reason",
                violation_error_message=_("A merge says how it is known that both are one person."),
            ),
            models.CheckConstraint(
                condition=Q(undone_at=None, undone_by=None, undo_reason="")
                | (Q(undone_at__isnull=False, undone_by__isnull=False) & ~Q(undo_reason="")),
                name="merge_undone_for_a_reason",
                violation_error_message=_("Undoing a merge has a person and a reason."),
            ),
        ]

    def __str__(self) -> str:
        return str(_("%(old)s into %(new)s") % {"old": self.merged.record_number, "new": self.survivor.record_number})

    def get_absolute_url(self) -> str:
        return reverse("merge", args=[self.public_id])

    @property
    def is_undone(self) -> bool:
        return self.undone_at is not None


class DistinctPairQuerySet(models.QuerySet["DistinctPair"]):
    def standing(self) -> "DistinctPairQuerySet":
        return self.filter(taken_back_at=None)

    def of(self, one: Patient, other: Patient) -> "DistinctPairQuerySet":
        """Return what was said of these two, whichever was named first."""
        first, second = sorted((one.pk, other.pk))
        return self.filter(first=first, second=second)


class DistinctPair(models.Model):
    """Two records that look alike and are two people, says somebody who looked. The older record is the first."""

    first = models.ForeignKey(Patient, verbose_name=_("one"), on_delete=models.PROTECT, related_name="distinct_from")
    second = models.ForeignKey(Patient, verbose_name=_("other"), on_delete=models.PROTECT, related_name="distinct_to")
    reason = models.CharField(_("how it is known"), max_length=300, validators=[validate_plain_text])
    said_at = models.DateTimeField(_("said at"))
    said_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("said by"), on_delete=models.PROTECT, related_name="pairs_told_apart"
    )
    taken_back_at = models.DateTimeField(_("taken back at"), null=True, blank=True, editable=False)
    taken_back_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("taken back by"),
        on_delete=models.PROTECT,
        related_name="pairs_taken_back",
        null=True,
        blank=True,
        editable=False,
    )
    history = HistoricalRecords()

    objects = DistinctPairQuerySet.as_manager()

    class Meta:
        verbose_name = _("pair of two people")
        verbose_name_plural = _("pairs of two people")
        ordering = ["-said_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(first__lt=F("second")),
                name="distinct_pair_older_first",
                violation_error_message=_("A pair is of two records, the older one first."),
            ),
            models.UniqueConstraint(
                fields=["first", "second"],
                condition=Q(taken_back_at=None),
                name="distinct_pair_said_once",
                violation_error_message=_("That these are two people is said already."),
            ),
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="distinct_pair_has_a_reason",
                violation_error_message=_("Say how it is known that these are two people."),
            ),
            models.CheckConstraint(
                condition=Q(taken_back_at=None, taken_back_by=None)
                | Q(taken_back_at__isnull=False, taken_back_by__isnull=False),
                name="distinct_pair_taken_back_by_someone",
                violation_error_message=_("Somebody takes it back."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first.record_number}, {self.second.record_number}"

    def take_back(self, *, by: "User", now: datetime) -> Self:
        self.taken_back_at, self.taken_back_by = now, by
        self.save()
        return self
