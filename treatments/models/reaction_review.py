"""What clinicians said of a reaction over time, and how often it came back."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clinic.validators import validate_plain_text
from treatments.models.side_effect import SideEffect
from treatments.rules import assessing


class SideEffectReviewQuerySet(models.QuerySet["SideEffectReview"]):
    def seen_there_after(self, moment: datetime) -> "SideEffectReview | None":
        """Return the latest review made after a moment that found the reaction there still; None without one."""
        there = [SideEffectReview.Outcome.ONGOING, SideEffectReview.Outcome.RECOVERING]
        found = self.filter(outcome__in=there, reviewed_at__gt=moment)
        return found.select_related("reviewed_by").order_by("-reviewed_at", "-pk").first()


class SideEffectReview(models.Model):
    """One review. It is kept as it was made; the reaction carries the one that answers for how it stands now."""

    class Causality(models.TextChoices):
        """WHO-UMC, by the codes of FHIR R4."""

        CERTAIN = assessing.Causality.CERTAIN, _("Certain")
        PROBABLE = assessing.Causality.PROBABLE, _("Probable")
        POSSIBLE = assessing.Causality.POSSIBLE, _("Possible")
        UNLIKELY = assessing.Causality.UNLIKELY, _("Unlikely")
        CONDITIONAL = assessing.Causality.CONDITIONAL, _("Open, more data awaited")
        UNASSESSABLE = assessing.Causality.UNASSESSABLE, _("Cannot be assessed")

    class Outcome(models.TextChoices):
        """FHIR R4 adverse-event-outcome."""

        RESOLVED = assessing.Outcome.RESOLVED, _("Resolved")
        RECOVERING = assessing.Outcome.RECOVERING, _("Recovering")
        ONGOING = assessing.Outcome.ONGOING, _("Ongoing")
        SEQUELAE = assessing.Outcome.SEQUELAE, _("Resolved, something stays")
        FATAL = assessing.Outcome.FATAL, _("Fatal")
        UNKNOWN = assessing.Outcome.UNKNOWN, _("Unknown")

    side_effect = models.ForeignKey(
        SideEffect, verbose_name=_("side effect"), on_delete=models.PROTECT, related_name="reviews"
    )
    reviewed_at = models.DateTimeField(_("reviewed at"))
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("reviewed by"),
        on_delete=models.PROTECT,
        related_name="side_effect_reviews",
    )
    causality = models.CharField(
        _("caused by the treatment"),
        max_length=27,
        choices=Causality,
        blank=True,
        help_text=_("Empty on reviews from before it was asked."),
    )
    note = models.TextField(_("assessment"), max_length=2000, validators=[validate_plain_text])
    action = models.CharField(_("what is to be done"), max_length=500, blank=True, validators=[validate_plain_text])
    outcome = models.CharField(
        _("outcome"),
        max_length=20,
        choices=Outcome,
        blank=True,
        help_text=_("Empty on reviews from before it was asked."),
    )
    next_review_on = models.DateField(_("next review on"), null=True, blank=True)
    form_token = models.UUIDField(null=True, editable=False, unique=True)

    objects = SideEffectReviewQuerySet.as_manager()

    class Meta:
        verbose_name = _("review of a side effect")
        verbose_name_plural = _("reviews of side effects")
        ordering = ["-reviewed_at", "-pk"]
        indexes = [models.Index(fields=["side_effect", "-reviewed_at"], name="side_effect_review_latest")]

    def __str__(self) -> str:
        return f"{self.side_effect}, {self.reviewed_at:%Y-%m-%d}"


class Recurrence(models.Model):
    """That a reaction which was gone is there again: a spell ended, and another began."""

    side_effect = models.ForeignKey(
        SideEffect, verbose_name=_("side effect"), on_delete=models.PROTECT, related_name="recurrences"
    )
    gone_at = models.DateTimeField(_("was gone since"))
    back_at = models.DateTimeField(_("back since"))
    note = models.CharField(_("how it came back"), max_length=100, validators=[validate_plain_text])
    recorded_at = models.DateTimeField(_("recorded at"), auto_now_add=True, editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("recorded by"),
        on_delete=models.PROTECT,
        related_name="recurrences_recorded",
        editable=False,
    )

    class Meta:
        verbose_name = _("recurrence")
        verbose_name_plural = _("recurrences")
        ordering = ["back_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(back_at__gte=F("gone_at")),
                name="recurrence_after_it_was_gone",
                violation_error_message=_("It cannot be back before it was gone."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.side_effect}, {self.back_at:%Y-%m-%d}"
