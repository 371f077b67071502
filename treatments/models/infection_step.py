"""What a clinic does about a suspected late infection: a list of its own, and who did which step when."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from clinic.fields import NormalizedCharField
from clinic.models import Location
from treatments.models.side_effect import SideEffect


class InfectionStepQuerySet(models.QuerySet["InfectionStep"]):
    def proposed_for(self, effect: SideEffect) -> "InfectionStepQuerySet":
        """Return the steps of the reaction's place that are in use, and those taken already."""
        here = Q(is_active=True) & (Q(location=None) | Q(location=effect.session.course.location_id))
        taken = Q(pk__in=StepTaken.objects.filter(side_effect=effect, done_at__isnull=False).values("step"))
        return self.filter(here | taken)


class InfectionStep(models.Model):
    """One step that is proposed when a late infection is suspected. A clinic edits them: ours are a beginning."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = NormalizedCharField(_("what is to be done"), max_length=200)
    location = models.ForeignKey(
        Location,
        verbose_name=_("location"),
        on_delete=models.PROTECT,
        related_name="infection_steps",
        null=True,
        blank=True,
        help_text=_("Empty: proposed at every location."),
    )
    is_active = models.BooleanField(_("proposed"), default=True)
    order = models.PositiveSmallIntegerField(_("order"), default=0)
    history = HistoricalRecords()

    objects = InfectionStepQuerySet.as_manager()

    class Meta:
        verbose_name = _("step at a suspected late infection")
        verbose_name_plural = _("steps at a suspected late infection")
        ordering = ["order", "pk"]

    def __str__(self) -> str:
        return self.name


class StepTaken(models.Model):
    """That a step was done for one reaction. A tick that was a mistake is emptied; its history keeps it."""

    side_effect = models.ForeignKey(
        SideEffect, verbose_name=_("side effect"), on_delete=models.PROTECT, related_name="steps_taken"
    )
    step = models.ForeignKey(InfectionStep, verbose_name=_("step"), on_delete=models.PROTECT, related_name="taken")
    done_at = models.DateTimeField(_("done at"), null=True, blank=True, editable=False)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("done by"),
        on_delete=models.PROTECT,
        related_name="infection_steps_taken",
        null=True,
        blank=True,
        editable=False,
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("step taken")
        verbose_name_plural = _("steps taken")
        ordering = ["step__order", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["side_effect", "step"], name="infection_step_once_a_side_effect"),
            models.CheckConstraint(
                condition=Q(done_at=None, done_by=None) | Q(done_at__isnull=False, done_by__isnull=False),
                name="infection_step_done_by_someone",
                violation_error_message=_("A step that is done was done by someone."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.step}, {self.side_effect}"
