"""What is treated, where, by which plan, and what may happen. Catalogue rows are data that an admin edits."""

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import ExpressionWrapper, F, Q, Value
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from clinic.fields import NormalizedCharField
from clinic.quantities import LARGEST_PRICE, held
from treatments.rules.course import Interval
from treatments.rules.reminding import Schedule
from treatments.rules.response import Claim

if TYPE_CHECKING:
    from treatments.models.course import Course
    from treatments.models.session import Session


def validate_milestones(value: object) -> None:
    """Refuse anything but a rising list of session numbers, such as [5, 10]."""
    if not isinstance(value, list) or any(not isinstance(number, int) or isinstance(number, bool) for number in value):
        raise ValidationError(_("Milestones are session numbers in a list, for example [5, 10]."))
    if any(number < 1 for number in value) or sorted(set(value)) != value:
        raise ValidationError(_("Milestones rise from 1 on and name no session twice."))


class Indication(models.Model):
    """What is treated: cellulite, acne, …"""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = NormalizedCharField(_("name"), max_length=100, unique=True)
    snomed_code = models.CharField(_("SNOMED CT code"), max_length=18, blank=True)
    icd10_code = models.CharField(_("ICD-10 code"), max_length=10, blank=True)
    note = models.CharField(
        _("note"), max_length=300, blank=True, help_text=_("Shown where a course is started, for example a warning.")
    )
    order = models.PositiveSmallIntegerField(_("order"), default=0)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("indication")
        verbose_name_plural = _("indications")
        ordering = ["order", "name", "pk"]

    def __str__(self) -> str:
        return self.name


class TreatmentAreaQuerySet(models.QuerySet["TreatmentArea"]):
    def of_plan(self, protocol: "Protocol | None", course: "Course") -> "TreatmentAreaQuerySet":
        """Return the areas that a course of this protocol may treat, and those that it treats already."""
        offered = Q(protocols=protocol) if protocol else Q()
        return self.filter(offered | Q(courses=course) if course.pk else offered).distinct()

    def of_session(self, session: "Session") -> "TreatmentAreaQuerySet":
        """Return the areas of a session's course, and those that the session treated before its plan changed."""
        planned = Q(courses=session.course)
        return self.filter(planned | Q(sessions=session) if session.pk else planned).distinct()


class TreatmentArea(models.Model):
    """Where on the body: a region and a side, one zone of the body map."""

    class Side(models.TextChoices):
        LEFT = "left", _("left")
        RIGHT = "right", _("right")
        NONE = "", _("no side")

    class View(models.TextChoices):
        FRONT = "front", _("front")
        BACK = "back", _("back")
        BOTH = "both", _("front and back")

    code = models.SlugField(_("code"), max_length=40, unique=True)
    region = NormalizedCharField(_("region"), max_length=60)
    side = models.CharField(_("side"), max_length=5, choices=Side, default=Side.NONE, blank=True)
    view = models.CharField(_("seen from"), max_length=5, choices=View)
    snomed_code = models.CharField(_("SNOMED CT code"), max_length=18, blank=True)
    order = models.PositiveSmallIntegerField(_("order"), default=0)
    history = HistoricalRecords()

    objects = TreatmentAreaQuerySet.as_manager()

    class Meta:
        verbose_name = _("treatment area")
        verbose_name_plural = _("treatment areas")
        ordering = ["order", "region", "side", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["region", "side"],
                name="area_region_and_side_unique",
                violation_error_message=_("This region and side is already in the catalogue."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.region}, {self.get_side_display()}" if self.side else self.region


class ProtocolQuerySet(models.QuerySet["Protocol"]):
    def in_use(self) -> "ProtocolQuerySet":
        return self.filter(is_active=True).select_related("indication")

    def chosen(self, key: str | None) -> "Protocol | None":
        """Return the offered protocol with this primary key as a form sends it, None for anything else."""
        try:
            return self.in_use().filter(pk=key or 0).first()
        except ValueError:
            return None


class Protocol(models.Model):
    """The plan of a course for one indication. Its numbers are claims and settings of the clinic, never measured."""

    indication = models.ForeignKey(
        Indication, verbose_name=_("indication"), on_delete=models.PROTECT, related_name="protocols"
    )
    name = NormalizedCharField(_("name"), max_length=100, unique=True)
    is_active = models.BooleanField(_("offered"), default=True)
    sessions_min = models.PositiveSmallIntegerField(_("fewest sessions"), validators=[MinValueValidator(1)])
    sessions_max = models.PositiveSmallIntegerField(
        _("most sessions"), validators=[MinValueValidator(1), MaxValueValidator(60)]
    )
    interval_days_min = models.PositiveSmallIntegerField(
        _("fewest days between sessions"), validators=[MinValueValidator(1)]
    )
    interval_days_max = models.PositiveSmallIntegerField(
        _("most days between sessions"), validators=[MinValueValidator(1), MaxValueValidator(365)]
    )
    price_min = models.DecimalField(
        _("lowest price a session"), max_digits=8, decimal_places=2, validators=[MinValueValidator(0)]
    )
    price_max = models.DecimalField(
        _("highest price a session"), max_digits=8, decimal_places=2, validators=[MinValueValidator(0)]
    )
    session_minutes = models.PositiveSmallIntegerField(
        _("minutes a session"), default=30, validators=[MinValueValidator(5), MaxValueValidator(480)]
    )
    milestones = models.JSONField(
        _("milestones"),
        default=list,
        blank=True,
        validators=[validate_milestones],
        help_text=_(
            "Sessions after which progress is reviewed, for example [5, 10]. The last one is always reviewed."
        ),
    )
    first_result_session = models.PositiveSmallIntegerField(
        _("first result expected after session"), null=True, blank=True
    )
    expected_change_session = models.PositiveSmallIntegerField(_("expected change by session"), null=True, blank=True)
    expected_change_percent = models.PositiveSmallIntegerField(
        _("expected change in percent"), null=True, blank=True, validators=[MaxValueValidator(100)]
    )
    follow_up_months_min = models.PositiveSmallIntegerField(
        _("follow-up opens after months"), validators=[MinValueValidator(1)]
    )
    follow_up_months_max = models.PositiveSmallIntegerField(
        _("follow-up closes after months"), validators=[MinValueValidator(1), MaxValueValidator(36)]
    )
    weight_gain_percent = models.DecimalField(
        _("weight gain flagged, percent of baseline"),
        max_digits=4,
        decimal_places=1,
        default=5,
        validators=[MinValueValidator(0)],
    )
    weight_gain_kg = models.DecimalField(
        _("weight gain flagged, kg"), max_digits=4, decimal_places=1, default=3, validators=[MinValueValidator(0)]
    )
    screening_days = models.PositiveSmallIntegerField(
        _("screening is valid for days"), default=90, validators=[MinValueValidator(1), MaxValueValidator(730)]
    )
    aftercare_days = models.PositiveSmallIntegerField(
        _("aftercare link is open for days"),
        default=203,
        validators=[MinValueValidator(1), MaxValueValidator(730)],
        help_text=_("Counted from the session. 203 days is the latest onset of a late infection."),
    )
    reminds_at_opening = models.BooleanField(_("remind when the follow-up window opens"), default=True)
    reminds_in_middle = models.BooleanField(_("remind in the middle of the window"), default=True)
    reminds_days_before_close = models.PositiveSmallIntegerField(
        _("remind days before the window closes"),
        null=True,
        blank=True,
        default=14,
        help_text=_("Empty: no reminder then."),
    )
    areas = models.ManyToManyField(
        TreatmentArea, verbose_name=_("areas offered"), related_name="protocols", blank=True
    )
    instrument = models.ForeignKey(
        "treatments.Instrument",
        verbose_name=_("response measured by"),
        on_delete=models.PROTECT,
        related_name="protocols",
        null=True,
        blank=True,
        help_text=_("The scale of the progress page and of its verdict."),
    )
    history = HistoricalRecords(m2m_fields=[areas])

    objects = ProtocolQuerySet.as_manager()

    class Meta:
        verbose_name = _("protocol")
        verbose_name_plural = _("protocols")
        ordering = ["indication__order", "name", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(sessions_min__gte=1) & Q(sessions_max__gte=F("sessions_min")),
                name="protocol_sessions_ordered",
                violation_error_message=_("The most sessions are fewer than the fewest."),
            ),
            models.CheckConstraint(
                condition=Q(interval_days_min__gte=1) & Q(interval_days_max__gte=F("interval_days_min")),
                name="protocol_interval_ordered",
                violation_error_message=_("The most days between sessions are fewer than the fewest."),
            ),
            models.CheckConstraint(
                condition=Q(price_min__gte=0) & Q(price_max__gte=F("price_min")),
                name="protocol_price_ordered",
                violation_error_message=_("The highest price is below the lowest."),
            ),
            models.CheckConstraint(
                condition=Q(follow_up_months_min__gte=1) & Q(follow_up_months_max__gte=F("follow_up_months_min")),
                name="protocol_follow_up_ordered",
                violation_error_message=_("The follow-up closes before it opens."),
            ),
            models.CheckConstraint(
                condition=held("sessions_max", 1, 60)
                & held("interval_days_max", 1, 365)
                & held("price_min", 0, LARGEST_PRICE, places=2)
                & held("price_max", 0, LARGEST_PRICE, places=2)
                & held("session_minutes", 5, 480)
                & held("expected_change_percent", 0, 100)
                & held("follow_up_months_max", 1, 36)
                & held("weight_gain_percent", 0, Decimal("999.9"), places=1)
                & held("weight_gain_kg", 0, Decimal("999.9"), places=1)
                & held("screening_days", 1, 730)
                & held("aftercare_days", 1, 730),
                name="protocol_quantities_possible",
                violation_error_message=_("A number of this protocol is outside its limits."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.milestones is None:  # JSON's own word for nothing, which a person may type
            self.milestones = []

    @property
    def interval(self) -> Interval:
        return Interval(self.interval_days_min, self.interval_days_max)

    @property
    def schedule(self) -> Schedule:
        """Return when people are reminded of their follow-up window."""
        return Schedule(self.reminds_at_opening, self.reminds_in_middle, self.reminds_days_before_close)

    @property
    def claim(self) -> Claim:
        """Return what the clinic says to expect."""
        return Claim(self.first_result_session, self.expected_change_session, self.expected_change_percent)


class SideEffectKind(models.Model):
    """A kind of reaction: how long it may last, whether a clinician must always see it, whether it cannot wait."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = NormalizedCharField(_("name"), max_length=100, unique=True)
    meddra_term = models.CharField(_("MedDRA term"), max_length=120, blank=True)
    onset_from = models.DurationField(_("usual onset, from"), null=True, blank=True)
    onset_to = models.DurationField(_("usual onset, to"), null=True, blank=True)
    expected_max = models.DurationField(
        _("expected to last at most"),
        null=True,
        blank=True,
        help_text=_("Days and hours:minutes:seconds, for example “5 00:00:00”. Empty: no expected end."),
    )
    always_review = models.BooleanField(_("always reviewed by a clinician"), default=False)
    is_urgent = models.BooleanField(_("urgent"), default=False)
    is_expected = models.BooleanField(
        _("usual after a treatment"),
        default=False,
        help_text=_(
            "Three patients with it on one lot are no signal by themselves then, only a rate above that of other lots."
        ),
    )
    is_immediate = models.BooleanField(
        _("asked at the session"), default=False, help_text=_("Offered as a key under “Reaction now”.")
    )
    is_late_infection_sign = models.BooleanField(
        _("sign of a late infection"),
        default=False,
        help_text=_("Begun 7 to 203 days after a session, it is always reviewed, as a suspected late infection."),
    )
    order = models.PositiveSmallIntegerField(_("order"), default=0)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("kind of side effect")
        verbose_name_plural = _("kinds of side effect")
        ordering = ["order", "name", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(expected_max=None) | Q(expected_max__gt=timedelta(0)),
                name="side_effect_kind_lasts",
                violation_error_message=_("The expected duration is more than nothing, or empty."),
            )
        ]

    def __str__(self) -> str:
        return self.name

    @transaction.atomic
    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, and write anew what the reactions of this kind have from it."""
        facts = ("expected_max", "always_review", "is_urgent", "is_late_infection_sign")
        before = SideEffectKind.objects.filter(pk=self.pk).values_list(*facts).first()
        super().save(*args, **kwargs)
        if before and before != tuple(getattr(self, fact) for fact in facts):
            end = ExpressionWrapper(F("onset_at") + Value(self.expected_max), models.DateTimeField())
            self.side_effects.update(
                expected_end_at=end if self.expected_max else None,
                is_always_reviewed=self.always_review or self.is_urgent,
                is_of_urgent_kind=self.is_urgent,
                is_infection_sign=self.is_late_infection_sign,
            )
